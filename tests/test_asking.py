"""What a check says, and when it ends: it hangs at nothing, leaves nothing, and
tells no answer. tests/test_exercises.py judges the answers."""

import os
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from exercises import asking, telling
from notebooks.serving import wait_until
from tools.needs import NO_POSIX, POSIX
from tools.processes import processes_in
from tools.sheets import CHECK, COUNT, SETUP, of_role
from tools.workbook import BLANKS, METADATA, SOLUTIONS, execute, read

HEAD = "# Exercise 7\n"
RIGHT = """\
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return []
"""
FORKS = pytest.mark.skipif(not POSIX, reason=NO_POSIX)


def called(answer):
    """A check of an application."""
    answer.expect("ask(app).status", "200 OK", "Why?")


def predicted(answer):
    """A check of a prediction."""
    answer.predicts("prediction", [200, 404, 405], "Why?")


def judged(text, exercise=called):
    """What is said to an answer, a str."""
    try:
        asking.verdict(7, HEAD + text, exercise)
    except asking.NotYet as refused:
        return str(refused)
    return "done"


SAID = {  # an answer of an application: what is said to it
    RIGHT: "done",
    f"{RIGHT}%matplotlib inline": (
        "only Jupyter reads `%matplotlib inline` (line 5 of your cell): leave it out."
    ),
    f"%%time\n{RIGHT}": "only Jupyter reads `%%time` (line 2 of your cell): leave",
    f"{RIGHT}!ls": "only Jupyter reads `!ls` (line 5 of your cell): leave it out.",
    f"{RIGHT}app?": "only Jupyter reads `app?` (line 5 of your cell): leave it out.",
    f"{RIGHT}names = %who_ls": "only Jupyter reads `names = %who_ls` (line 5",
    f"{RIGHT}await app": (
        "only Jupyter takes `await` outside a function (line 5 of your cell): leave"
    ),
    RIGHT.replace('"text/plain")', '"text/plain", 1)'): (
        "`ask(app).status` raised AssertionError: `check_headers` asserts "
        "`len(item) == 2` (line 3 of your cell). Hint: Why?"
    ),
    RIGHT.replace("return", "assert environ == 1\n    return"): (
        "AssertionError: `app` asserts `environ == 1` (line 4 of your cell)."
    ),
}


@pytest.mark.parametrize(("text", "said"), SAID.items())
def test_an_answer_is_told_what_is_wrong(text, said):
    assert said in judged(text)


PREDICTED = {  # a prediction: what is said to it
    "[200, 404, 405]": "done",
    "[200, 404, 500]": "is [200, 404, 500], and that is not what came: see number 3.",
    "[200, '404', 405]": "]: number 2 is of type str; what came is of type int.",
    "[200, None, 405]": "]: number 2 is of type NoneType; what came is of type int.",
    "(200, 404, 405)": "done",
    "[200, 404]": "3 values were asked for, and `prediction` has 2. Hint: Why?",
    "{200, 404}": "`prediction` is {200, 404}, of type set; what came is of type list.",
    "set()": "`prediction` is set(), of type set; what came is of type list.",
    "[200, 404, float('nan')]": "`prediction` gave nan, expected a number. Hint: Why?",
    "-1e999": "`prediction` gave -inf, expected a number. Hint: Why?",
    "frozenset()": "gave an object of type frozenset, expected a plain value.",
    "list(range(3_000_000))": "`prediction` gave more than 500000 letters. Hint: Why?",
    "'x' * 50_000_000": "`prediction` gave more than 500000 letters. Hint: Why?",
}


@pytest.mark.parametrize(("value", "said"), PREDICTED.items())
def test_a_prediction_is_told_what_is_wrong(value, said):
    assert said in judged(f"prediction = {value}", predicted)


def test_lists_in_a_list_may_be_tuples():
    said = judged(
        "prediction = (1, 2), [3, 4]",
        lambda answer: answer.predicts("prediction", [[1, 2], [3, 4]], None),
    )
    assert said == "done"


@pytest.mark.parametrize(
    ("came", "guess"),
    [
        ([True, False, True, False], [True] * 4),
        ([1, 2, 1, 2, 1], [2, 1, 2, 1, 2]),
        (["a", "a", "b", "b", "c", "a"], ["a"] * 6),
    ],
)
def test_where_few_values_are_possible_none_is_told(came, guess):
    """With the number of the wrong ones, one guess would be the answer."""
    said = judged(
        f"prediction = {guess}",
        lambda answer: answer.predicts("prediction", came, None),
    )
    assert said == f"Exercise 7: `prediction` is {guess}, and that is not what came."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            RuntimeError("ended with status 0:\n"),
            "ended with status 0 Hint: What keeps a server serving?",
        ),
        (
            RuntimeError("ended with 1:\nModuleNotFoundError: No module named 'fcntl'"),
            "No module named 'fcntl' Hint: Is it installed, and does this system have",
        ),
        (ValueError("No closing quotation"), "Hint: Which quotation mark has no "),
        (OSError(98, "Address already in use"), "Hint: Which port is free on "),
    ],
)
def test_what_fails_in_a_check_has_a_hint(error, said):
    def exercise(answer):
        raise error

    assert said in judged(RIGHT, exercise)


def test_a_statement_that_waits_in_vain_is_shown_whole():
    def exercise(answer):
        wait_until(
            lambda: answer.text is None,
            0,
        )

    said = "`wait_until( lambda: answer.text is None, 0, )`"
    assert judged(RIGHT, exercise).endswith(f"this waited in vain: {said}")


def test_an_error_in_the_log_of_a_server_is_told():
    class Server:
        folder = "."
        log = "[INFO] Tea\nTraceback ...\nKeyError: 'tea'\n[INFO] Bye\n"

    def exercise(answer):
        answer.server = Server
        answer.compare("GET /", [500], [200], "Why?")

    assert "expected [200]. It logged: KeyError: 'tea'. Hint: Why?" in judged(
        RIGHT, exercise
    )


def test_a_refusal_is_shown_as_a_fault_and_a_question():
    """In lines that are broken between words."""
    refused = asking.NotYet(f"It gave {'tea, ' * 30}{'x' * 90}.", "Hint: Which tea?")
    *fault, last = refused._render_traceback_()
    assert last == "Hint: Which tea?"
    assert " ".join(fault) == f"NotYet: {refused.parts[0]}"
    assert all(len(line) <= telling.LINE or " " not in line for line in fault)
    assert str(refused) == " ".join(refused.parts)


SLEEP = f"90.{os.getpid()}"  # by which we find it
LEAVES = {
    "a fork that ends": "import os\nif os.fork():\n    os._exit(0)\n",
    "a fork that stays": "import os\nos.fork()\n",
    "a worker": (
        "import os, time\nif not os.fork():\n    time.sleep(90)\n    os._exit(0)\n"
    ),
    "far away": """\
import os, time
if not os.fork():
    os.setsid()
    if os.fork():
        os._exit(0)
    time.sleep(90)
    os._exit(0)
""",
    "without an environment": """\
import subprocess
subprocess.Popen(["sleep", SLEEP], start_new_session=True, env={})
""",
    "no end of its group": "import os\nos.killpg(0, 15)\n",
    "no end of its keeper": "import os\nos.kill(os.getppid(), 9)\n",
}
ENDED = "your cell ended Python itself: does it call an exit?"
TOLD = {
    "a fork that ends": ENDED,
    "a fork that stays": "two processes ran your cell: does it call a fork?",
    "no end of its group": ENDED,
}


@FORKS
@pytest.mark.parametrize("what", LEAVES)
def test_nothing_is_left_and_nothing_hangs(what, folder):
    before, begun = others(folder), time.monotonic()
    text = LEAVES[what].replace("SLEEP", repr(SLEEP))
    assert TOLD.get(what, "done") in judged(text + RIGHT)
    assert time.monotonic() - begun < asking.ALL + asking.SECONDS
    wait_until(lambda: others(folder) <= before)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the processes of one answer have their files, a Path."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def others(folder):
    """The processes that this one has started, however far away they are; a set."""
    found = {*psutil.Process().children(recursive=True)}
    found |= {*processes_in(folder)}
    for process in psutil.process_iter(["cmdline"]):
        if process.info["cmdline"] == ["sleep", SLEEP]:
            found.add(process)
    return found


@FORKS
def test_an_interrupt_ends_it_all(folder):
    before = others(folder)
    main = threading.main_thread().ident

    def interrupt():
        wait_until(Path(folder, "forked").exists)
        signal.pthread_kill(main, signal.SIGINT)

    # Who starts the tests with & in a script lets them ignore interrupts.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt).start()
        forked = f"open({str(Path(folder, 'forked'))!r}, 'w')"
        said = judged(f"import os, time\nos.fork()\n{forked}\ntime.sleep(90)")
    finally:
        signal.signal(signal.SIGINT, handler)
    assert said == "Exercise 7: you have stopped this check."
    wait_until(lambda: others(folder) <= before)


def test_all_questions_together_have_a_limit(monkeypatch):
    """Each question has its time, from when the answer has begun."""

    def exercise(answer):
        monkeypatch.setattr(asking, "SECONDS", 6)
        monkeypatch.setattr(asking, "ALL", 1)  # time as long
        answer.until = time.monotonic() + 6
        for _ in range(20):
            answer("wait()", "Why?")

    text = "import time\ndef wait():\n    time.sleep(0.7)"
    begun = time.monotonic()
    assert "this check took over 6 seconds in all. Hint: Why?" in judged(text, exercise)
    assert time.monotonic() - begun < 40


def test_a_reply_that_nobody_asked_for_does_not_count():
    """Not one that is written where ours are, before the question."""
    text = """\
import os
for number in range(3, 50):
    try:
        os.write(number, b'{"value": "[200, 404, 405]"}\\n' * 9)
    except OSError:
        pass
prediction = 1
"""
    assert "done" not in judged(text, predicted)


# In a kernel.


def shown(folder, *texts):
    """What cells with these `texts` show, run in a kernel in `folder`: a list of
    what each prints, or of its error's words."""
    cells = [new_code_cell(text) for text in texts]
    notebook = new_notebook(cells=cells, metadata=METADATA)
    execute(notebook, folder, go_on=True)
    outputs = [[*cell.outputs, {}][0] for cell in cells]
    return [o.get("text") or o.get("evalue") or o.get("data") for o in outputs]


RIGHT_1 = "# Ada\nimport os\n# Exercise 1\nprediction = [200, 405, 404, 404]"


def test_a_check_finds_its_folder_and_the_answer_by_itself():
    """When the sheet's first cell was not run, as on the next day; and two sheets
    in one kernel are not taken for one."""
    said = shown(
        *(BLANKS, RIGHT_1, CHECK.format("01", 1)),
        *(COUNT.format("01", 5), COUNT.format("02", 5)),
    )
    assert said[1:] == [
        "Exercise 1: done.\n",
        "1 of 5 exercises done. Still to do: 2, 3, 4, 5.\n",
        "0 of 5 exercises done. Still to do: 1, 2, 3, 4, 5.\n",
    ]


def test_a_sheet_without_its_workbook_says_so(tmp_path):
    (said,) = shown(tmp_path, SETUP)
    assert said == "run this page in exercises/"


def test_run_all_goes_on_past_a_broken_answer():
    """Its tag says so to JupyterLab; the blank looks as if nobody had run it."""
    for folder in BLANKS, SOLUTIONS:
        sheet = read(folder / "01_call_a_flask_app.ipynb")
        for kind in "solution", "grade":
            cells = of_role(sheet, kind).values()
            assert all("raises-exception" in c.metadata.tags for c in cells)
    blank = read(BLANKS / "01_call_a_flask_app.ipynb")
    counts = {c.execution_count for c in blank.cells if c.cell_type == "code"}
    outputs = [o for c in blank.cells for o in c.get("outputs", [])]
    assert counts == {0} and outputs
    assert {o.get("execution_count") for o in outputs} == {None}
