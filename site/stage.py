"""Lay out the pages of the reading edition, which Sphinx then reads.

Usage: PYTHONPATH=site python -m stage

Copies the project's files to site/_build/pages. There the notebooks get what
a page needs: numbers in their titles, folded cells, the answers beside their
exercises. Beside the pages, site/_build/extra gets the notebooks as they are.
With SITE_EDITION=zh, it does so in site/_build/zh, and zh/notebooks stands in
place of notebooks there, so that Sphinx sees one language.
"""

import os
import re
import shutil
from pathlib import Path

from nbformat.v4 import new_markdown_cell, new_notebook
from saying import FOLDER, NAME, say, shown
from ways import LITE, invitation

from tools import index
from tools.copying import copy_project
from tools.sheets import SETUP, role
from tools.workbook import (
    BLANKS,
    METADATA,
    ROOT,
    cells,
    chapters,
    documents,
    name_of,
    read,
    tagged,
    write,
)

BUILD = ROOT / "site/_build"
PAGES, EXTRA = (BUILD / NAME / name for name in ("pages", "extra"))
HTML = BUILD / "html"
BOOK = [] if NAME else sorted(BUILD.glob("wsgi-workbook.*"))  # from `make book`
SHEETS = sorted(BLANKS.glob("*.ipynb"))
WIRE = sorted(ROOT.glob("tests/small_server/wire/*.md"))
SOURCES = [*chapters(), *SHEETS, *documents(), *WIRE]  # of all English pages
MAP, FIRST_CELL = "c00-20", "c00-15"  # cells of chapter 00, for the first page
READING = "(?m)^.*`make site-open`.*\n\n"  # it is what they do
STATE = r"(?m)^\[!\[.*?\]\(.*?/actions/.*?\) (.*)$"  # a link to the code host alone
LANGUAGES = r"(?m)^\[.*README\.md\)\n\n"  # a line of its own, as each page has one
CELL = say(
    "This one starts Gunicorn with four workers, asks it for a page, and ends it:"
)
WORDS = say("Paste a line of your log here, or all of it.")
PASTE = f"""
\n<textarea class="pst-js-only" placeholder="{WORDS}" aria-label="{WORDS}"></textarea>
"""  # find_error.js reads it
ABOVE = say(
    "Paste it above. Where the cells run: in place of the text in the cell below. Or "
    "in a terminal, in the folder of this workbook, `python -m notebooks.find_error` "
    "reads what you paste, or a file: `python -m notebooks.find_error error.log`."
)
HINT = re.compile(r"(?s)<details>.*?</details>\s*")
LINK = re.compile(r"\]\(([^)\s#:]+)\)")
WITH_WORDS = re.compile(r"\[([^]]*)\]\(([^)\s#:]+)(#[^)\s]*)?\)")
TOC = "```{{toctree}}\n:hidden:\n:caption: {}\n\n{}\n```"


def ours(paths):
    """Those of the project's `paths`, a list, that our edition has, as Paths
    of its folder."""
    found = [FOLDER / name_of(path) for path in paths]
    return [path for path in found if path.exists()]


def name_here(path):
    """The name of a Path of our edition, as that of its English page: a str."""
    return path.relative_to(FOLDER).as_posix()


def fold(cell, show, hide, part="input"):
    """Show of a cell's `part`, "input" or "cell", one line, to click on: `show`,
    or `hide` where it is open."""
    cell.metadata["tags"] = [*cell.metadata.get("tags", []), f"hide-{part}"]
    words = {"code_prompt_show": show, "code_prompt_hide": hide}
    cell.metadata["mystnb"] = words


def chapter(path):
    """The notebook of a chapter's page."""
    notebook = read(path)
    for cell in notebook.cells:
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            fold(cell, say("Show the set-up"), say("Hide the set-up"))
        if any("image/png" in o.get("data", {}) for o in cell.get("outputs", [])):
            image = {"alt": cell.metadata.get("alt", "")}
            cell.metadata["mystnb"] = {"image": image}
    title = notebook.cells[0]
    title.source = title.source.replace("# ", f"# {path.name[:2]} ", 1)
    if path.stem == "92_find_an_error":
        words, _, _ = title.source.rpartition("\n\n")  # where to paste it
        title.source = f"{words}\n\n{ABOVE}".replace("\n\n", PASTE, 1)
        for cell, _ in tagged(notebook.cells, f"table-{index.ELSEWHERE}"):
            words, _, table = cell.source.partition("\n\n|")
            more = say(
                "They are {number}, too many to show here: paste yours above, or "
                "into the search.",
                number=table.count("\n") - 1,
            )
            cell.source = f"{words}\n\n{more}"
    return notebook


def sheet(path):
    """The notebook of a sheet's page: each exercise as it begins, its hint,
    then its answer and its check, folded. `path` is that of the blank."""
    notebook, solved = read(path), read(path.parent / "solutions" / path.name)
    english = read(BLANKS / path.name)
    page, folded = [], []
    for cell, answer, source in zip(
        notebook.cells, solved.cells, english.cells, strict=True
    ):
        if role(cell) == "grade":
            fold(answer, say("Show the check"), say("Hide the check"), "cell")
            folded.append(answer)
            continue
        if hint := HINT.match(cell.source):  # of the exercise above
            page.append(new_markdown_cell(hint[0], id=f"{cell.id}-hint"))
            cell.source = cell.source[hint.end() :]
        page += [*folded, cell]
        folded = []
        if role(cell) == "solution":
            answer.id += "-solved"
            fold(answer, say("Show an answer"), say("Hide an answer"))
            folded = [answer]
        elif cell.cell_type == "markdown":  # to download: the page has them all
            cell.source = cell.source.replace("](solutions/", "](path:solutions/")
        elif source.source == SETUP:
            fold(cell, say("Show the set-up"), say("Hide the set-up"))
    notebook.cells = page
    return notebook


def entry(path):
    """How the contents name the page of a Path: the README's title is that of
    the first page, and a sheet stands below the word Exercises."""
    page, _, kind = name_here(path).rpartition(".")
    if page == "README":
        return f"README <{page}>"
    if kind == "ipynb" and page.startswith(BLANKS.name):
        title = read(path).cells[0].source.partition("\n")[0]
        return f"{re.sub(r'^# [^0-9]*', '', title)} <{page}>"
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
    questions = [
        say("**An error in your log?** [Paste it](notebooks/92_find_an_error.ipynb)"),
        say("**A word?** [Glossary](notebooks/93_glossary.ipynb)"),
    ]
    said = [q for q in questions if (FOLDER / LINK.search(q)[1]).exists()]
    if BOOK:
        files = [f'<a href="{p.name}">{p.suffix[1:].upper()}</a>' for p in BOOK]
        said.append(say("**To print:** {files}", files=", ".join(files)))
    return " \u00b7 ".join(said)


def first_page():
    """The notebook of the first page: the README's head, a cell of a
    chapter, and its first two parts, which tell of commands and chapters."""
    readme = (PAGES / "README.md").read_text("utf-8")
    head, commands, table, *_ = re.split("(?m)^(?=## )", readme)
    title, _, head = head.split("\n\n", 2)
    begin = chapters()[:1]
    (path,) = ours(begin) or begin
    start = {cell.id: cell for cell in read(path).cells}
    roads = start[MAP].source.rpartition("\n\n")[2]
    rest = re.sub(READING, "", commands) + table
    sheets = ours(SHEETS)
    for first in sheets[:1]:
        rest = rest.replace("](exercises/index.md)", f"]({name_here(first)})")
    parts = {
        say("Chapters"): [p for p in ours(chapters()) if p.name < "90"],
        say("To look up"): [p for p in ours(chapters()) if p.name > "90"],
        say("Exercises"): sheets,
        say("More"): ours([*documents(), *WIRE]),
    }
    toc = [
        TOC.format(title, "\n".join(map(entry, paths)))
        for title, paths in parts.items()
        if paths
    ]
    head, _, picture = head.rstrip().rpartition("\n\n")
    head += f"\n\n{invitation(**known_ways())}\n\n{shortcuts()}"
    example, two = say("A cell, and its output"), say("Two roads")
    words = [
        f"{title}\n\n{head}\n\n{picture}\n\n## {example}\n\n{CELL}",
        f"## {two}\n\n{roads}\n\n{rest}",
        "\n\n".join(toc),
    ]
    first, *others = [new_markdown_cell(text) for text in words]
    cells = [first, start[FIRST_CELL], *others]
    return new_notebook(cells=cells, metadata=METADATA)


def document(path):
    """The text of the document at `path`, without what the code host alone needs."""
    text = re.sub(LANGUAGES, "", path.read_text("utf-8"))
    return re.sub(STATE, lambda state: say("Tested {where}", where=state[1]), text)


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


def lead_elsewhere(text, path):
    """Let the links in the `text` of the page at `path`, a Path of our
    edition, lead on where they leave it: to the page of another edition, which
    this one does not have, or to a file, which it has by the English name."""

    def leads(link):
        words, place, anchor = link[1], link[2], link[3] or ""
        target = Path(os.path.normpath(path.parent / place)).relative_to(ROOT)
        edition = next((e for e in shown() if target.parts[:1] == (e,)), "")
        if edition == NAME:
            return link[0]
        if (ROOT / target).is_dir():
            return f'<a href="{place.rstrip("/")}/index.html">{words}</a>'
        if ROOT / target.relative_to(edition) in SOURCES:
            page = Path(place).with_suffix(".html").as_posix()
            return f'<a href="{page}{anchor}">{words}</a>'
        new = os.path.relpath(ROOT / target, ROOT / Path(name_here(path)).parent)
        return f"[{words}]({Path(new).as_posix()}{anchor})"

    return WITH_WORDS.sub(leads, text)


def led(text, path):
    """The text of the page at `path`, a Path of our edition, with its links as
    they lead on the site."""
    folder = (PAGES / name_here(path)).parent
    return lead_to_pages(lead_elsewhere(text, path), folder)


def main():
    old = [path for path in HTML.glob("*") if path.name != "lite"]
    for folder in [PAGES, EXTRA, *([HTML / NAME] if NAME else old)]:
        shutil.rmtree(folder, ignore_errors=True)
    copy_project(PAGES)
    if NAME:  # its pages, in place of the English ones
        shutil.copytree(PAGES / NAME, PAGES, dirs_exist_ok=True)
        for path in SOURCES:
            if not (FOLDER / name_of(path)).exists():
                (PAGES / name_of(path)).unlink()
    for path in ours(documents()):
        page = PAGES / name_here(path)
        page.write_text(led(document(path), path), "utf-8")
    pages = {path: chapter(path) for path in ours(chapters())}
    pages |= {path: sheet(path) for path in ours(SHEETS)}
    for path, notebook in pages.items():
        for cell in cells(notebook, "markdown"):
            cell.source = led(cell.source, path)
        write(notebook, PAGES / name_here(path))
        whole = EXTRA / name_here(path)  # to download
        whole.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, whole)
    write(first_page(), PAGES / "index.ipynb")


if __name__ == "__main__":
    main()
