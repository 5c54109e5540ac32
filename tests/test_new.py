"""A chapter, an exercise and a sheet are begun in a copy of the project; the
check names what is to be written of each, and nothing else."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from tools import new, sheets
from tools.copying import copy_project
from tools.workbook import SOLUTIONS, chapters, name_of, read

SHEET = "exercises/solutions/01_call_a_flask_app.ipynb"
ROAD = [path for path in chapters() if "00" < path.name[:2] < "90"]
LAST = ROAD[-1]
NEW = f"{int(LAST.name[:2]) + 1:02}"  # the number of the chapter that is begun
WITHOUT = [p for p in ROAD if not (SOLUTIONS / p.name).exists()]
FIRST = WITHOUT[0].name if WITHOUT else f"{NEW}_try_it.ipynb"  # to get a sheet


def python(project, *words):
    """Run Python in a copy of the project; its exit status, and what it
    has said, a str."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,  # on a busy machine
    )
    return done.returncode, done.stdout + done.stderr


def texts(project):
    """All files of a copy but what Python makes, {name: bytes}."""
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project, a Path, without its pictures: each check would
    draw all of them again."""
    project = copy_project(tmp_path_factory.mktemp("new") / "project")
    shutil.rmtree(project / "notebooks/img")
    return project


@pytest.fixture(scope="module")
def begun(project):
    """Begins a chapter there; what was there before, and what was said."""
    before = texts(project)
    status, said = python(project, "-m", "tools.new", "chapter", NEW, "try_it")
    assert status == 0, said
    return before, said


def faults_of(project, path):
    """The faults that the check lists of a page there, which must have some:
    lines of text."""
    status, said = python(project, "-m", "tools.check", path)
    *faults, last = said.splitlines()
    assert (status, last) == (1, f"Faults of style: {len(faults)}.")
    return faults


def test_of_a_new_chapter_the_check_names_what_is_to_be_written(begun, project):
    path = f"notebooks/{NEW}_try_it.ipynb"
    for fault, words in zip(
        faults_of(project, path),
        [
            "which question does this chapter answer?",
            "what does the reader type, run and break here?",
            "what does the reader know afterwards?",
            "the heading of the first step",
            "a sentence or two",
            "a sentence on what we saw",
            "lead on",
        ],
        strict=True,
    ):
        assert fault.startswith(f"{path}: cell c{NEW}-")
        assert f"has a TODO: {words}" in fault


def test_it_can_be_read(begun, project):
    path = f"notebooks/{NEW}_try_it.ipynb"
    first, *_ = read(project / path).cells
    assert first.source.startswith("# Try it\n")
    assert read(project / path).cells[3].outputs[0].data == {
        "text/plain": "'Hello, World!'"
    }


def test_it_has_its_rows_and_all_else_is_as_it_was(begun, project):
    before, _ = begun
    after = texts(project)
    assert {name for name in after if after[name] != before.get(name)} == {
        "README.md",
        "classroom/README.md",
        "notebooks/00_start_here.ipynb",
        f"notebooks/{NEW}_try_it.ipynb",
    }
    lines = after["README.md"].decode().splitlines()
    (place,) = (n for n, line in enumerate(lines) if f"[{NEW} Try it]" in line)
    assert lines[place - 1].startswith(f"| [{LAST.name[:2]} ")
    assert lines[place + 1].startswith("| [90 ")
    summed_up = after["classroom/README.md"].decode()
    assert f"Chapters 01 to {NEW} take" in summed_up


def test_it_says_what_is_left_to_do(begun, project):
    _, said = begun
    for words in (
        f"notebooks/{NEW}_try_it.ipynb is begun",
        f"the last cell of {name_of(LAST)}",
        f"make check ARGS=notebooks/{NEW}_try_it.ipynb",
    ):
        assert words in said


@pytest.fixture(scope="module")
def exercise(begun, project):
    """Begins one more exercise of sheet 01; its number, what was there
    before, and what was said."""
    before = texts(project)
    n = len(sheets.of_role(read(project / SHEET), "grade")) + 1
    status, said = python(project, "-m", "tools.new", "exercise", "01")
    assert status == 0, said
    return n, before, said


def test_of_a_new_exercise_the_check_names_what_is_to_be_written(exercise, project):
    n, *_ = exercise
    for fault, words in zip(
        faults_of(project, SHEET),
        [
            "its head does not say that it has",
            "has a TODO: its title",
            "has a TODO: what is `tea()` to do?",
            f"cell e01-answer-{n} ('# Exercise {n}",
            "has a TODO: which question helps?",
            f"checks/sheet_01.py: exercise_{n} is not written",
            f"wrong/01_call_a_flask_app.md: 0 wrong answers to exercise {n}",
        ],
        strict=True,
    ):
        assert words in fault


def test_a_new_exercise_is_in_the_sheet_and_its_blank(exercise, project):
    """And nothing but its five files has changed."""
    n, before, said = exercise
    after = texts(project)
    assert {name for name in after if after[name] != before.get(name)} == {
        SHEET,
        SHEET.replace("solutions/", ""),
        "exercises/checks/blanks.json",
        "exercises/checks/sheet_01.py",
        "exercises/wrong/01_call_a_flask_app.md",
    }
    for folder in "exercises", "exercises/solutions":
        sheet = read(project / folder / "01_call_a_flask_app.ipynb")
        assert [*sheets.of_role(sheet, "solution")] == [*range(1, n + 1)]
        assert f'count("01", {n})' in sheet.cells[-2].source
    assert f"exercise_{n} in exercises/checks/sheet_01.py" in said


def test_ids_stay_where_they_are(exercise, project):
    """A cell that was there keeps its words; the new cells have new ids."""
    cells = json.loads(exercise[1][SHEET])["cells"]
    before = {cell["id"]: "".join(cell["source"]) for cell in cells}
    after = {cell.id: cell for cell in read(project / SHEET).cells}
    assert len(after.keys() - before.keys()) == 3
    for id, text in before.items():
        hint, end, _ = text.partition("</details>")
        assert not end or after[id].source.startswith(hint)


@pytest.fixture(scope="module")
def sheet(exercise, project):
    """Begins a sheet there, of the first chapter that has none."""
    status, said = python(project, "-m", "tools.new", "sheet", FIRST[:2])
    assert status == 0, said
    return said


def test_a_new_sheet_lacks_only_what_is_to_be_written(sheet, project):
    path = f"exercises/solutions/{FIRST}"
    for fault in faults_of(project, path):
        assert re.search("has a TODO|is not written|0 wrong answers", fault)
    readme = (project / "README.md").read_text("utf-8")
    assert f"01 to {FIRST[:2]} has a sheet" in readme
    (line,) = (line for line in sheet.splitlines() if "Begun in" in line)
    assert f"{path}: exercise 1, 2, 3." in line


FREE = f"{int(NEW) + 1:02}"  # the next one
REFUSED = {  # the words of the command: what it says
    "": "Usage:",
    "chapter 13": "Usage:",
    "chapter 13 try it": "Usage:",
    "book 13 try_it": "Usage:",
    "chapter 07 try_it": "07 is notebooks/07_run_gunicorn.ipynb: choose a free one",
    f"chapter {NEW} try_again": f"{NEW} is notebooks/{NEW}_try_it.ipynb: choose",
    "chapter 93 try_it": f"from {FREE} to 89",
    "chapter 00 try_it": "00 is no number of a chapter: choose",
    "chapter 7 try_it": "with two digits",
    "chapter 89 Try-it": "write it like watch_it_run",
    "chapter 89 ../try_it": "write it like watch_it_run",
    "exercise": "Usage:",
    "exercise 99": "there is no sheet 99: choose of 01, 02, ",
    "exercise 1": "there is no sheet 1:",
    "sheet 05": "solutions/05_write_a_wsgi_server.ipynb is there",
    f"sheet {FIRST[:2]}": f"solutions/{FIRST} is there",
    "sheet 90": "there is no chapter 90",
    "sheet 55": "there is no chapter 55",
    "exercise *": "there is no sheet *:",
}
ALL_AT_ONCE = """
import contextlib, io, json, sys
from tools import new
said = {}
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        status = new.main(words.split())
    said[words] = status, out.getvalue()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def refused(sheet, project):
    """What each of REFUSED gave, {words: (status, what was said)}; and
    whether nothing was written."""
    before = texts(project)
    status, said = python(project, "-c", ALL_AT_ONCE, json.dumps([*REFUSED]))
    assert status == 0, said
    return json.loads(said), texts(project) == before


@pytest.mark.parametrize(("words", "why"), REFUSED.items())
def test_what_cannot_be_is_refused(refused, words, why):
    status, said = refused[0][words]
    assert status == 2
    assert why in said


def test_a_sheet_waits_for_those_before_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(new, "SOLUTIONS", tmp_path)
    assert new.main(["sheet", "05"]) == 2
    assert capsys.readouterr().out == "new: sheet 01 comes first.\n"
    assert not [*tmp_path.iterdir()]


def test_what_is_refused_writes_nothing(refused):
    assert refused[1]
