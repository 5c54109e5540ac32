"""A class of 30 hands in sheet 01, in all the ways that there are, and
nbgrader grades it: `make test-grading`. Not a part of `make test`."""

import copy
import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from classroom.grading.course import HERE, SOLUTIONS, make
from tools.workbook import read

ROOT = HERE.parent.parent
SHEET = "01_call_a_flask_app"
BLANK = read(ROOT / "exercises" / f"{SHEET}.ipynb")
SOLVED = read(SOLUTIONS / f"{SHEET}.ipynb")
ALL = 1, 2, 3, 4, 5
LOOP = "while True:\n    pass"
PATCHES = [
    """\
from exercises import asking, checking
checking.judge = lambda sheet, number: None
asking.Answer.compare = lambda *arguments: None""",
    """\
import sys, types
from exercises.checks import sheet_01
sheet_01.exercise_2 = lambda answer: None
sys.modules["exercises.checks"] = types.ModuleType("exercises.checks")
sys.modules["exercises.checks"].sheet_01 = sheet_01""",
]


def by_grade_id(notebook):
    """The marked cells of a sheet, {grade_id: cell}."""
    marked = [c for c in notebook.cells if "nbgrader" in c.metadata]
    return {cell.metadata.nbgrader.grade_id: cell for cell in marked}


def answer(number):
    return by_grade_id(SOLVED)[f"answer-{number}"].source


def hand_in(solved=ALL, change=None):
    """A sheet whose exercises `solved` are right; `change(notebook, cells)`
    does to it what a learner may do."""
    sheet = copy.deepcopy(BLANK)
    cells = by_grade_id(sheet)
    for number in solved:
        cells[f"answer-{number}"].source = answer(number)
    if change:
        change(sheet, cells)
    return sheet


def writes(number, text):
    """A change: `text` is the answer to an exercise, below its first line."""

    def change(sheet, cells):
        cells[f"answer-{number}"].source = f"# Exercise {number}\n{text}"

    return change


def adds(number, text):
    """A change: `text` is added to the end of an answer."""

    def change(sheet, cells):
        cells[f"answer-{number}"].source += f"\n{text}"

    return change


def empties(sheet, cells):
    cells["answer-2"].source = ""


def sends_back_points(sheet, cells):
    """The outputs that were handed in are not what counts."""
    for number in ALL:
        data = {"text/plain": "1", "text/html": "all is well"}
        result = {"output_type": "execute_result", "data": data}
        result |= {"execution_count": 1, "metadata": {}}
        cells[f"check-{number}"].outputs = [nbformat.from_dict(result)]


def drops_an_answer(sheet, cells):
    sheet.cells.remove(cells["answer-2"])


def weakens_a_check(sheet, cells):
    cells["check-2"].source = 'print("Exercise 2: done.")'


def raises_the_points(sheet, cells):
    cells["check-1"].metadata.nbgrader.points = 100


def patches(text):
    """A change: a cell with `text` stands before a wrong answer."""

    def change(sheet, cells):
        cell = nbformat.v4.new_code_cell(text, id="mine")
        sheet.cells.insert(sheet.cells.index(cells["answer-2"]), cell)
        cells["answer-2"].source = "# Exercise 2\nprediction = 7"

    return change


def adds_cells(sheet, cells):
    for text in (
        "1 / 0",
        "print('hello')",
        "3.5",
        "import sys; sys.stderr.write('oh')",
    ):
        place = sheet.cells.index(cells["answer-3"])
        sheet.cells.insert(place, nbformat.v4.new_code_cell(text))


CLASS = {  # who: what is handed in, and the points that it deserves
    "nobody": (hand_in(solved=()), 0),
    "everything": (hand_in(), 5),
    **{f"only-{n}": (hand_in(solved=[n]), 1) for n in ALL},
    **{f"all-but-{n}": (hand_in(solved={*ALL} - {n}), 4) for n in ALL},
    "half": (hand_in(solved=[1, 2, 3]), 3),
    "wrong-guess": (
        hand_in(change=writes(1, "prediction = [200] * 4")),
        4,
    ),
    "wrong-kind": (hand_in(change=writes(2, "prediction = 'one'")), 4),
    "wrong-name": (
        hand_in(change=writes(2, "guess = [1, 2, 1, 2, 3]")),
        4,
    ),
    "loop": (hand_in(change=writes(3, LOOP)), 4),
    "syntax-error": (hand_in(change=writes(3, "def greet(")), 4),
    "exit": (hand_in(change=writes(4, "import sys\nsys.exit()")), 4),
    "raises": (hand_in(change=writes(5, "1 / 0")), 4),
    "empty": (hand_in(change=empties), 4),
    "no-answer": (hand_in(change=drops_an_answer), 4),
    "prints": (hand_in(change=adds(3, "print('I did it')")), 5),
    "noisy": (
        hand_in(change=adds(3, "import sys\nsys.stderr.write('!')")),
        5,
    ),
    "warns": (
        hand_in(change=adds(4, "import warnings\nwarnings.warn('!')")),
        5,
    ),
    "own-check": (hand_in(solved=[1, 3, 4, 5], change=weakens_a_check), 4),
    "own-outputs": (hand_in(solved=[1], change=sends_back_points), 1),
    "own-points": (hand_in(change=raises_the_points), 5),
    "patched": (hand_in(change=patches(PATCHES[0])), 4),
    "patched-sheet": (hand_in(change=patches(PATCHES[1])), 4),
    "more-cells": (hand_in(change=adds_cells), 5),
    "number-at-the-end": (hand_in(solved=[1], change=writes(2, "0.5")), 1),
}
KILLER = "killer"  # what ends the kernel fails as a whole, and alone
assert len(CLASS) + 1 >= 30, len(CLASS)


def nbgrader(course, *arguments):
    """Run a command of nbgrader in the folder of the course."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = os.environ | {"WORKBOOK": str(ROOT), "PATH": path}
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(
        command,
        cwd=course,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """What nbgrader gives to each of the class, {who: points}."""
    course = tmp_path_factory.mktemp("course")
    assert SHEET in make(course)
    made = nbgrader(course, "generate_assignment", SHEET)
    assert made.returncode == 0, made.stderr
    release = course / "release" / SHEET / f"{SHEET}.ipynb"
    killer = hand_in(change=adds(5, "import os\nos._exit(1)"))
    for who, (sheet, _) in {**CLASS, KILLER: (killer, 0)}.items():
        folder = course / "submitted" / who / SHEET
        folder.mkdir(parents=True)
        nbformat.write(sheet, folder / f"{SHEET}.ipynb")
    nbgrader(course, "autograde", SHEET)
    nbgrader(course, "generate_feedback", SHEET)
    exported = nbgrader(course, "export", "--to", "grades.csv")
    assert exported.returncode == 0, exported.stderr
    with open(course / "grades.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    given = {row["student_id"]: float(row["raw_score"]) for row in rows}
    given["feedback"] = len(list(course.glob("feedback/*/*/*.html")))
    given["release"] = read(release)
    return given


@pytest.mark.parametrize("who", CLASS)
def test_points(points, who):
    assert points.get(who) == CLASS[who][1]


def test_what_nbgrader_releases_is_our_blank(points):
    """So a check knows, of both, an answer that nobody has touched."""
    ours, theirs = by_grade_id(BLANK), by_grade_id(points["release"])
    assert ours.keys() == theirs.keys()
    for name, cell in ours.items():
        assert theirs[name].source == cell.source


def test_a_dead_kernel_fails_alone(points):
    assert points.get(KILLER, 0) == 0


def test_everybody_gets_feedback(points):
    assert points["feedback"] >= len(CLASS)


def test_a_course_is_not_overwritten(tmp_path):
    Path(tmp_path, "mine").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        make(tmp_path)
