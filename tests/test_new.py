"""A new chapter is begun in a copy of the project, and passes the check."""

import json
import subprocess
import sys

import pytest

from tools.copying import copy_project
from tools.workbook import read


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
    """A copy of the project, a Path."""
    return copy_project(tmp_path_factory.mktemp("new") / "project")


@pytest.fixture(scope="module")
def begun(project):
    """Begins chapter 13 there; what was there before, and what was said."""
    before = texts(project)
    status, said = python(
        project, "-m", "tools.new", "chapter", "13", "try_it"
    )
    assert status == 0, said
    return before, said


def test_a_new_chapter_passes_the_check(begun, project):
    path = "notebooks/13_try_it.ipynb"
    assert python(project, "-m", "tools.check", path) == (
        0,
        "Faults of style: 0.\n",
    )
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
        "notebooks/13_try_it.ipynb",
    }
    lines = after["README.md"].decode().splitlines()
    (place,) = (n for n, line in enumerate(lines) if "[13 Try it]" in line)
    assert lines[place - 1].startswith("| [12 ")
    assert lines[place + 1].startswith("| [90 ")
    assert b"Chapters 01 to 13 take" in after["classroom/README.md"]


def test_it_says_what_is_left_to_do(begun, project):
    _, said = begun
    for words in (
        "notebooks/13_try_it.ipynb is begun",
        "the last cell of notebooks/12_leave_one_machine.ipynb",
        "make check ARGS=notebooks/13_try_it.ipynb",
    ):
        assert words in said


REFUSED = {  # the words of the command: what it says
    "": "Usage:",
    "chapter 13": "Usage:",
    "chapter 13 try it": "Usage:",
    "book 13 try_it": "Usage:",
    "chapter 07 try_it": "notebooks/07_run_gunicorn.ipynb is there",
    "chapter 13 try_again": "notebooks/13_try_it.ipynb is there",
    "chapter 93 try_it": "choose one from 01 to 89",
    "chapter 00 try_it": "choose one from 01 to 89",
    "chapter 7 try_it": "with two digits",
    "chapter 14 Try-it": "write it like watch_it_run",
    "chapter 14 ../try_it": "write it like watch_it_run",
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
def refused(begun, project):
    """What each of REFUSED gave, {words: (status, what was said)}; and
    whether nothing was written."""
    before = texts(project)
    status, said = python(
        project, "-c", ALL_AT_ONCE, json.dumps([*REFUSED])
    )
    assert status == 0, said
    return json.loads(said), texts(project) == before


@pytest.mark.parametrize(("words", "why"), REFUSED.items())
def test_what_cannot_be_is_refused(refused, words, why):
    status, said = refused[0][words]
    assert status == 2
    assert why in said


def test_what_is_refused_writes_nothing(refused):
    assert refused[1]
