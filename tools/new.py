"""Begin a chapter, one more exercise of a sheet, or a sheet: write a
skeleton.

Usage: python -m tools.new chapter NUMBER NAME  as in: chapter 13 watch_it_run
       python -m tools.new exercise SHEET       as in: exercise 05
       python -m tools.new sheet CHAPTER        as in: sheet 12

A chapter is written and run; its rows are added to the README and to the
map in chapter 00. An exercise is added to the solved sheet, its function to
exercises/checks/, wrong answers to exercises/wrong/; the sheet and its blank
are run. `make check` names what is to be written, wherever it says TODO.
What is there already is not overwritten.
"""

import re
import sys

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import build_exercises, check, refresh, sheets, skeletons
from tools.workbook import (
    METADATA,
    NOTEBOOKS,
    ROOT,
    SOLUTIONS,
    chapters,
    code_cells,
    name_of,
    read,
    write,
)

NUMBERS = range(1, 90)  # 00 is the beginning; 90 to 99 are the appendix
MINUTES = 50


class RefusedError(Exception):
    """What is asked for cannot be made; says why, and what to do."""


def chapter(number, name):
    """Begin the chapter `number`, such as "13", with the file name `name`,
    such as "watch_it_run"; return what is left to do, a str.

    Raises RefusedError where there is one, or where it cannot be one.
    """
    taken = {path.name[:2]: path for path in chapters()}
    free = [n for n in map("{:02}".format, NUMBERS) if n not in taken]
    if number not in free:
        wrong = "is no number of a chapter"
        if number in taken and int(number) in NUMBERS:
            wrong = f"is {name_of(taken[number])}"
        raise RefusedError(
            f"{number} {wrong}: choose a free one with two digits, from "
            f"{free[0]} to {free[-1]}."
        )
    if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", name):
        raise RefusedError(
            f"{name} is no name of a chapter: write it like watch_it_run, "
            "in small letters and digits, with _ between words."
        )
    path = NOTEBOOKS / f"{number}_{name}.ipynb"
    before = max(p for p in chapters() if p.name < path.name)
    words = {
        "title": name.replace("_", " ").capitalize(),
        "question": skeletons.QUESTION,
        "before": before.name[:2],
        "before_file": before.name,
        "minutes": MINUTES,
    }
    write(skeleton(number, words), path)
    refresh.refresh(path)
    head = f"{number} {words['title']}"
    rest = f"| {skeletons.QUESTION} | {MINUTES} |"
    for document, folder in (
        (ROOT / "README.md", "notebooks/"),
        (NOTEBOOKS / "00_start_here.ipynb", ""),
    ):
        row = f"| [{head}]({folder}{path.name}) {rest}"
        change(document, lambda text, row=row: with_row(text, row))
    sum_up()
    return skeletons.CHAPTER_LEFT.format(
        path=name_of(path), before_path=name_of(before)
    )


def sum_up():
    """Let the documents sum up the notebooks as these are now."""
    notebooks = {path: read(path) for path in chapters()}
    for name, pattern, sentence in check.sums(notebooks):
        document = ROOT / name
        text = document.read_text("utf-8")
        document.write_text(re.sub(pattern, sentence, text), "utf-8")


def skeleton(number, words):
    """The notebook of a new chapter, with `words`, a dict, in its texts."""
    cells = []
    for place, text in enumerate(skeletons.CHAPTER):
        make = new_code_cell if place % 2 else new_markdown_cell
        text = text if place % 2 else text.format(**words)
        cells.append(make(text, id=f"c{number}-{place + 1:02}"))
    cells[1].metadata.jupyter = {"source_hidden": True}  # the same in each
    return new_notebook(cells=cells, metadata=METADATA)


def with_row(text, row):
    """A text with one more row in its table of chapters, which is in the
    order of their numbers."""
    lines = text.splitlines(keepends=True)
    rows = [place for place, line in enumerate(lines) if re.match(r"\| \[?\d\d ", line)]
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


# An exercise, and a sheet of them.


def exercise(sheet):
    """Begin one more exercise of a sheet, such as "05"; return what is left
    to do, a str. Raises RefusedError where there is no such sheet."""
    known = {path.name[:2]: path for path in SOLUTIONS.glob("*.ipynb")}
    if sheet not in known:
        raise RefusedError(
            f"there is no sheet {sheet}: choose of {', '.join(sorted(known))}."
        )
    path = known[sheet]
    notebook = read(path)
    n = add_exercise(notebook, sheet, "Build")
    return begin(path, notebook, [n])


def new_sheet(sheet):
    """Begin a sheet for the chapter with this number, such as "12", with an
    exercise of each kind; return what is left to do, a str. Raises
    RefusedError where there is one, or no such chapter."""
    known = {path.name[:2]: path for path in chapters()}
    if sheet not in known or int(sheet) not in NUMBERS:
        raise RefusedError(f"there is no chapter {sheet}: begin it first.")
    path = SOLUTIONS / known[sheet].name
    if path.exists():
        raise RefusedError(f"{name_of(path)} is there: begin an exercise.")
    for n in sorted(known):
        if "00" < n < sheet and not (SOLUTIONS / known[n].name).exists():
            raise RefusedError(f"sheet {n} comes first.")
    words = {
        "sheet": sheet,
        "title": path.stem[3:].replace("_", " "),
        "file": path.name,
        "minutes": MINUTES,
        "whom": sheets.WHOM,
    }
    notebook = new_notebook(
        cells=[
            new_markdown_cell(skeletons.SHEET.format(**words), id=f"e{sheet}-01"),
            marked_cell(sheets.SETUP, sheet, "setup"),
            new_markdown_cell("## How far are you?", id=f"e{sheet}-02"),
            new_code_cell("", id=f"e{sheet}-03"),
            new_markdown_cell(skeletons.NEXT.format(**words), id=f"e{sheet}-04"),
        ],
        metadata=METADATA,
    )
    kinds = "Predict", "Change", "Build"
    numbers = [add_exercise(notebook, sheet, kind) for kind in kinds]
    sheets.judge_of(path).write_text(skeletons.CHECKS.format(**words), "utf-8")
    sheets.wrong_of(path).write_text(skeletons.WRONG_ANSWERS.format(**words), "utf-8")
    left = begin(path, notebook, numbers)
    sum_up()
    return left


def begin(path, notebook, numbers):
    """Store a solved sheet that has new exercises, with these `numbers`,
    their checks and wrong answers, and build it; return what is left to do.
    """
    judge, wrong = sheets.judge_of(path), sheets.wrong_of(path)
    write(notebook, path)
    for n in numbers:
        append(judge, skeletons.CHECK.format(n=n))
        for k in range(1, sheets.KEPT + 1):
            append(wrong, skeletons.WRONG_ANSWER.format(n=n, k=k))
    if build_exercises.main([path]):
        raise RefusedError(f"{name_of(path)} is begun, and does not run.")
    words = {
        "path": name_of(path),
        "judge": name_of(judge),
        "wrong": name_of(wrong),
        "kept": sheets.KEPT,
        "sheet": path.name[:2],
        "numbers": ", ".join(map(str, numbers)),
        "functions": ", ".join(f"exercise_{n}" for n in numbers),
        "n": numbers[0],
    }
    return skeletons.EXERCISE_LEFT.format(**words)


def append(path, text):
    """Add a text to the end of a file, a Path."""
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def add_exercise(notebook, sheet, kind):
    """Add an exercise of a kind, such as "Build", to a solved sheet; return
    its number, an int.

    The text after a check begins with the hint to its exercise; so the text
    after the last one is divided, and the new exercise put in between.
    """
    cells, checks = notebook.cells, sheets.of_role(notebook, "grade")
    n = max(checks, default=0) + 1
    place = cells.index(code_cells(notebook)[-1]) - 1
    after = cells[place]
    hint, details, rest = after.source.rpartition("</details>")
    if bool(details) != bool(checks):
        raise RefusedError(
            f"cell {after.id} comes after the last check: begin it with "
            "the hint, <details>...</details>."
        )
    known = [int(c.id[4:]) for c in cells if c.id[4:].isdigit()]
    text = f"{hint}{details}\n\n{skeletons.EXERCISE.format(n=n, kind=kind)}"
    after.source = text.lstrip()
    text = f"{skeletons.HINT}\n\n{rest.lstrip()}"
    cells[place + 1 : place + 1] = [
        marked_cell(skeletons.ANSWER.format(n=n), sheet, f"answer-{n}"),
        marked_cell(sheets.CHECK.format(sheet, n), sheet, f"check-{n}"),
        new_markdown_cell(text, id=f"e{sheet}-{max(known) + 1:02}"),
    ]
    code_cells(notebook)[-1].source = sheets.COUNT.format(sheet, n)
    return n


def marked_cell(source, sheet, name):
    """A code cell with the marks of nbgrader; its `name` in the sheet is a
    str such as "answer-6", "check-6", or "setup"."""
    graded, solved = name.startswith("check"), name.startswith("answer")
    marks = {
        "grade": graded,
        "grade_id": name,
        "locked": not solved,
        "schema_version": 3,
        "solution": solved,
        "task": False,
    }
    if graded:
        marks["points"] = 1
    metadata = {"nbgrader": marks}
    if graded or solved:
        metadata["tags"] = [sheets.GOES_ON]
    return new_code_cell(source, id=f"e{sheet}-{name}", metadata=metadata)


# What can be begun, and how many words say which.
WHAT = {
    "chapter": (chapter, 2),
    "exercise": (exercise, 1),
    "sheet": (new_sheet, 1),
}


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
