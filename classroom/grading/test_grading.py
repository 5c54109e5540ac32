"""A class hands in sheet 01, in all the ways that there are, cheats and accidents
among them, and in all languages, and nbgrader grades it: `make test-grading`. Not a
part of `make test`."""

import copy
import csv
import html
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import nbformat
import psutil
import pytest

from classroom.grading import fence
from classroom.grading.cheats import CHEATS
from classroom.grading.course import make
from exercises.asking import verdict
from exercises.checks.sheet_01 import exercise_2
from exercises.telling import NotYet
from exercises.words import say
from tools.sheets import of_role
from tools.translate.edition import editions
from tools.workbook import ROOT, read, shown

SHEET = "01_call_a_flask_app"
# The folders of the editions; that of the English one has no name of its own.
EDITIONS = ["", *(edition.folder.name for edition in editions())]
BLANKS = {e: read(Path(ROOT, e, f"exercises/{SHEET}.ipynb")) for e in EDITIONS}
SOLUTIONS = {
    e: read(Path(ROOT, e, f"exercises/solutions/{SHEET}.ipynb")) for e in EDITIONS
}
BLANK, SOLVED = BLANKS[""], SOLUTIONS[""]
ALL = sorted(of_role(SOLVED, "grade"))
EVERY = len(ALL)  # points, one for each exercise
LOOP = "while True:\n    pass"
# A wrong answer to each exercise, where a cheat has not bound the name.
NAMES = dict.fromkeys([1, 2, 6], "prediction") | dict.fromkeys([3, 4, 7], "app")
NAMES[5] = "NoSniff"
WRONG = 'globals().setdefault("{}", [7])'


def by_grade_id(notebook):
    """The marked cells of a sheet, {grade_id: cell}."""
    marked = [c for c in notebook.cells if "nbgrader" in c.metadata]
    return {cell.metadata.nbgrader.grade_id: cell for cell in marked}


def hand_in(solved=ALL, change=None, edition=""):
    """A sheet whose exercises `solved` are right; `change(notebook, cells)`
    does to it what a learner may do."""
    sheet = copy.deepcopy(BLANKS[edition])
    cells, right = by_grade_id(sheet), by_grade_id(SOLUTIONS[edition])
    for number in solved:
        name = f"answer-{number}"
        cells[name].source = right[name].source
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


def cheats(text):
    """A change: `text` stands in a cell before all others, and before each answer,
    which is wrong."""

    def change(sheet, cells):
        sheet.cells.insert(0, new_cell(text))
        for number, name in NAMES.items():
            trick = text.replace("NUMBER", str(number))
            wrong = WRONG.format(name)
            cells[f"answer-{number}"].source = f"# Exercise {number}\n{trick}\n{wrong}"

    return change


def new_cell(text, **metadata):
    return nbformat.v4.new_code_cell(text, metadata=metadata)


def copies(name, text=None, below=True, prompts=(None, None)):
    """A change: a cell is copied, as JupyterLab does it, with its grade_id; the copy
    has another `text`, and the cell and its copy have these prompts."""

    def change(sheet, cells):
        cell = cells[name]
        copied = new_cell(cell.source if text is None else text, **cell.metadata)
        cell.execution_count, copied.execution_count = prompts
        sheet.cells.insert(sheet.cells.index(cell) + below, copied)

    return change


def moves_a_check(sheet, cells):
    sheet.cells.remove(cells["check-2"])
    sheet.cells.insert(sheet.cells.index(cells["answer-2"]), cells["check-2"])


def puts_above(text):
    """A change: `text` stands above the first line of an answer."""

    def change(sheet, cells):
        cells["answer-2"].source = f"{text}\n{cells['answer-2'].source}"

    return change


def removes(name):
    """A change: this cell is gone."""

    def change(sheet, cells):
        sheet.cells.remove(cells[name])

    return change


def tries_below(sheet, cells):
    place = sheet.cells.index(cells["answer-2"])
    sheet.cells.insert(place + 1, new_cell(OLD))


def answers_elsewhere(sheet, cells):
    text, cells["answer-2"].source = cells["answer-2"].source, ""
    sheet.cells.insert(0, new_cell(text))


def loses_metadata(sheet, cells):
    for cell in cells.values():
        cell.metadata = nbformat.from_dict({})


def loses_its_head(sheet, cells):
    text = cells["answer-2"].source
    cells["answer-2"].source = text.partition("\n")[2]


def exits_at_first(sheet, cells):
    cells["setup"].source = "raise SystemExit"


def restores(sheet, cells):
    """A deleted cell that comes back is where another one was."""
    sheet.cells.remove(cells["answer-2"])
    sheet.cells.insert(0, cells["answer-2"])


def adds_cells(sheet, cells):
    for text in (
        "1 / 0",
        "print('hello')",
        "3.5",
        "import sys; sys.stderr.write('oh')",
    ):
        place = sheet.cells.index(cells["answer-3"])
        sheet.cells.insert(place, new_cell(text))


CLASS = {  # who: what is handed in, and the points that it deserves
    "nobody": (hand_in(solved=()), 0),
    "everything": (hand_in(), EVERY),
    **{f"only-{n}": (hand_in(solved=[n]), 1) for n in ALL},
    **{f"all-but-{n}": (hand_in(solved={*ALL} - {n}), EVERY - 1) for n in ALL},
    "half": (hand_in(solved=[1, 2, 3]), 3),
    "wrong-guess": (
        hand_in(change=writes(1, "prediction = [200] * 4")),
        EVERY - 1,
    ),
    "wrong-kind": (hand_in(change=writes(2, "prediction = 'one'")), EVERY - 1),
    "wrong-name": (
        hand_in(change=writes(2, "guess = [1, 2, 1, 2, 3]")),
        EVERY - 1,
    ),
    "loop": (hand_in(change=writes(3, LOOP)), EVERY - 1),
    "syntax-error": (hand_in(change=writes(3, "def greet(")), EVERY - 1),
    "exit": (hand_in(change=writes(4, "import sys\nsys.exit()")), EVERY - 1),
    "raises": (hand_in(change=writes(5, "1 / 0")), EVERY - 1),
    "empty": (hand_in(change=empties), EVERY - 1),
    "no-answer": (hand_in(change=drops_an_answer), EVERY - 1),
    "prints": (hand_in(change=adds(3, "print('I did it')")), EVERY),
    "noisy": (
        hand_in(change=adds(3, "import sys\nsys.stderr.write('!')")),
        EVERY,
    ),
    "warns": (
        hand_in(change=adds(4, "import warnings\nwarnings.warn('!')")),
        EVERY,
    ),
    "own-check": (hand_in(solved={*ALL} - {2}, change=weakens_a_check), EVERY - 1),
    "own-outputs": (hand_in(solved=[1], change=sends_back_points), 1),
    "own-points": (hand_in(change=raises_the_points), EVERY),
    "more-cells": (hand_in(change=adds_cells), EVERY),
    "number-at-the-end": (hand_in(solved=[1], change=writes(2, "0.5")), 1),
}
OLD = "# Exercise 2\nprediction = [7] * 5"  # a try that was kept
LEAVES = """\
import subprocess
subprocess.Popen(["sleep", "97"], start_new_session=True, env={})"""
ACCIDENTS = {  # what honest learners do
    "copied": (hand_in(change=copies("answer-2")), EVERY),
    "copied-old-below": (hand_in(change=copies("answer-2", OLD)), EVERY),
    "copied-old-above": (hand_in(change=copies("answer-2", OLD, below=False)), EVERY),
    "copied-old-ran-last": (
        hand_in(change=copies("answer-2", OLD, prompts=(3, 57))),
        EVERY,
    ),
    "copied-check": (hand_in(change=copies("check-2")), EVERY),
    "no-check": (hand_in(change=removes("check-2")), EVERY),
    "no-setup": (hand_in(change=removes("setup")), EVERY),
    "check-above": (hand_in(change=moves_a_check), EVERY),
    "restored": (hand_in(change=restores), EVERY),
    "name-above": (hand_in(change=puts_above("# Ada Lovelace")), EVERY),
    "import-above": (hand_in(change=puts_above("import os")), EVERY),
    "magic-above": (hand_in(change=puts_above("%%time")), EVERY - 1),
    "old-try-below": (hand_in(change=tries_below), EVERY),
    "answer-elsewhere": (hand_in(change=answers_elsewhere), EVERY),
    "no-metadata": (hand_in(change=loses_metadata), EVERY),
    "no-head": (hand_in(change=loses_its_head), EVERY),
    "setup-exits": (hand_in(change=exits_at_first), EVERY),
    "renamed": (hand_in(), EVERY),
    "sleeps": (hand_in(change=adds(2, "import time\ntime.sleep(3600)")), EVERY - 1),
    "forks": (
        hand_in(change=adds(2, "import os\nif os.fork():\n    os._exit(0)")),
        EVERY - 1,
    ),
    "ends-python": (hand_in(change=adds(2, "import os\nos._exit(1)")), EVERY - 1),
    "reads-a-file": (hand_in(change=adds(3, "open('templates/greet.html')")), EVERY),
    "writes-a-file": (hand_in(change=adds(3, "open('tea.txt', 'x').close()")), EVERY),
    "leaves-process": (hand_in(change=adds(2, LEAVES)), EVERY),
}
# A table of replies in the answer's own process: it has the value of a prediction,
# which is an answer. README.md tells why such a table cannot be refused.
REMAINS = {"table": 1}
CLASS |= ACCIDENTS
CLASS |= {
    f"cheat-{name}": (hand_in(change=cheats(text)), REMAINS.get(name, 0))
    for name, text in CHEATS.items()
}


REFUSED = "prediction = 'one'"


def in_language(edition):
    """What is handed in on the sheet of an edition, as in CLASS."""
    some = hand_in([1, 3], writes(2, REFUSED), edition)
    return {
        f"some-{edition}": (some, 2),
        f"all-{edition}": (hand_in(change=loses_metadata, edition=edition), EVERY),
    }


EVERYBODY = {}
for edition in EDITIONS:
    EVERYBODY |= in_language(edition)


def nbgrader(course, *arguments):
    """Run a command of nbgrader in the folder of the course."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environ = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    environ["CHECK_SECONDS"] = "5"
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(
        command,
        cwd=course,
        env=environ,
        check=False,
        capture_output=True,
        text=True,
    )


def grade(course, edition, handed_in):
    """Let nbgrader grade what was handed in, {who: (sheet, points)}, in a new course
    in the language of an edition; return {who: points}, and what else there is."""
    assert SHEET in make(course, edition)
    before = digest(course / "workbook")
    made = nbgrader(course, "generate_assignment", SHEET)
    assert made.returncode == 0, made.stderr
    for who, (sheet, _) in handed_in.items():
        folder = course / "submitted" / who / SHEET
        folder.mkdir(parents=True)
        mine = "-Ada" if who == "renamed" else ""
        nbformat.write(sheet, folder / f"{SHEET}{mine}.ipynb")
    graded = nbgrader(course, "autograde", SHEET)
    nbgrader(course, "generate_feedback", SHEET)
    exported = nbgrader(course, "export", "--to", "grades.csv")
    assert exported.returncode == 0, exported.stderr
    with open(course / "grades.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    given = {row["student_id"]: float(row["raw_score"]) for row in rows}
    given["feedback"] = len(list(course.glob("feedback/*/*/*.html")))
    given["release"] = read(course / "release" / SHEET / f"{SHEET}.ipynb")
    given["log"] = graded.stderr
    given["same"] = digest(course / "workbook") == before
    given["course"] = course
    for path in [course / "workbook", *(course / "workbook").rglob("*/")]:
        path.chmod(0o755)  # so that it can be removed
    return given


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """What nbgrader gives to each of the class, {who: points}."""
    return grade(tmp_path_factory.mktemp("course"), "", CLASS)


@pytest.fixture(scope="module", params=EDITIONS)
def taught(request, tmp_path_factory):
    """An edition in whose language a course is, and the points that it gives to
    who hands in the sheet of any edition, {who: points}."""
    course = tmp_path_factory.mktemp("course")
    return request.param, grade(course, request.param, EVERYBODY)


def graded(points, who):
    """The sheet of a learner as nbgrader has graded it, a notebook."""
    return read(points["course"] / "autograded" / who / SHEET / f"{SHEET}.ipynb")


def digest(folder):
    """What all files of a folder contain, a str."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


@pytest.mark.parametrize("who", CLASS)
def test_points(points, who):
    assert points.get(who) == CLASS[who][1]


def test_teachers_read_how_much_was_tried():
    said = (ROOT / "classroom/README.md").read_text("utf-8")
    tried = len(CLASS), len(CHEATS), len(ACCIDENTS)
    assert (
        "in {} ways, and compares the points: {} cheats, {} acc".format(*tried) in said
    )


@pytest.mark.parametrize("who", EVERYBODY)
def test_points_in_all_languages(taught, who):
    _, points = taught
    assert points[who] == EVERYBODY[who][1]


@pytest.mark.parametrize("edition", EDITIONS)
def test_feedback_is_in_the_language_that_was_handed_in(taught, edition, monkeypatch):
    """Whatever that of the course is: the texts, and what the checks say."""
    words = Path(ROOT, edition, "messages.json")
    monkeypatch.setenv("CHECK_WORDS", str(words) if words.exists() else "")
    title = BLANKS[edition].cells[0].source.partition("\n")[0].lstrip("# ")
    with pytest.raises(NotYet) as refused:
        verdict(2, REFUSED, exercise_2)
    said = [
        say("Exercise {number}: done.", number=1),
        str(refused.value),
        say("Exercise {number}, not yet: write your answer above.", number=4),
    ]
    _, points = taught
    sheet = graded(points, f"some-{edition}")
    checks = by_grade_id(sheet)
    shows = [shown(checks[f"check-{number}"]) for number in (1, 2, 4)]
    assert sheet.cells[0].source.startswith(f"# {title}\n")
    assert [text in show for text, show in zip(said, shows, strict=True)] == [True] * 3
    page = points["course"] / f"feedback/some-{edition}/{SHEET}/{SHEET}.html"
    reads = " ".join(html.unescape(page.read_text("utf-8")).split())
    for text in title, said[0], *refused.value.parts, said[2]:
        assert text in reads


def test_what_nbgrader_releases_is_our_blank(taught):
    """So a check knows, of both, an answer that nobody has touched."""
    edition, points = taught
    ours, theirs = by_grade_id(BLANKS[edition]), by_grade_id(points["release"])
    assert ours.keys() == theirs.keys()
    for name, cell in ours.items():
        assert theirs[name].source == cell.source


def test_nobody_writes_into_the_workbook(points):
    assert points["same"]


def test_what_an_answer_leaves_ends_with_its_grading(points):
    left = [p for p in psutil.process_iter() if p.name() == "sleep"]
    assert not [p for p in left if p.cmdline()[1:] == ["97"]]


def test_a_magic_is_named_in_a_line(points):
    (refusal,) = by_grade_id(graded(points, "magic-above"))["check-2"].outputs
    assert "only Jupyter reads `%%time` (line 1 of your cell)" in refusal.evalue


FENCED = """import os, subprocess, sys
from classroom.grading.fence import fence
workbook, mine, other = sys.argv[1:]
fence(workbook, mine)
for command in [
    ["cat", f"{workbook}/file"],
    ["cat", f"{mine}/file"],
    ["touch", f"{mine}/new"],
    [sys.executable, "-c", "import flask"],
    ["cat", f"{other}/file"],
    ["touch", f"{workbook}/new"],
    ["rm", f"{workbook}/file"],
    ["kill", "-0", str(os.getppid())],
]:
    ran = subprocess.run(command, capture_output=True)
    print("yes" if ran.returncode == 0 else "no", flush=True)
"""


@pytest.mark.skipif(not fence.version(), reason="no Landlock here")
def test_behind_the_fence(tmp_path):
    """The system and the workbook can be read, and no other file; nothing but one
    folder can be written; nobody outside gets a signal."""
    folders = [tmp_path / name for name in ("workbook", "mine", "other")]
    for folder in folders:
        folder.mkdir()
        Path(folder, "file").write_text("tea")
    command = [sys.executable, "-c", FENCED, *folders]
    ran = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    signals = b"no" if fence.version() >= 6 else b"yes"
    assert ran.stdout.split() == [b"yes"] * 4 + [b"no"] * 3 + [signals]


def test_everybody_gets_feedback(points):
    assert points["feedback"] >= len(CLASS)


def test_a_course_is_not_overwritten(tmp_path):
    Path(tmp_path, "mine").touch()
    with pytest.raises(FileExistsError, match="not empty"):
        make(tmp_path)
