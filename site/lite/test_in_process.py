"""The checks of a browser, which can start no process: they judge as those that
can. test_lite.py: in a browser."""

import logging
import os
import signal
import sys
import time

import pytest

from exercises import asking, checking, in_process
from exercises.answering import like_the_project
from tests.test_exercises import ACCIDENTS, ANSWERS, RIGHT, exercise_7, said_by, verdict
from tools.needs import NO_POSIX, POSIX
from tools.sheets import whole
from tools.workbook import SOLUTIONS

pytestmark = pytest.mark.skipif(not POSIX, reason=NO_POSIX)

# Their checks start a server. The others start threads, which a browser lacks;
# what it does instead, beside_03_4.py says.
SERVES = ("02", 5), ("03", 5), ("04", 5)
KEPT = [
    answer
    for answer in ANSWERS
    if answer.values[0] < "05"
    and (answer.values[0][:2], answer.values[1]) not in SERVES
]


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """Go to a folder like the project's: an answer may write."""
    before, path = os.getcwd(), sys.path[:]
    like_the_project(tmp_path_factory.mktemp("answers") / "project")
    yield
    os.chdir(before)
    sys.path[:] = path


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """Let the checks run answers here, and a timer do what Pyodide does."""

    def interrupt_in(seconds):
        again = 0.001 if seconds else 0
        signal.setitimer(signal.ITIMER_REAL, seconds or 0, again)

    before = signal.signal(signal.SIGALRM, in_process.interrupt)
    monkeypatch.setattr(in_process, "interrupt_in", interrupt_in)
    # An answer's log and the complaints of Python go to it, not to pytest.
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    monkeypatch.setattr(checking, "where", lambda: in_process.Here)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(("sheet", "n", "title", "kind", "text", "fault"), KEPT)
def test_kept_answer(sheet, n, title, kind, text, fault, monkeypatch):
    """As tests/test_exercises.py has it; this Python is then as it was."""
    monkeypatch.setattr(logging.root, "handlers", [])  # pytest's own
    before, modules = state(), dict(sys.modules)
    said = verdict(sheet, n, whole(SOLUTIONS / f"{sheet}.ipynb", n, kind, text))
    assert fault in said and said.startswith(f"Exercise {n}:")
    assert (said == f"Exercise {n}: done.") == (fault == "done")
    assert state() == before and "answer" not in sys.modules
    assert modules.items() <= sys.modules.items()


def state():
    """What an answer may change in this Python, and must not leave."""
    streams = sys.stdin, sys.stdout, sys.stderr
    return streams, os.getcwd(), dict(os.environ), sys.path[:], os._exit


HERE = ACCIDENTS | {  # what is said otherwise than by a process of its own
    "import os\nos._exit(0)": "your cell raised SystemExit: 0 (line 3 of your cell)",
    "def app(e, s):\n    import os\n    os._exit(0)": "raised SystemExit: 0 (line 4",
}
del HERE["import os\nos.kill(os.getpid(), 9)"]  # a browser has no such signal


@pytest.mark.parametrize(("text", "fault"), HERE.items())
def test_accident(text, fault, monkeypatch):
    if "while" in text:
        monkeypatch.setattr(asking, "SECONDS", 5)
    assert fault in judged(f"# Exercise 7\n{text}")
    assert judged(RIGHT) == "done"


ENDLESS = {
    "swallows an interrupt": """
while True:
    try:
        import time
        time.sleep(0.01)
    except BaseException:
        pass
""",
    "swallows it twice": """
import time
def wait():
    try:
        time.sleep(0.01)
    except BaseException:
        pass
while True:
    try:
        wait()
        time.sleep(0.001)
    except BaseException:
        pass
""",
    "answers too late": """
import time
try:
    time.sleep(60)
except BaseException:
    pass
""",
    "is no Python": "import re\nre.match('(a*)*b', 'a' * 40)\n",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_what_does_not_end_is_ended(text, monkeypatch):
    monkeypatch.setattr(asking, "SECONDS", 1)
    begun = time.monotonic()
    said = judged(f"# Exercise 7\n{text}{RIGHT}")
    assert "your cell did not end in 1 seconds: does it loop?" in said
    assert time.monotonic() - begun < 10


def judged(text):
    """What is said to a cell's text by a check that is a function here."""
    return said_by(lambda: verdict_here(text)) or "done"


def verdict_here(text):
    asking.verdict(7, text, exercise_7, in_process.Here)
