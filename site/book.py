"""Make the book, to print and for readers of EPUB: `make book`.

Usage: PYTHONPATH=site python -m book

Sphinx makes pages in XHTML of the stored notebooks, runs none, and packs
them as an EPUB. The same pages, in one file, are printed by Chromium as a
PDF: twice or more, until the numbers of pages that links name are right.
"""

import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import unquote, urldefrag
from xml.etree import ElementTree

import conf
import matplotlib
import pages
import stage
from nbformat.v4 import new_markdown_cell
from pygments.formatters import HtmlFormatter
from pypdf import PdfReader
from sphinx.application import Sphinx

from tests.browser.lab import CHROMIUM, MISSING, chromium
from tools.copying import copy_project
from tools.needs import tags
from tools.sheets import number, role
from tools.workbook import BLANKS, ROOT, cells, chapters, name_of, read, write

BOOK = stage.BUILD / "book"
PDF, EPUB = (stage.BUILD / f"wsgi-workbook.{kind}" for kind in ("pdf", "epub"))
STYLES = ROOT / "site/styles"
PARTS = {
    "Chapters": [path for path in chapters() if path.name < "9"],
    "Exercises": sorted(BLANKS.glob("*.ipynb")),
    "To look things up": [path for path in chapters() if path.name > "9"],
}
NAMES = ["README.md", *(name_of(p) for part in PARTS.values() for p in part)]
IN_BOOK = {ROOT / name for name in NAMES}
LINK = re.compile(r"(?<!!)\[([^]]*)\]\((?:path:)?([^)\s#:]+)\)")
ABOUT = "How Python serves the web, in notebooks that run."
TITLE = """\
# The WSGI workbook

{about}

{stamp}

{licence}

## Contents

"""
HOW = """\
## How to read this book

A box is a cell of a notebook. What stands below it, beside a line, is its
output, as it is stored and as the tests compare it. Predict the output, then
read on. To run the cells, you need the notebooks.

Each sheet of exercises has its hints and answers at its end. The checks that
judge answers are in the notebooks alone: there you run a sheet.

"""
TOC = "```{{toctree}}\n:maxdepth: 1\n:caption: {}\n\n{}\n```"
AFTER = "\n\n*In this book, hints and answers are at the end of the sheet.*"
COUNTED = "## How far are you?"  # by a cell that is left out
SUMMARY = "<details><summary>A hint</summary>", "</details>"
XHTML = "{http://www.w3.org/1999/xhtml}"
PRINTED = dict.fromkeys(
    ("prefer_css_page_size", "print_background", "tagged", "outline"), True
)
# Each word of code would be an element of the PDF: five times its size.
PLAIN = """() => {
  const words = document.querySelectorAll(
    "span:not([class^=k], [class^=s], .c1, [style], [id])");
  for (const word of words) word.replaceWith(...word.childNodes);
  document.body.normalize();
}"""
NUMBER = """numbers => {
  for (const link of document.querySelectorAll("a[href^='#']"))
    link.dataset.page = numbers[decodeURIComponent(link.hash.slice(1))] ?? "000";
}"""
UNUSED = "basic.css", "file.png", "minus.png", "plus.png"
FACES = {"": "", "-Bold": "font-weight: bold;", "-Oblique": "font-style: oblique;"}
AUTHORS = "The authors of the WSGI workbook"
SHARED = "project", "source_", "nb_", "myst_", "suppress_", "smartquotes"
SETTINGS = {
    **{name: value for name, value in vars(conf).items() if name.startswith(SHARED)},
    "extensions": ["myst_nb", "book"],
    "include_patterns": ["index.md", *NAMES],
    "language": "en",
    "author": AUTHORS,
    "copyright": f"{AUTHORS}, MIT License",
    "version": "1",
    "pygments_style": "bw",  # no colours, which the dark or ink may swallow
    "html_static_path": [str(STYLES / "epub.css")],
    "html_style": "epub.css",
    "html_copy_source": False,
    "epub_basename": EPUB.stem,
    "epub_contributor": AUTHORS,
    "epub_description": ABOUT,
    "epub_identifier": EPUB.stem,
    "epub_uid": EPUB.stem,
    "epub_exclude_files": [f"_static/{name}" for name in UNUSED],
    "epub_show_urls": "no",
    "epub_use_index": False,
}


def chapter(path):
    """The notebook of a chapter, whole, and nothing folded."""
    notebook = stage.chapter(path)
    title, *others = notebook.cells
    title.source = title.source.replace(stage.PASTE, "\n\n")
    for cell, stored in zip(others, read(path).cells[1:], strict=True):
        cell.source, cell.metadata.tags = stored.source, tags(stored)
    return notebook


def sheet(path):
    """The notebook of a sheet: its exercises, then the hints and answers.
    `path` is that of the blank."""
    notebook = stage.sheet(path)
    title = notebook.cells[0]
    title.source += AFTER
    front, back = [], [new_markdown_cell("## Hints and answers")]
    for cell in notebook.cells:
        if cell.id.endswith(("-hint", "-solved")):
            cell.metadata.tags = []
            for mark in SUMMARY:
                cell.source = cell.source.replace(mark, "")
            back.append(cell)
        elif role(cell) == "solution":
            front.append(cell)
            back.append(new_markdown_cell(f"### Exercise {number(cell)}"))
        elif cell.cell_type == "markdown" and cell.source != COUNTED:
            front.append(cell)
    notebook.cells = front + back
    return notebook


def unlinked(text, folder):
    """Leave of the links in `text`, of a page in `folder`, to what the book
    does not have, their words."""

    def kept(link):
        target = (folder / link[2]).resolve()
        return link[0] if target in IN_BOOK else link[1]

    return LINK.sub(kept, text)


def lay_out(folder):
    """Put what Sphinx reads into `folder`, a Path."""
    copy_project(folder)
    for path in [path for paths in PARTS.values() for path in paths]:
        notebook = sheet(path) if path.parent == BLANKS else chapter(path)
        for cell in cells(notebook, "markdown"):
            cell.source = unlinked(cell.source, path.parent)
        write(notebook, folder / name_of(path))
    readme = folder / "README.md"
    text = stage.document(readme)
    text = re.sub("^# .*", "# About this book", text.partition("## The real parts")[0])
    text = text.replace("## Two commands", f"{HOW}## Two commands", 1)
    readme.write_text(unlinked(text, ROOT), "utf-8")
    title = TITLE.format(
        about=ABOUT,
        # not when the README was stored
        stamp=pages.stamp("README.md").replace("page", "book").partition(" They ")[0],
        licence=(ROOT / "LICENSE").read_text("utf-8").strip(),
    )
    tocs = [TOC.format("Before you begin", "README")] + [
        TOC.format(part, "\n".join(name_of(p)[:-6] for p in paths))
        for part, paths in PARTS.items()
    ]
    (folder / "index.md").write_text("\n\n".join([title, *tocs]), "utf-8")


def finish_page(app, page, template, context, doctree):
    """Leave out the theme of MyST-NB, which is for the web, and heads of
    columns that are empty; say the language."""
    context["html_tag"] = context["html_tag"].replace(">", ' lang="en" xml:lang="en">')
    context["css_files"] = [
        file for file in context["css_files"] if "mystnb" not in str(file)
    ]
    context["body"] = re.sub(pages.NO_HEAD, r"<td\1></td>", context["body"])


def setup(app):
    app.connect("doctree-read", pages.anchor_cells)
    app.connect("html-page-context", finish_page)


def merged(folder):
    """One page of the pages in `folder`, each with the prefix pN- in its
    anchors: two chapters may have the same. Returns HTML, a str."""
    paths = [(folder / name).with_suffix(".xhtml") for name in ["index.md", *NAMES]]
    prefix = {path: f"p{index}-" for index, path in enumerate(paths)}
    parts = []
    for path in paths:
        for node in (root := ElementTree.parse(path).getroot()).iter():
            node.tag = node.tag.removeprefix(XHTML)
            if "id" in node.attrib:
                node.set("id", prefix[path] + node.get("id"))
            if "src" in node.attrib:
                node.set("src", (path.parent / node.get("src")).as_uri())
            link, fragment = urldefrag(unquote(node.get("href", "")))
            target = (path.parent / link).resolve() if link else path
            if target in prefix and node.tag == "a":
                node.set("href", f"#{prefix[target]}{fragment}")
        body, title = root.find(".//div[@class='body']"), root.find(".//h1")
        body.set("id", name := prefix[path])
        if path != paths[0]:  # the foot of each page says its title
            foot = json.dumps("".join(title.itertext()))
            rules = f"@page {name} {{ @bottom-left {{ content: {foot} }} }}"
            parts.append(f"<style>{rules} #{name} {{ page: {name} }}</style>")
        parts.append(ElementTree.tostring(body, "unicode", "html"))
    return "".join(parts)


def style():
    """The style sheet of the PDF, a str: paper.css, the colours of code, and
    the fonts that matplotlib brings, for those are everywhere the same."""
    fonts = Path(matplotlib.get_data_path(), "fonts/ttf")
    faces = [
        f"@font-face {{ font-family: {family}; {how}"
        f" src: url({(fonts / f'DejaVu{family}{face}.ttf').as_uri()}); }}"
        for family in ("Sans", "SansMono")
        for face, how in FACES.items()
    ]
    code = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
    return "\n".join([*faces, code, (STYLES / "paper.css").read_text("utf-8")])


def page_numbers(reader):
    """Where the links in a PDF lead, {anchor: number of the page}."""
    return {
        unquote(name[1:]): reader.get_destination_page_number(place) + 1
        for name, place in reader.named_destinations.items()
    }


def print_pdf():
    """Let Chromium print the pages, until their numbers are right."""
    html = BOOK / "book.html"
    html.write_text(
        f"<!DOCTYPE html><html lang='en'><meta charset='utf-8'>"
        f"<title>{conf.project}</title><style>{style()}</style>{merged(BOOK / 'epub')}",
        "utf-8",
    )
    with tempfile.TemporaryDirectory() as home, chromium(home) as browser:
        page = browser.new_page()
        page.goto(html.as_uri(), timeout=120_000)
        page.evaluate(PLAIN)
        numbers = {}
        for _ in range(3):  # the first time, nobody knows them
            page.evaluate(NUMBER, numbers)
            page.pdf(path=PDF, **PRINTED)
            known, numbers = numbers, page_numbers(PdfReader(PDF))
            if known == numbers:
                return
    sys.exit("book: the numbers of the pages do not settle")


def pack_epub():
    """Let Sphinx make the pages, and pack them."""
    folders = (BOOK / name for name in ("epub", "doctrees"))
    sphinx = Sphinx(
        BOOK / "pages",
        None,
        *folders,
        "epub",
        confoverrides=SETTINGS,
        status=None,
        warningiserror=True,
    )
    sphinx.build()
    if sphinx.statuscode:
        sys.exit(sphinx.statuscode)
    shutil.copy(BOOK / "epub" / EPUB.name, EPUB)


def main():
    shutil.rmtree(BOOK, ignore_errors=True)
    PDF.unlink(missing_ok=True)
    lay_out(BOOK / "pages")
    pack_epub()
    if CHROMIUM:
        print_pdf()
    else:
        print(f"book: without a PDF. {MISSING}", file=sys.stderr)


if __name__ == "__main__":
    main()
