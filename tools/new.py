"""Begin a chapter: write a skeleton that passes `make check`.

Usage: python -m tools.new chapter NUMBER NAME    as in: chapter 13 watch_it_run

It writes and runs notebooks/NUMBER_NAME.ipynb, adds its rows to the README
and to the map in chapter 00, and says what is left to do. What is there
already is not overwritten.
"""

import re
import sys

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import check, refresh
from tools.workbook import (
    METADATA,
    NOTEBOOKS,
    ROOT,
    chapters,
    name_of,
    read,
    write,
)

NUMBERS = range(1, 90)  # 00 is the beginning; 90 to 99 are the appendix
MINUTES = 50
QUESTION = "What question does this chapter answer?"
CHAPTER = [
    """\
# {title}

*{question}*

**You will do**: say what the reader types, runs and breaks here.

**You will learn**: say what the reader knows afterwards.

**You need**: chapter [{before}]({before_file}). About {minutes} minutes.""",
    """\
import os

if not os.path.exists("wsgi.py"):
    os.chdir("..")  # from notebooks/ to the folder of the app""",
    """\
## The first step

One breath a cell: a sentence or two, a small cell of code, its value. \
*Predict* it:""",
    """\
from wsgi import app

app.test_client().get("/").text""",
    """\
A sentence on what we saw.

## What comes next

Back to the [map](00_start_here.ipynb).""",
]
LEFT = """\
{path} is begun. What is left to do:
- write it: `make lab`. Its question stands in three places: its first cell, \
the README and the map in notebooks/00_start_here.ipynb.
- lead to it from the last cell of {before_path}, and from its own last cell \
to what comes next.
- say in classroom/README.md when a class comes to it.
- `make notebooks ARGS={path}` runs it and stores what it shows; \
`make check ARGS={path}` lists its faults of style; \
`make test ARGS={path}` runs it as the tests do."""


class RefusedError(Exception):
    """What is asked for cannot be made; says why, and what to do."""


def chapter(number, name):
    """Begin the chapter `number`, such as "13", with the file name `name`,
    such as "watch_it_run"; return what is left to do, a str.

    Raises RefusedError where there is one, or where it cannot be one.
    """
    if not re.fullmatch(r"\d\d", number) or int(number) not in NUMBERS:
        raise RefusedError(
            f"{number} is no number of a chapter: choose one from 01 to 89, "
            "with two digits."
        )
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name):
        raise RefusedError(
            f"{name} is no name of a chapter: write it like watch_it_run, "
            "in small letters and digits, with _ between words."
        )
    for path in chapters():
        if path.name.startswith(f"{number}_"):
            raise RefusedError(
                f"{name_of(path)} is there: choose another number."
            )
    path = NOTEBOOKS / f"{number}_{name}.ipynb"
    before = max(p for p in chapters() if p.name < path.name)
    words = {
        "title": name.replace("_", " ").capitalize(),
        "question": QUESTION,
        "before": before.name[:2],
        "before_file": before.name,
        "minutes": MINUTES,
    }
    write(skeleton(number, words), path)
    refresh.refresh(path)
    head = f"{number} {words['title']}"
    rest = f"| {QUESTION} | {MINUTES} |"
    for document, folder in (
        (ROOT / "README.md", "notebooks/"),
        (NOTEBOOKS / "00_start_here.ipynb", ""),
    ):
        row = f"| [{head}]({folder}{path.name}) {rest}"
        change(document, lambda text, row=row: with_row(text, row))
    notebooks = {path: read(path) for path in chapters()}
    for document, pattern, sentence in check.sums(notebooks):
        change(
            ROOT / document,
            lambda text, p=pattern, s=sentence: re.sub(p, s, text),
        )
    return LEFT.format(path=name_of(path), before_path=name_of(before))


def skeleton(number, words):
    """The notebook of a new chapter, with `words`, a dict, in its texts."""
    cells = []
    for place, text in enumerate(CHAPTER):
        make = new_code_cell if place % 2 else new_markdown_cell
        text = text if place % 2 else text.format(**words)
        cells.append(make(text, id=f"c{number}-{place + 1:02}"))
    return new_notebook(cells=cells, metadata=METADATA)


def with_row(text, row):
    """A text with one more row in its table of chapters, which is in the
    order of their numbers."""
    lines = text.splitlines(keepends=True)
    rows = [
        place
        for place, line in enumerate(lines)
        if re.match(r"\| \[?\d\d ", line)
    ]
    number = re.search(r"\d\d", row)[0]
    before = [n for n in rows if re.search(r"\d\d", lines[n])[0] < number]
    lines.insert(max(before) + 1, f"{row}\n")
    return "".join(lines)


def change(path, edit):
    """Store what `edit(text)` makes of a document, or of the Markdown cells
    of a notebook with a table of chapters."""
    if path.suffix != ".ipynb":
        path.write_text(edit(path.read_text("utf-8")), "utf-8")
        return
    notebook = read(path)
    for cell in notebook.cells:
        if re.search(r"(?m)^\| \[?\d\d ", cell.source):
            cell.source = edit(cell.source)
    write(notebook, path)


WHAT = {"chapter": (chapter, 2)}  # and how many words it takes


def main(words):
    """Begin what the `words` of the command ask for; return the exit
    status."""
    make, count = WHAT.get(words[0] if words else "", (None, 0))
    if not make or len(words) != 1 + count:
        print(__doc__.strip())
        return 2
    try:
        print(make(*words[1:]))
    except RefusedError as error:
        print(f"new: {error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
