"""The reading edition that `make site` has built: `make test-site`."""

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
from pages import pair, stamp
from stage import BOOK, HTML
from ways import FIRST, LITE, invitation, links, lite

from tests.compared import digest
from tools.test_all import supported
from tools.workbook import BLANKS, METADATA, ROOT, chapters, name_of, read

Page = namedtuple("Page", "ids links images resources")


class Reader(HTMLParser):
    """Collects what a page has and what it leads to, a Page."""

    def __init__(self, text):
        super().__init__()
        self.page = Page(set(), [], [], [])
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.page.ids.add(found.get("id"))
        if tag == "img":
            self.page.images.append(found)
        if link := found.get("href") or found.get("src"):
            loaded = tag != "a" and found.get("rel") not in ("next", "prev")
            (self.page.resources if loaded else self.page.links).append(link)


def read_pages(folder):
    """All pages in a folder but those of JupyterLite, {Path: Page}."""
    paths = [p for p in folder.rglob("*.html") if folder / "lite" not in p.parents]
    return {path: Reader(path.read_text("utf-8")).page for path in paths}


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


def test_there_is_a_page_for_each_notebook(pages):
    paths = [*chapters(), *BLANKS.glob("*.ipynb")]
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


def test_a_sheet_folds_what_answers_it():
    path = BLANKS / "03_write_a_wsgi_callable.ipynb"
    page = (HTML / name_of(path)).with_suffix(".html").read_text("utf-8")
    headings = page.count("<h2>")
    for summary in "A hint", "Show an answer", "Show the check":
        assert 5 < page.count(summary) <= headings
    text = "".join(cell.source for cell in read(path).cells)
    assert page.count("# Write your answer here.") == text.count("# Write your")


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


@pytest.mark.parametrize("repository", [None, "ada/workbook"])
@pytest.mark.parametrize("built", [False, True])
def test_the_first_page_leads_to_where_nothing_is_installed(built, repository):
    said = invitation(built, repository)
    assert ("nothing to install" in said) == bool(built or repository)
    assert (f'href="{lite(FIRST)}"' in said) == built
    for place in "(https://mybinder.org/v2/gh/", "(https://codespaces.new/":
        assert (f"{place}{repository}" in said) == bool(repository)


def test_the_first_page_offers_jupyterlite_where_it_is_built(pages):
    assert (HTML / LITE).exists() == (lite(FIRST) in pages[HTML / "index.html"].links)
    assert (ROOT / FIRST).exists()


def test_the_first_page_leads_to_what_a_question_needs(pages):
    text = (HTML / "index.html").read_text("utf-8")
    article = Reader(text[text.index("<article") : text.index("</article>")]).page
    names = "notebooks/92_find_an_error", "notebooks/93_glossary"
    wanted = {f"{name}.html" for name in (*names, "exercises/01_call_a_flask_app")}
    wanted |= {path.name for path in BOOK}
    assert wanted <= {*article.links}
    assert "exercises/index.html" not in article.links


def test_the_page_of_errors_says_where_to_paste():
    text = (HTML / "notebooks/92_find_an_error.html").read_text("utf-8")
    assert text.index("<textarea") < text.index("Paste it above. Where the cells run")
    assert "Paste it in place of" not in text


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


def test_a_page_says_what_its_outputs_were_compared_with(pages):
    for path in chapters():
        page = (HTML / name_of(path)).with_suffix(".html")
        said = stamp(name_of(path))
        assert re.search(r"Flask \d\S+ and Gunicorn \d", said)
        assert f'class="stamp">{said}' in page.read_text("utf-8")


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
