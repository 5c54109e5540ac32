"""List the faults of style: what CONTRIBUTING.md asks of a page, and this
page does not do.

Usage: python -m tools.check [NOTEBOOK ...]

A chapter is looked at with its sheets of exercises; without a NOTEBOOK,
all are. Then the tables that tell of the notebooks: are they up to date?
No cell is run. Each fault is a line that says where it is and what to do;
the exit status is 1 where there is one.
"""

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import nbformat

from tools import index
from tools.needs import find
from tools.sheets import of_sheet
from tools.style import OF_ALL, OF_CHAPTERS, ignored, minutes, question
from tools.workbook import (
    BLANKS,
    NOTEBOOKS,
    ROOT,
    SOLUTIONS,
    chapters,
    code_cells,
    markdown_of,
    name_of,
    read,
    sheets,
)

COMPARED = 0.9  # of the cells with outputs
D2 = "--pad", "20"  # as in the Makefile
SHAPES = {"rect", "path", "circle", "text", "g"}
ROW = r"\| *\[\d\d [^|]*?(\w+\.ipynb)\)"  # of a chapter in a table of all
WIDE, HIGH, FONT = 1000, 640, 14  # px; of a picture, and of its letters
WHITE = {"#fff", "#ffffff", "white", "#f6f8fa"}


def of_notebook(notebook, path):
    """The faults of a chapter or a sheet, a list of lines; `path` is where
    it lies."""
    if not code_cells(notebook) or notebook.cells[0].cell_type == "code":
        return ["begins with no words, or has no code: write both"]
    found = [fault for kind in OF_ALL for fault in kind(notebook)]
    if not re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name):
        found.append("its name is not like 06_serve_in_development.ipynb")
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        found.append(f"is not valid: {error}".splitlines()[0])
    if path.parent == NOTEBOOKS:
        found += [f for kind in OF_CHAPTERS for f in kind(notebook)]
        return found
    found += of_sheet(notebook, path)
    return [f.replace("make notebooks", "make exercises") for f in found]


def bad_rows(text, promised):
    """The faults of a table of chapters, given what their heads promise:
    {name: (question, minutes)}."""
    found = (re.match(ROW, line) for line in text.splitlines())
    rows = {row[1]: row.string for row in found if row}
    for name, (asked, expected) in promised.items():
        row = rows.get(name)
        said = row and re.search(r"\| *(\d+)( min(utes)?)? *\|", row)
        if row is None:
            yield f"the table lacks {name}: add a row"
            continue
        if said is None:
            yield f"the row of {name} lacks its minutes: add them"
        elif int(said[1]) != expected:
            yield (
                f"{name} says {expected} minutes, and the table {said[1]}: "
                "mend one of them"
            )
        if asked and f"| {asked} |" not in row:
            yield f"the row of {name} does not ask what its head asks: {asked}"
    for name in rows.keys() - promised.keys():
        yield f"there is no chapter {name}: drop its row"


def bad_image(svg):
    """Whether an SVG, a str, lets a dark page shine through."""
    for element in ElementTree.fromstring(svg).iter():
        name = element.tag.rpartition("}")[2]
        if name in SHAPES:
            fill = element.get("fill", "").lower()
            return not (name == "rect" and fill in WHITE)
    return True


def bad_size(svg):
    """What of an SVG, a str, does not fit the screen of a laptop or cannot
    be read there, a str; "" where all can."""
    box = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', svg)
    width, height = map(float, box.groups()) if box else (0, 0)
    small = min(map(float, re.findall(r"font-size:([\d.]+)px", svg)), default=FONT)
    if not 0 < width <= WIDE or height > HIGH:
        return f"is {width:g} wide and {height:g} high: {WIDE} and {HIGH} fit"
    return f"has letters of {small:g} px: {FONT} can be read" if small < FONT else ""


def sums(notebooks):
    """Where documents sum up the notebooks: triples of the document's name,
    a pattern of the words, and the words as they ought to be.

    `notebooks` are the chapters, {Path: notebook}.
    """
    road = {p: n for p, n in notebooks.items() if "00" < p.name[:2] < "90"}
    last = max(path.name[:2] for path in road)
    times = [minutes(notebook) or 0 for notebook in road.values()]
    codes = [len(code_cells(notebook)) for notebook in road.values()]
    solved = max(path.name[:2] for path in BLANKS.glob("*.ipynb"))
    for name, words in {
        "README.md": f"Each of the chapters 01 to {solved} has a sheet",
        "classroom/README.md": (
            f"Chapters 01 to {last} take {min(times)} to {max(times)} "
            f"minutes each, with {min(codes)} to {max(codes)} cells of "
            f"code; 01 to {solved} have a sheet"
        ),
    }.items():
        yield name, re.sub(r"\d+", r"\\d+", words), words


def bad_sums(notebooks):
    """Where a document sums up what is no longer so: pairs of its name and
    the fault. `notebooks` are the chapters, {Path: notebook}."""
    for name, pattern, words in sums(notebooks):
        if re.findall(pattern, (ROOT / name).read_text("utf-8")) != [words]:
            yield name, f"sums up what is no longer so: say `{words}`"


def compared(notebooks):
    """The share of the cells with outputs whose outputs are compared."""
    with_outputs = [
        cell for notebook in notebooks for cell in code_cells(notebook) if cell.outputs
    ]
    kept = [cell for cell in with_outputs if not ignored(cell)]
    return len(kept) / len(with_outputs)


def of_tables(notebooks):
    """The faults of what tells of the chapters, lines of text: the README,
    the map in chapter 00, the page for teachers, the indexes, the images.

    `notebooks` are the chapters, {Path: notebook}.
    """
    promised = {p.name: (question(n), minutes(n)) for p, n in notebooks.items()}
    begin = "00_start_here.ipynb"  # its head asks for the whole workbook
    if begin in promised:
        promised[begin] = None, promised[begin][1]
    for name in "README.md", "notebooks/00_start_here.ipynb":
        path = ROOT / name
        text = markdown_of(path)
        others = {n: m for n, m in promised.items() if n != path.name}
        for fault in bad_rows(text, others):
            yield f"{name}: {fault}"
    for name, fault in bad_sums(notebooks):
        yield f"{name}: {fault}"
    for path, wrong in index.faults(notebooks):
        yield f"{name_of(path)}: {wrong}"
    ids = {}
    for path, notebook in notebooks.items():
        for id in {cell.id for cell in notebook.cells}:
            ids.setdefault(id, []).append(path.name)
    for id, names in sorted(ids.items()):
        if len(names) > 1:
            cells = f"cells of {', '.join(names)} have the id {id}"
            yield f"notebooks: {cells}: keep the one that was first"
    if compared(notebooks.values()) < COMPARED:
        yield "notebooks: over a tenth of the outputs is ignored: ignore less"
    yield from of_images(NOTEBOOKS / "img")


def of_images(folder):
    """The faults of the images in a folder, lines of text. Whether they
    are stale is seen where d2 is installed, by `make dev`."""
    d2 = find("d2")
    for source in sorted(folder.glob("*.d2")):
        image = source.with_suffix(".svg")
        if not image.exists() or (d2 and drawn(d2, source) != image.read_text("utf-8")):
            yield f"{name_of(source)}: its .svg is stale: run `make diagrams`"
    for image in sorted(folder.glob("*.svg")):
        if not image.with_suffix(".d2").exists():
            yield f"{name_of(image)}: has no source: commit its .d2, too"
        if bad_image(image.read_text("utf-8")):
            yield f"{name_of(image)}: give it a white background"
        if fault := bad_size(image.read_text("utf-8")):
            yield f"{name_of(image)}: {fault}"


def drawn(d2, source):
    """The SVG that the command `d2` draws of the file `source`, a str."""
    done = subprocess.run(
        [d2, *D2, source, "-"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,  # what cannot be drawn is not what is stored
    )
    return done.stdout


def with_sheets(path):
    """A chapter and its sheets, or a sheet alone; a list of Path."""
    folders = (BLANKS, SOLUTIONS) if path.parent == NOTEBOOKS else ()
    beside = [folder / path.name for folder in folders]
    return [path, *(sheet for sheet in beside if sheet.exists())]


def main(names):
    """List the faults of the notebooks with these file `names`, and of the
    tables; return the exit status."""
    paths = [Path(name).resolve() for name in names]
    chosen = [p for path in paths for p in with_sheets(path)]
    try:
        every = {path: read(path) for path in chapters()}
        faults = [
            f"{name_of(path)}: {fault}"
            for path in chosen or [*every, *sheets()]
            for fault in of_notebook(every.get(path) or read(path), path)
        ]
    except (OSError, ValueError) as error:
        print(str(error).splitlines()[0])
        print("Name notebooks, such as notebooks/07_run_gunicorn.ipynb.")
        return 2
    faults += of_tables(every)
    print(*faults, f"Faults of style: {len(faults)}.", sep="\n")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
