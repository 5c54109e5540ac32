"""The reading edition that `make site` has built: `make test-site`."""

import functools
import html
import json
import os
import re
import subprocess
import sys
from collections import namedtuple
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pages import alternates, pair, place, stamp
from saying import say, shown, tag
from stage import ABOVE, BOOK, HTML, document, lead_elsewhere
from ways import FIRST, LITE, address, invitation, links, lite

from tests.compared import digest
from tools import index
from tools.test_all import supported
from tools.translate.catalogue import Catalogues
from tools.translate.edition import Edition
from tools.workbook import BLANKS, METADATA, ROOT, chapters, name_of, read, tagged

Page = namedtuple("Page", "language ids links images resources editions")
EDITIONS = [*shown()]  # their folders; "" is that of the English
REPOSITORY = os.environ.get("GITHUB_REPOSITORY")
OTHERS = [folder for folder in EDITIONS if folder]


class Reader(HTMLParser):
    """Collects what a page has and what it leads to, a Page."""

    def __init__(self, text):
        super().__init__()
        self.page = Page([], set(), [], [], [], {})
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.page.ids.add(found.get("id"))
        if tag == "img":
            self.page.images.append(found)
        if link := found.get("href") or found.get("src"):
            leads = tag == "a" or found.get("rel") in ("next", "prev", "alternate")
            (self.page.links if leads else self.page.resources).append(link)
        if tag == "html":
            self.page.language.append(found.get("lang"))
        elif language := found.get("hreflang"):
            self.page.editions.setdefault((tag, language), []).append(found)


def read_pages(folder):
    """All pages in a folder but those of JupyterLite, {Path: Page}."""
    paths = [p for p in folder.rglob("*.html") if folder / "lite" not in p.parents]
    return {path: Reader(path.read_text("utf-8")).page for path in paths}


def folder_of(path):
    """The folder of the edition that the page at a Path is of, a str."""
    first = path.relative_to(HTML).parts[0]
    return first if first in OTHERS else ""


def faults(pages):
    """Yield each link of `pages`, {Path: Page}, that leads nowhere, and each
    picture, script or style sheet of another host."""
    for path, page in pages.items():
        for link in page.links + page.resources:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                if link in page.resources and url.scheme != "data":
                    yield f"{path.name} loads {link}"
                continue
            target = path
            if url.path:
                target = (path.parent / unquote(url.path)).resolve()
            fragment = unquote(url.fragment)
            if not target.is_file():
                yield f"{path.name}: no file {link}"
            elif fragment and fragment not in pages[target].ids:
                yield f"{path.name}: no anchor {link}"


@pytest.fixture(scope="module", name="pages")
def all_pages():
    return read_pages(HTML)


@functools.cache
def translations(folder):
    """What an edition has translated of what the site says, {English: ours}."""
    return Catalogues(Edition(ROOT / folder)).said["site"] if folder else {}


@pytest.mark.parametrize("folder", EDITIONS)
def test_there_is_a_page_for_each_notebook(pages, folder):
    places = "notebooks/*.ipynb", "exercises/*.ipynb"
    paths = [path for place in places for path in (ROOT / folder).glob(place)]
    assert len(paths) > 30
    wanted = {(HTML / name_of(path)).with_suffix(".html") for path in paths}
    assert wanted <= pages.keys()
    for path in paths:  # to download, as it is
        assert (HTML / name_of(path)).read_bytes() == path.read_bytes()


def test_all_links_lead_somewhere_and_nothing_comes_from_elsewhere(pages):
    assert len([link for page in pages.values() for link in page.links]) > 5000
    assert list(faults(pages)) == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="gone.html">', "no file gone.html"),
        ('<a href="#cell-id=c00-99">', "no anchor #cell-id=c00-99"),
        ('<img src="https://a.example/b.svg">', "loads https://a.example/b.svg"),
        ('<script src="//a.example/b.js">', "loads //a.example/b.js"),
        ('<a href="https://a.example/"><p id="b"><a href="a.html#b">', None),
    ],
)
def test_a_fault_is_found(tmp_path, body, fault):
    (tmp_path / "a.html").write_text(body)
    found = list(faults(read_pages(tmp_path)))
    assert len(found) == bool(fault) and (fault or "") in "".join(found)


def test_a_link_to_a_cell_that_is_not_there_fails_the_build(tmp_path):
    links = "[is](index.ipynb#cell-id=c00-01), [is not](index.ipynb#cell-id=c00-99)"
    cells = [
        new_markdown_cell(f"# A page\n\n{links}"),
        new_code_cell("1 + 1", id="c00-01"),
    ]
    page = new_notebook(cells=cells, metadata=METADATA)
    nbformat.write(page, tmp_path / "index.ipynb")
    sphinx = [sys.executable, "-m", "sphinx", "-q", "--fail-on-warning"]
    built = subprocess.run(
        [*sphinx, "-c", ROOT / "site", "-b", "dummy", tmp_path, tmp_path / "out"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "site"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 1
    assert "c00-99" in built.stderr and "c00-01" not in built.stderr


def test_each_picture_says_what_it_shows(pages):
    images = [image for page in pages.values() for image in page.images]
    assert len(images) > 60
    for image in images:
        said = image.get("alt", "").strip()
        assert len(said) > 20 and Path(image["src"]).name not in said, image


@pytest.mark.parametrize("folder", EDITIONS)
def test_a_sheet_folds_what_answers_it(folder):
    path = ROOT / folder / "exercises/03_write_a_wsgi_callable.ipynb"
    page = (HTML / name_of(path)).with_suffix(".html").read_text("utf-8")
    text = "\n".join(cell.source for cell in read(path).cells)
    hint = re.search("<summary>(.+?)</summary>", text)[1]
    ours = translations(folder)
    headings = page.count("<h2>")
    for said in "Show an answer", "Show the check":
        assert 5 < page.count(f">{ours.get(said, said)}<") <= headings
    assert 5 < page.count(f"<summary>{hint}</summary>") <= headings
    setup = ours.get("Show the set-up", "Show the set-up")
    assert page.count(f">{setup}<") == 1
    waits = re.search("pass  (# .+)", text)[1]
    assert page.count(waits) == text.count(waits) > 5


def test_a_page_leads_to_where_it_can_be_run():
    name = "notebooks/01_call_a_flask_app.ipynb"
    (download,) = links(name, False, None)
    assert download == ("Download the notebook", "01_call_a_flask_app.ipynb")
    found = dict(links(name, True, "ada/workbook"))
    assert found["Run in the browser"] == f"../{LITE}?path={name}"
    assert found["Run on Binder"].endswith(
        f"/ada/workbook/HEAD?urlpath=lab/tree/{name}"
    )
    assert "Run in the browser" not in dict(links(name.replace("01", "05"), True, None))


def test_a_page_of_an_edition_leads_to_where_its_own_notebook_runs():
    name = "eo/notebooks/01_call_a_flask_app.ipynb"
    found = dict(links(name, True, "ada/workbook"))
    assert found["Run in the browser"] == f"../../lite/eo/index.html?path={name}"
    assert found["Run on Binder"].endswith(f"urlpath=lab/tree/{name}")


@pytest.mark.parametrize("repository", [None, "ada/workbook"])
@pytest.mark.parametrize("built", [False, True])
def test_the_first_page_leads_to_where_nothing_is_installed(built, repository):
    said = invitation(built, repository)
    assert ("nothing to install" in said) == bool(built or repository)
    assert (f'href="{lite(FIRST)}"' in said) == built
    for start in "(https://mybinder.org/v2/gh/", "(https://codespaces.new/":
        assert (f"{start}{repository}" in said) == bool(repository)


@pytest.mark.parametrize("folder", EDITIONS)
def test_the_first_page_offers_jupyterlite_where_it_is_built(pages, folder):
    found = pages[HTML / place(folder, "index")].links
    link = lite(f"{folder}/{FIRST}") if folder else lite(FIRST)
    assert (HTML / LITE).exists() == ("../" * bool(folder) + link in found)
    assert (ROOT / folder / FIRST).exists()


@pytest.mark.parametrize("folder", EDITIONS)
def test_the_first_page_leads_to_what_a_question_needs(folder):
    text = (HTML / place(folder, "index")).read_text("utf-8")
    article = text[text.index("<article") : text.index("</article>")]
    found = {*Reader(article).page.links}
    names = "notebooks/92_find_an_error", "notebooks/93_glossary"
    wanted = {f"{name}.html" for name in (*names, "exercises/01_call_a_flask_app")}
    wanted |= {path.name for path in BOOK if not folder}
    wanted |= {f"notebooks/{path.stem}.html" for path in chapters()}
    assert wanted <= found
    assert "exercises/index.html" not in found
    assert "greet/Ada" in article and "site-open" not in article


@pytest.mark.parametrize("folder", EDITIONS)
def test_the_page_of_errors_says_where_to_paste(folder):
    name = "notebooks/92_find_an_error"
    text = (HTML / place(folder, name)).read_text("utf-8")
    above = translations(folder).get(ABOVE, ABOVE).partition("`")[0].strip()
    stored = read(ROOT / folder / f"{name}.ipynb").cells[0].source
    below = stored.rpartition("\n\n")[2].partition("`")[0].strip()
    assert text.index("<textarea") < text.index(above)
    assert below not in text


@pytest.mark.parametrize("folder", OTHERS)
def test_the_messages_of_an_edition_have_its_causes_and_cures(folder):
    """Those of its chapter 92, in the same order."""
    script = (HTML / folder / "_static/errors.js").read_text("utf-8")
    errors = json.loads(script.splitlines()[0].partition("=")[2].rstrip(";"))
    found = {(f"`{e[1]}`", e[2], e[3]) for e in errors}
    page = read(ROOT / folder / "notebooks/92_find_an_error.ipynb")
    rows = set()
    for cell, _ in tagged(page.cells, index.TABLE):
        for line in cell.source.splitlines():
            if line.startswith("| `"):
                message, *said = line.strip("| ").split(" | ")
                rows.add((re.sub(r"(?<=`) \(.*\)$", "", message), *said[:2]))
    assert len(rows) == len(errors) > 700
    assert rows == found


def test_what_is_not_translated_as_it_is_now_is_said_in_english(monkeypatch):
    ours = {"site": {"A cup of {kind}.": "Taso da {kind}."}}
    monkeypatch.setattr("saying.said", lambda: ours)
    assert say("A cup of {kind}.", kind="UTF-8") == "Taso da UTF-8."
    assert say("The cup of {kind}.", kind="UTF-8") == "The cup of UTF-8."


def text_of(folder, pages):
    """What an edition's pages, and the script of its errors, contain, a str."""
    paths = [path for path in pages if folder_of(path) == folder]
    paths.append(HTML / folder / "_static/errors.js")
    return html.unescape("".join(path.read_text("utf-8") for path in paths))


@pytest.mark.parametrize("folder", OTHERS)
def test_an_edition_says_what_the_site_says_in_its_own_language(pages, folder):
    theirs, ours = text_of("", pages), text_of(folder, pages)
    found = [sentence for sentence in translations(folder) if f">{sentence}<" in theirs]
    assert len(found) > 12
    for sentence in found:
        assert f">{translations(folder)[sentence]}<" in ours
        assert f">{sentence}<" not in ours


def test_each_page_leads_to_the_same_page_in_each_language(pages):
    """Also for a search engine, and in the head of all of them alike."""
    for path, page in pages.items():
        folder = folder_of(path)
        name = path.relative_to(HTML / folder).as_posix()
        assert page.language == [tag(shown()[folder])]
        for other, locale in shown().items():
            if other == folder:
                continue
            same = (HTML / other / name).exists() and not name.endswith("/index.html")
            wanted = HTML / other / (name if same else "index.html")
            (link,) = page.editions["a", tag(locale)]
            assert (path.parent / link["href"]).resolve() == wanted
            assert link["lang"] == tag(locale)
            if not same:
                continue
            languages = *map(tag, shown().values()), "x-default"
            for there, language in zip([*shown(), ""], languages, strict=True):
                (link,) = page.editions["link", language]
                target = link["href"].removeprefix(address(REPOSITORY))
                root = HTML if REPOSITORY else path.parent
                assert (root / target).resolve() == HTML / there / name
    assert len(pages) > 45 * len(shown())


def test_search_engines_get_whole_addresses_where_they_are_known():
    root = address("ada/workbook")
    found = dict(alternates("notebooks/00_start_here", root))
    assert found["x-default"] == found["en"]
    assert found["en"] == "https://ada.github.io/workbook/notebooks/00_start_here.html"
    for folder in OTHERS:
        link = f"{root}{folder}/notebooks/00_start_here.html"
        assert found[tag(shown()[folder])] == link
    assert alternates("CONTRIBUTING", root) == []
    assert address(None) == ""


def test_a_chapter_leads_to_its_sheet_and_the_sheet_to_it(pages):
    assert pair("notebooks/00_start_here.ipynb") == []
    for path in BLANKS.glob("*.ipynb"):
        folders = "notebooks", "exercises"
        chapter, sheet = (f"{folder}/{path.stem}.html" for folder in folders)
        ((_, back),) = pair(name_of(path))
        assert back == f"../{chapter}"
        found = pages[HTML / chapter].links.count(f"../{sheet}")
        assert found >= 3  # in the contents, beside the text and below it


def test_a_picture_can_be_seen_large(pages):
    page = pages[HTML / "index.html"]
    assert page.images[0]["src"] in page.links


def test_a_document_is_shown_without_what_the_code_host_needs(tmp_path):
    path = tmp_path / "README.md"
    tests = "../../actions/workflows/test.yml"
    other = "[Esperanto](eo/README.md)"
    state = f"[![The state]({tests}/badge.svg)]({tests}) on Linux (x86-64)."
    for lines in ("# A", other, state, "B"), ("# A", state, other, "B"):
        path.write_text("\n\n".join(lines))
        assert document(path) == "# A\n\nTested on Linux (x86-64).\n\nB"


@pytest.mark.parametrize("folder", OTHERS)
def test_a_link_out_of_an_edition_leads_to_a_page_or_to_a_file(monkeypatch, folder):
    """To the English page, or to the file, which lies beside the pages."""
    english = lead_elsewhere(f"[a]({folder}/README.md)", ROOT / "README.md")
    assert english == f'<a href="{folder}/README.html">a</a>'
    monkeypatch.setattr("stage.NAME", folder)
    monkeypatch.setattr("stage.FOLDER", ROOT / folder)
    path = ROOT / folder / "notebooks/00_start_here.ipynb"
    for text, ours in {
        "[a](02.ipynb#cell-id=c02-04)": "[a](02.ipynb#cell-id=c02-04)",
        "[a](../README.md)": "[a](../README.md)",
        "[a](https://a.example/b.md)": "[a](https://a.example/b.md)",
        "[a `b`](../../CONTRIBUTING.md#c)": '<a href="../../CONTRIBUTING.html#c">a `b`</a>',
        "[English](../../README.md)": '<a href="../../README.html">English</a>',
        "[a](../../tests/)": '<a href="../../tests/index.html">a</a>',
        "![a](../../notebooks/img/b.png)": "![a](img/b.png)",
        "[a](../../wsgi.py)": "[a](../wsgi.py)",
    }.items():
        assert lead_elsewhere(text, path) == ours


def test_a_page_says_what_its_outputs_were_compared_with(pages):
    for path in chapters():
        page = (HTML / name_of(path)).with_suffix(".html")
        said = stamp(name_of(path))
        assert re.search(r"Flask \d\S+ and Gunicorn \d", said)
        assert f'class="stamp">{said}' in page.read_text("utf-8")
        for folder in OTHERS:
            text = (HTML / folder / page.relative_to(HTML)).read_text("utf-8")
            ours = re.search('class="stamp">(.*)</p>', text)[1]
            numbers = r"\d+[.-][\d.-]*\d"
            assert ours != said
            assert re.findall(numbers, ours) == re.findall(numbers, said)


NAME = "exercises/03_write_a_wsgi_callable.ipynb"
SOLVED = "exercises/solutions/03_write_a_wsgi_callable.ipynb"
NOTED = {"day": "2031-02-03", "python": "3.20.1", "flask": "9", "gunicorn": "8"}


@pytest.fixture(name="noted")
def notes(monkeypatch):
    """What the last runs have noted of NAME and SOLVED, as they are."""
    monkeypatch.delenv("COMPARED", raising=False)
    found = {
        name: {**NOTED, "skipped": 0, "file": digest(ROOT / name)}
        for name in (NAME, SOLVED)
    }
    monkeypatch.setattr("pages.note", lambda root: found)
    return found


def test_a_page_says_when_it_was_compared(noted):
    words = "compared on 2031-02-03, on Python 3.20.1, with Flask 9 and Gunicorn 8"
    assert stamp(NAME).endswith(f"{words}.")
    noted[SOLVED].update(day="2031-02-01", skipped=2)
    assert stamp(NAME).endswith(", but for 2 that were skipped.")
    assert "2031-02-01" in stamp(NAME)


@pytest.mark.parametrize("name", [NAME, SOLVED])
def test_a_page_says_of_no_run_that_compared_something_else(noted, name):
    noted[name]["file"] = "another"
    assert stamp(NAME).startswith("The tests compare")
    del noted[name]
    assert stamp(NAME).startswith("The tests compare")


def test_a_page_says_what_the_public_ci_has_compared(noted, monkeypatch):
    monkeypatch.setenv("COMPARED", "2031-02-04")
    first, *_, last = supported()
    assert f"compared on 2031-02-04, on Python {first} to {last}, with" in stamp(NAME)
