"""Lay out the pages of the reading edition, which Sphinx then reads.

Usage: PYTHONPATH=site python -m stage

Copies the project's files to site/_build/pages. There the notebooks get what
a page needs: numbers in their titles, folded cells, the answers beside their
exercises. Beside the pages, site/_build/extra gets the notebooks as they are.
"""

import os
import re
import shutil

from nbformat.v4 import new_markdown_cell, new_notebook
from ways import LITE, invitation

from tools import index
from tools.copying import copy_project
from tools.sheets import SETUP, role
from tools.workbook import (
    BLANKS,
    METADATA,
    ROOT,
    SOLUTIONS,
    cells,
    chapters,
    documents,
    markdown_of,
    name_of,
    read,
    tagged,
    write,
)

BUILD = ROOT / "site/_build"
PAGES, EXTRA, HTML = BUILD / "pages", BUILD / "extra", BUILD / "html"
BOOK = sorted(BUILD.glob("wsgi-workbook.*"))  # from `make book`
WIRE = sorted(ROOT.glob("tests/small_server/wire/*.md"))
FIRST_CELL = "c00-15"  # the cell on the first page, of chapter 00
ROADS = "(?m)^The numbers are chapters, and .*"  # a paragraph of chapter 00
READING = "(?m)^To read without running anything: .*\n\n"  # it is what they do
CELL = "This one starts Gunicorn with four workers, asks it for a page, and ends it:"
STATE = (
    "[![The state of the tests](../../actions/workflows/test.yml/badge.svg)]"
    "(../../actions/workflows/test.yml) on "
)  # a link that the code host alone knows
WORDS = "Paste a line of your log here, or all of it."
PASTE = f"""
\n<textarea class="pst-js-only" placeholder="{WORDS}" aria-label="{WORDS}"></textarea>
"""  # find_error.js reads it
IN_PLACE = "Paste it in place of the text in the cell below, and run the two cells."
ABOVE = "Paste it above. Where the cells run: in place of the text in the cell below."
MORE = "They are {}, too many to show here: paste yours above, or into the search."
HINT = re.compile(r"(?s)<details>.*?</details>\s*")
LINK = re.compile(r"\]\(([^)\s#:]+)\)")
TOC = "```{{toctree}}\n:hidden:\n:caption: {}\n\n{}\n```"


def fold(cell, what, part="input"):
    """Show of a cell's `part`, "input" or "cell", one line, to click on."""
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), f"hide-{part}"]
    cell.metadata["mystnb"] = {
        "code_prompt_show": f"Show {what}",
        "code_prompt_hide": f"Hide {what}",
    }


def chapter(path):
    """The notebook of a chapter's page."""
    notebook = read(path)
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            fold(cell, "the set-up")
        if any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
            image = {"alt": cell.metadata.get("alt", "")}
            cell.metadata["mystnb"] = {"image": image}
    title = notebook.cells[0]
    title.source = title.source.replace("# ", f"# {path.name[:2]} ", 1)
    if path.stem == "92_find_an_error":
        title.source = title.source.replace("\n\n", PASTE, 1)
        title.source = title.source.replace(IN_PLACE, ABOVE)
        for cell, _ in tagged(notebook.cells, f"table-{index.ELSEWHERE}"):
            words, _, table = cell.source.partition("\n\n| message")
            number = table.count("\n") - 1
            cell.source = f"{words}\n\n{MORE.format(number)}"
    return notebook


def sheet(path):
    """The notebook of a sheet's page: each exercise as it begins, its hint,
    then its answer and its check, folded. `path` is that of the blank."""
    notebook, solved = read(path), read(SOLUTIONS / path.name)
    page, folded = [], []
    for cell, answer in zip(notebook.cells, solved.cells, strict=True):
        if role(cell) == "grade":
            fold(answer, "the check", "cell")
            folded.append(answer)
            continue
        if hint := HINT.match(cell.source):  # of the exercise above
            page.append(new_markdown_cell(hint[0], id=f"{cell.id}-hint"))
            cell.source = cell.source[hint.end() :]
        page += [*folded, cell]
        folded = []
        if role(cell) == "solution":
            answer.id += "-solved"
            fold(answer, "an answer")
            folded = [answer]
        elif cell.cell_type == "markdown":  # to download: the page has them all
            cell.source = cell.source.replace("](solutions/", "](path:solutions/")
        elif cell.source == SETUP:
            fold(cell, "the set-up")
    notebook.cells = page
    return notebook


def entry(name):
    """How the contents name the page `name`: the README's title is that of
    the first page, and a sheet stands below the word Exercises."""
    page, _, kind = name.rpartition(".")
    if page == "README":
        return f"README <{page}>"
    if kind == "ipynb" and name.startswith(BLANKS.name):
        title = read(ROOT / name).cells[0].source.partition("\n")[0]
        return f"{title.removeprefix('# Exercises ')} <{page}>"
    return page


def known_ways():
    """What ways.py has to know, its arguments."""
    return {
        "built": (HTML / LITE).exists(),
        # The code host says which repository it builds; no other page knows one.
        "repository": os.environ.get("GITHUB_REPOSITORY"),
    }


def shortcuts():
    """A line of the first page for those who came with a question; Markdown."""
    said = [
        "**An error in your log?** [Paste it](notebooks/92_find_an_error.ipynb)",
        "**A word?** [Glossary](notebooks/93_glossary.ipynb)",
    ]
    if BOOK:
        files = [f'<a href="{p.name}">{p.suffix[1:].upper()}</a>' for p in BOOK]
        said.append(f"**To print:** {', '.join(files)}")
    return " \u00b7 ".join(said)


def first_page():
    """The notebook of the first page: the README's head, a cell of a
    chapter, and the rest up to the chapters."""
    title, _, readme = (PAGES / "README.md").read_text("utf-8").split("\n\n", 2)
    head, _, rest = readme.partition("## Two commands")
    start = chapters()[0]
    (cell,) = (c for c in read(start).cells if c.id == FIRST_CELL)
    (roads,) = re.findall(ROADS, markdown_of(start))
    rest = rest.partition("## The real parts")[0]
    rest = re.sub(READING, "", rest)
    sheets = sorted(BLANKS.glob("*.ipynb"))
    rest = rest.replace("](exercises/index.md)", f"]({name_of(sheets[0])})")
    parts = {
        "Chapters": [p for p in chapters() if p.name < "90"],
        "To look up": [p for p in chapters() if p.name > "90"],
        "Exercises": sheets,
        "More": [*documents(), *WIRE],
    }
    toc = [
        TOC.format(title, "\n".join(entry(name_of(p)) for p in paths))
        for title, paths in parts.items()
    ]
    head, _, picture = head.rstrip().rpartition("\n\n")
    head += f"\n\n{invitation(**known_ways())}\n\n{shortcuts()}"
    words = [
        f"{title}\n\n{head}\n\n{picture}\n\n## A cell, and its output\n\n{CELL}",
        f"## Two roads\n\n{roads}\n\n## Two commands{rest}",
        "\n\n".join(toc),
    ]
    first, *others = [new_markdown_cell(text) for text in words]
    return new_notebook(cells=[first, cell, *others], metadata=METADATA)


def lead_to_pages(text, folder):
    """Let the links to folders, in the `text` of a page that lies in
    `folder`, a Path of PAGES, lead to pages that list their files."""

    def page(link):
        target = folder / link[1]
        if not target.is_dir():
            return link[0]
        names = sorted(path.name for path in target.iterdir() if path.is_file())
        names = [f"- [{name}]({name})" for name in names if name != "index.md"]
        title = f"---\norphan: true\n---\n\n# {link[1].strip('./')}/\n"
        (target / "index.md").write_text("\n".join([title, *names]), "utf-8")
        return f"]({link[1].rstrip('/')}/index.md)"

    return LINK.sub(page, text)


def store(notebook, path):
    """Write the notebook of a page to `path`, a Path of PAGES."""
    for cell in cells(notebook, "markdown"):
        cell.source = lead_to_pages(cell.source, path.parent)
    write(notebook, path)


def main():
    old = [path for path in HTML.glob("*") if path.name != "lite"]
    for folder in [PAGES, EXTRA, *old]:
        shutil.rmtree(folder, ignore_errors=True)
    copy_project(PAGES)
    for path in documents():
        text = path.read_text("utf-8").replace(STATE, "Tested on ")
        page = PAGES / name_of(path)
        page.write_text(lead_to_pages(text, page.parent), "utf-8")
    pages = {path: chapter(path) for path in chapters()}
    pages |= {path: sheet(path) for path in sorted(BLANKS.glob("*.ipynb"))}
    for path, notebook in pages.items():
        store(notebook, PAGES / name_of(path))
        whole = EXTRA / name_of(path)  # to download
        whole.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, whole)
    store(first_page(), PAGES / "index.ipynb")


if __name__ == "__main__":
    main()
