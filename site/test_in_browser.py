"""The pages that `make site` has built, in a browser: `make test-browser`.

They are opened from their files, as somebody reads who has no network.
"""

import contextlib
import gzip
import random
import re
import shlex
import statistics
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from saying import shown, tag
from stage import HTML

from notebooks.find_error import FRAMES, NEAR, errors, find, near
from notebooks.serving import serve
from tests.browser.lab import CHROMIUM, MISSING, chromium
from tests.test_find_error import SAYS_NOTHING, TYPED
from tools.translate.catalogue import Catalogues
from tools.translate.edition import Edition
from tools.workbook import ROOT, cells, chapters, name_of, read, rows

ALL = [
    path.relative_to(HTML).as_posix()
    for path in sorted(HTML.rglob("*.html"))
    if HTML / "lite" not in path.parents
]
KINDS = [  # of pages, one or two of each
    "index.html",
    "README.html",
    "classroom/README.html",
    "classroom/hub/README.html",
    "notebooks/03_write_a_wsgi_callable.html",
    "notebooks/06_serve_in_development.html",  # colours of a terminal
    "notebooks/08_choose_workers.html",  # figures
    "notebooks/91_find_a_rule.html",
    "notebooks/92_find_an_error.html",
    "notebooks/93_glossary.html",
    "exercises/03_write_a_wsgi_callable.html",
    "exercises/11_change_the_server.html",
    "exercises/index.html",  # a list of files
    "tests/small_server/wire/refused.html",
    "genindex.html",
    "search.html?q=WORKER TIMEOUT (pid:1234)",
]
EDITIONS = [folder for folder in shown() if folder]  # in other languages
KINDS += [
    f"{folder}/{name}"
    for folder in EDITIONS
    for name in (
        "index.html",
        "classroom/README.html",
        "notebooks/08_choose_workers.html",
        "notebooks/92_find_an_error.html",
        "notebooks/93_glossary.html",
        "exercises/03_write_a_wsgi_callable.html",
        "search.html?q=WORKER TIMEOUT (pid:1234)",
    )
]
VIEWS = {
    "wide": {"viewport": {"width": 1280, "height": 1000}},
    "phone": {"viewport": {"width": 390, "height": 844}},
    "dark": {"color_scheme": "dark"},
}
UNFOLD = """() => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
    for (const moving of document.getAnimations()) moving.finish();
}"""
WATCH = """window.jumped = 0;
new PerformanceObserver(list => { for (const { value } of list.getEntries())
    if (value > 0.01) jumped += value;
}).observe({ type: "layout-shift", buffered: true });"""
# What lies beyond the right edge, and cannot be scrolled there.
CUT = """() => [...document.querySelectorAll("main :is(pre, table, img)")].filter(
    (part) => {
        for (let one = part; one; one = one.parentElement) {
            const { overflowX } = getComputedStyle(one);
            if (one.scrollWidth > one.clientWidth + 1 && overflowX == "hidden") return true;
            if (["auto", "scroll"].includes(overflowX)) return false;
        }
    }).map((part) => part.outerHTML.slice(0, 200))"""
ANSWER = """async () => {
    document.querySelector("[data-mode=dark]").click();
    document.querySelector("[role=search] input").focus();
    await new Promise(requestAnimationFrame);
    const dark = document.documentElement.dataset.theme == "dark";
    if (!dark || !document.activeElement.closest("[role=search]"))
        throw new Error("it does not answer");
    return performance.now();
}"""
LOG = """\
[2026-11-02 09:14:31 +0100] [4711] [CRITICAL] WORKER TIMEOUT (pid:4718)
SystemExit: 1
[2026-11-02 09:14:32 +0100] [4711] [ERROR] Worker (pid:4718) was sent SIGKILL! \
Perhaps out of memory?
"""
UNKNOWN = "shop.py: no tea is left", "KeyError: 'name'", "GET / HTTP/1.1 200 -", ""
NONE = (
    "No message like this is known here. Paste the whole line, or search the "
    "workbook for its words."
)
MOST = 150_000  # bytes of a chapter's first view, as gzip sends them


@pytest.fixture(scope="module", name="browser")
def browser_of_this_file(tmp_path_factory):
    if not CHROMIUM:
        pytest.skip(MISSING)
    with chromium(tmp_path_factory.mktemp("home")) as browser:
        yield browser


@pytest.fixture(name="opened")
def opener(browser):
    """A function that opens a page in a view of VIEWS, and returns it."""
    contexts = []

    def opened(name, view="wide"):
        contexts.append(browser.new_context(**VIEWS[view]))
        page = contexts[-1].new_page()
        page.requests, page.faults = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(f"file://{HTML}/{name}")
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", KINDS)
def test_it_shuts_out_nobody(opened, name, view):
    """What axe-core finds: contrast, names of buttons, order of headings;
    also in an answer, a check or a hint that is folded at first."""
    page = opened(name, view)
    page.evaluate(UNFOLD)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.faults == []


@pytest.mark.parametrize("folder", shown())
@pytest.mark.parametrize("path", chapters(), ids=name_of)
def test_a_chapter_is_light(opened, path, folder):
    page = opened(Path(folder, name_of(path)).with_suffix(".html"))
    files = {unquote(urlsplit(url).path) for url in page.requests}
    sizes = {file: len(gzip.compress(Path(file).read_bytes())) for file in files}
    assert sum(sizes.values()) <= MOST, sizes


def test_no_page_jumps_or_scrolls_sideways_on_a_phone(opened):
    """A table or a line of code that is wider scrolls by itself."""
    page = opened("index.html", "phone")
    page.add_init_script(WATCH)
    faults = {}
    for name in ALL:
        page.goto(f"file://{HTML}/{name}")
        page.wait_for_timeout(100)
        if jumped := page.evaluate("jumped"):
            faults[name] = f"it jumps: {jumped}"
        page.evaluate(UNFOLD)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            faults[name] = "it scrolls sideways"
        elif cut := page.evaluate(CUT):
            faults[name] = f"cannot be reached: {cut}"
    assert len(ALL) > 45 * len(shown()) and faults == {}


def test_keys_come_to_all_code_that_scrolls(opened):
    """Also to what is laid out when a reader comes to it."""
    page = opened("notebooks/05_write_a_wsgi_server.html", "phone")
    scrolls = 0
    for code in page.locator("section ~ section ~ section pre:visible").all()[:40]:
        code.evaluate("e => e.scrollIntoView()")
        page.evaluate("() => new Promise(requestAnimationFrame)")
        if code.evaluate("e => e.scrollWidth > e.clientWidth"):
            scrolls += 1
            page.wait_for_function(
                "e => e.tabIndex == 0", arg=code.element_handle(), timeout=5000
            )
    assert scrolls > 5


@pytest.mark.parametrize("place", ["files", "a server"])
def test_each_page_answers_within_a_second(browser, place):
    """From the begin of a load until the page has taken another colour and
    the search box the cursor. Each page in a second of the processor, which
    other programs do not make more; by the clock, half of them in three.
    """
    words = [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"]
    took, worked = {}, {}
    with contextlib.ExitStack() as stack:
        url = f"file://{HTML}"
        if place == "a server":
            words += ["--directory", str(HTML)]
            url = stack.enter_context(serve(shlex.join(words))).url
        for name in ALL:
            with browser.new_context(**VIEWS["wide"]) as context:
                page = context.new_page()
                page.goto(f"{url}/{name}")
                took[name] = page.evaluate(ANSWER) / 1000
                metrics = context.new_cdp_session(page)
                metrics.send("Performance.enable")
                found = metrics.send("Performance.getMetrics")["metrics"]
            worked[name] = {m["name"]: m["value"] for m in found}["ProcessTime"]
    for what, seconds in ("clock", took), ("processor", worked):
        least, *_, second, most = sorted(seconds.values())
        middle = statistics.median(seconds.values())
        print(f"{what}: {least:.2f}, median {middle:.2f}, {second:.2f}, {most:.2f}")
    assert statistics.median(took.values()) < 3
    assert {name: time for name, time in worked.items() if time > 1} == {}


def test_a_line_of_a_log_finds_its_entry(opened):
    page = opened("index.html")
    page.get_by_role("searchbox").fill("[CRITICAL] WORKER TIMEOUT (pid:1234)")
    page.keyboard.press("Enter")
    entry = page.locator(".found-errors section").first
    assert "no sign of life" in entry.inner_text()
    entry.get_by_role("link", name="09").click()
    page.wait_for_url("**/09_keep_it_running.html#cell-id=*")
    assert page.locator("div.cell:target").is_visible()


@pytest.mark.parametrize("folder", EDITIONS)
@pytest.mark.parametrize("view", ["wide", "phone"])
def test_a_reader_goes_to_the_same_cell_in_another_language_and_back(
    opened, folder, view
):
    name = "notebooks/07_run_gunicorn.html#cell-id=c07-57"
    page = opened(name, view)
    for language, place in (tag(shown()[folder]), f"{folder}/{name}"), ("en", name):
        link = page.locator(f"a[hreflang='{language}']")
        box = link.bounding_box()
        assert box["x"] + box["width"] <= page.viewport_size["width"]
        assert box["height"] < 45  # its words stand in one line
        link.click()
        page.wait_for_url(f"{HTML.as_uri()}/{place}")
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("div.cell:target").is_visible()


def defined(folder):
    """The words of an edition's glossary, before their English, and the pages
    that define them: {word: name of a page}."""
    row = r"\| \*\*([^*`（(]+).*?\*\*.*\[\d\d\]\((\w+)\.ipynb#"
    glossary = read(ROOT / folder / "notebooks/93_glossary.ipynb")
    text = "\n".join(cell.source for cell in cells(glossary, "markdown"))
    return dict(re.findall(row, text))


@pytest.mark.parametrize("folder", EDITIONS)
def test_the_search_finds_the_page_that_defines_a_word(opened, folder):
    """Each seventh word of the glossary, among the first results."""
    words = [*defined(folder).items()][::7]
    page, missing = opened(f"{folder}/index.html"), {}
    for word, name in words:
        page.get_by_role("searchbox").first.fill(word)
        with page.expect_navigation(url="**/search.html?q=*"):
            page.keyboard.press("Enter")
        page.locator("#search-results ul.search li a").first.wait_for()
        page.wait_for_timeout(100)  # they come one by one
        links = page.locator("ul.search li a").evaluate_all(
            "all => all.map(a => a.href)"
        )
        found = [urlsplit(link).path for link in links]
        if f"{HTML}/{folder}/notebooks/{name}.html" not in map(unquote, found[:10]):
            missing[word] = found
    assert len(words) > 20 and missing == {}
    assert all(url.startswith("file:") for url in page.requests)
    assert page.faults == []


@pytest.fixture(name="asked")
def page_to_ask(opened):
    """The page to which a log is pasted, with all messages."""
    page = opened("notebooks/92_find_an_error.html")
    page.locator("textarea").focus()
    page.wait_for_function("window.ERRORS")
    return page


def python_finds(log, known):
    """The messages of `known` in a log, in the order of find_error's report."""
    found = [one.error for one in find(log, known)]
    return sorted(found, key=lambda row: row["slug"] in FRAMES)


def test_the_page_finds_what_python_finds(asked):
    """In each log the same messages, in the same order."""
    known, mended = errors(), rows(ROOT / "tests/mended.csv")
    cases = [case["text"] for case in mended]
    own = [row["message"].replace("...", "a") for row in known]
    logs = [*cases, *own, *UNKNOWN, LOG]
    around = [("", "\u00e9"), ("\u00fc", ""), ("\x1b[1m", "\x1b[0m"), ("\\n", "\\n")]
    logs += [f"{a}{words}{b}" for words in own[::20] for a, b in around]
    sample = random.Random(8).sample
    logs += [end.join(sample(cases + own, 30)) for end in ("\n", "") * 15]
    came = asked.evaluate(
        "logs => logs.map(log => findErrors(log).map(one => ERRORS.indexOf(one)))", logs
    )
    for log, indexes in zip(logs, came, strict=True):
        assert [known[index] for index in indexes] == python_finds(log, known), log


def test_the_page_finds_by_words_what_python_finds(asked):
    known = errors()
    texts = [*TYPED, *SAYS_NOTHING, *UNKNOWN]
    for words in (row["message"].split() for row in known[::9]):
        texts += [" ".join(words[:3]), " ".join([*words[1:4], "tea"])]
    came = asked.evaluate(
        "texts => texts.map(text => nearErrors(text).map(one => ERRORS.indexOf(one)))",
        texts,
    )
    for text, indexes in zip(texts, came, strict=True):
        assert [known[index] for index in indexes] == near(text, known), text


def test_the_page_says_what_it_did_not_find(asked):
    said = asked.locator(".found-errors")
    for text in "worker timeout", "shop.py: no tea is left":
        asked.locator("textarea").fill(text)
        wanted = NEAR if text in TYPED else NONE
        assert said.inner_text().startswith(wanted)
    asked.locator("textarea").fill("")
    assert said.inner_text() == ""


@pytest.mark.parametrize("folder", EDITIONS)
def test_the_page_of_an_edition_says_in_its_language_what_it_found(opened, folder):
    page = opened(f"{folder}/notebooks/92_find_an_error.html")
    said = Catalogues(Edition(ROOT / folder)).said
    page.locator("textarea").fill("[CRITICAL] WORKER TIMEOUT (pid:1234)")
    entry = page.locator(".found-errors section").first
    entry.wait_for()
    causes = {key: text for file in said for key, text in said[file].items()}
    assert causes["worker-timeout cause"].replace("`", "") in entry.inner_text()
    assert entry.get_by_role("link").first.get_attribute("href").startswith("../")
    for text, english in ("worker timeout", NEAR), ("shop.py: no tea is left", NONE):
        page.locator("textarea").fill(text)
        assert (
            page.locator(".found-errors").inner_text().startswith(said["site"][english])
        )


def test_a_key_press_compiles_no_pattern_again(asked):
    """What is not in the log is never compiled: it takes most of the time."""
    asked.evaluate(
        "window.compiled = 0; RegExp = new Proxy(RegExp, { construct:"
        " (kind, words) => (compiled++, new kind(...words)) }); 0"
    )
    asked.locator("textarea").fill(LOG)
    entries = asked.locator(".found-errors section code:first-child")
    shown = entries.all_inner_texts()
    assert shown == [row["message"] for row in python_finds(LOG, errors())]
    first = asked.evaluate("compiled")
    assert len(shown) <= first < 200
    asked.locator("textarea").press("End")
    asked.keyboard.type(" ok")
    assert entries.all_inner_texts() == shown
    assert asked.evaluate("compiled") == first


def test_the_contents_of_a_page_do_not_lie_over_what_they_lead_to(opened):
    page = opened("notebooks/93_glossary.html", "phone")
    page.locator("button.secondary-toggle").click()
    page.locator("dialog[open] .page-toc a, dialog[open] nav a").last.click()
    page.wait_for_url("**/93_glossary.html#*")
    page.locator("dialog[open]").wait_for(state="detached")
    assert page.locator(":target").is_visible()


def test_the_code_of_a_cell_can_be_copied(opened):
    page = opened("index.html")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("div.cell_input").first.hover()
    page.locator("button.copybtn").first.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("from notebooks.serving import serve")


def test_a_file_does_not_lead_to_what_needs_a_server(opened):
    page = opened("index.html")
    page.evaluate("document.body.innerHTML = '<p>Here</p><p class=in-browser>Not'")
    assert page.locator("p").first.is_visible()
    assert page.locator(".in-browser").is_hidden()


def test_what_is_dark_is_printed_on_white(opened):
    page = opened("index.html", "dark")
    theme = "document.documentElement.dataset.theme"
    assert page.evaluate(theme) == "dark"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(theme) == "light"
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(theme) == "dark"


def test_nothing_is_cut_on_paper(opened):
    """Paper does not scroll, and nobody unfolds what is on it."""
    page = opened("notebooks/07_run_gunicorn.html")
    page.set_viewport_size({"width": 680, "height": 1000})  # A4, without margins
    assert page.locator("summary").first.is_visible()
    cut = "document.querySelectorAll('main pre').values().filter("
    cut += "part => part.scrollWidth > part.clientWidth + 1).toArray().length"
    assert page.evaluate(cut)
    page.emulate_media(media="print")
    assert page.evaluate(cut) == 0
    assert page.locator("summary").first.is_hidden()
