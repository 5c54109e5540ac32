"""The checks of the exercises: they wait for an answer, name what is wrong
with it, and cannot be fooled. tests/test_sheets.py: the sheets."""

import ast
import contextlib
import io
import json
import os
import re
import signal
import socket
import sys
from functools import cache, partial
from pathlib import Path
from string import Formatter
from subprocess import PIPE, Popen, TimeoutExpired, run
from types import SimpleNamespace

import psutil
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from exercises import answering, asking, checking, client, commands, words
from exercises.checks.files import files_of
from notebooks import serving
from notebooks.serving import wait_until
from tests.forking import SERVERS, Forked, Forks, Program
from tests.helpers import has_ended
from tools.kernels import AsyncKernels
from tools.needs import NO_POSIX, POSIX, find, lacks
from tools.sheets import (
    CHECK,
    COUNT,
    SETUP,
    WRONG,
    kept_answers,
    of_role,
    whole,
)
from tools.translate.edition import editions
from tools.workbook import BLANKS, METADATA, SOLUTIONS, code_cells, read

SOLVED = sorted(SOLUTIONS.glob("*.ipynb"))
EDITIONS = editions()
SAID = {"why", "question", "called", "what", "state"}  # holes, no values
# What was done, in backticks, is Python or one of these, or is said.
DONE = [
    r"(\d: )?(GET|POST) /\S*",
    r"POST \d MB",
    r"(1: )?bind, daemon",
    r"GET /report, TERM",
    r"SELECT stock FROM tea",
    r"(\d: )?X-Forwarded-\S+: \S+",
]


class Recorder:
    """A language that has a number for each thing said: what `say` is given
    is kept, and can be said in any language later. To a check it is one more
    language, whose words tell it nothing."""

    NUMBER = "\ue000(\\d+)\ue001"

    def __init__(self):
        self.kept = []

    def get(self, sentence, default):
        """What stands for a sentence, with a method `format`."""
        return SimpleNamespace(format=partial(self.keep, sentence))

    def keep(self, sentence, **holes):
        self.kept.append((sentence, {k: str(v) for k, v in holes.items()}))
        return f"\ue000{len(self.kept) - 1}\ue001"

    def sentences(self):
        """All that was kept, a set of str."""
        return {sentence for sentence, _ in self.kept}

    def told(self, text, words):
        """A message in the language of `words`, a catalogue; and the values
        in it, a set of str."""
        values = set()

        def tell(found):
            sentence, holes = self.kept[int(found[1])]
            ours = words.get(sentence, sentence)
            for _, hole, *_ in Formatter().parse(ours):
                if hole and not re.search(self.NUMBER, holes[hole]):
                    values.add(holes[hole])
            texts = {k: re.sub(self.NUMBER, tell, v) for k, v in holes.items()}
            return ours.format(**texts)

        return re.sub(self.NUMBER, tell, text), values

    def unsaid(self, text):
        """What in a message has not gone through `say`, and is no value."""
        numbers = [*re.finditer(self.NUMBER, text)]
        rest = [re.sub(self.NUMBER, "", text)]
        for sentence, holes in (self.kept[int(n[1])] for n in numbers):
            named = {hole for _, hole, *_ in Formatter().parse(sentence)}
            rest += [self.unsaid(holes[hole]) for hole in named & SAID]
        return "".join(rest).strip()


def is_code(text):
    """Whether a text is Python, or what a check does in place of it."""
    try:
        return bool(ast.parse(text, mode="eval"))
    except SyntaxError:
        return any(re.fullmatch(pattern, text) for pattern in DONE)


ANSWERS = [
    pytest.param(path.stem, *kept, id=f"{path.stem[:2]}-{kept[0]}-{kept[1]}")
    for path in sorted(WRONG.glob("*.md"))
    for kept in kept_answers(path)
]
CHECKS = [
    pytest.param(path.stem, n, id=f"{path.stem[:2]}-{n}")
    for path in SOLVED
    for n in of_role(read(path), "grade")
]


def verdict(sheet, n, text):
    """What the check of exercise `n` says to a cell's text, a str; it is
    judged here, the answer in a process of its own, and no kernel."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "ran", {})
        checking.note(text)
        return said_by(lambda: checking.judge(sheet[:2], n))


def said_by(judges):
    """What a check says to a learner, a str: its refusal, the line that a
    cell shows, or what it prints."""
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            shown = judges()
    except Exception as error:
        assert isinstance(error, asking.NotYet), f"unkind: {error!r}"
        return str(error)
    return shown.line if shown else printed.getvalue().strip()


@pytest.fixture(scope="module")
def forks():
    """Let the checks fork a Python that is there, where that is possible."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asking, "SECONDS", 30)  # other tests run meanwhile
        if not hasattr(socket, "send_fds"):
            yield
            return
        python, servers = Forks(), Forks(SERVERS)
        patch.setattr(asking.Answer, "start", lambda answer: python.start())
        patch.setattr(serving, "Popen", servers.popen)
        yield
    python.end()
    servers.end()


@cache
def words_of(edition):
    """What the sheets of an edition say, {sentence: its translation}."""
    path = edition.folder / "messages.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


@pytest.fixture
def recorder(monkeypatch):
    """Let what is said be kept."""
    recorder = Recorder()
    monkeypatch.setattr(words, "catalogue", lambda file: recorder)
    return recorder


# Of these some wrong answers have other faults on Windows.
OTHERWISE = ("05", 3), ("05", 6), ("15", 2)


def skip_if_lacking(sheet, n):
    """Skip a test where what a check needs is missing."""
    path = SOLUTIONS / f"{sheet}.ipynb"
    sheet = read(path)
    if why := lacks(sheet, of_role(sheet, "grade")[n]):
        pytest.skip(why)


def blank(sheet, n):
    """The text of an answer's cell before anybody writes, a str."""
    return of_role(read(BLANKS / f"{sheet}.ipynb"), "solution")[n].source


# The answers.


@pytest.mark.parametrize(("sheet", "n", "title", "kind", "text", "fault"), ANSWERS)
def test_kept_answer(forks, recorder, sheet, n, title, kind, text, fault):
    """A wrong answer is refused, and its fault is named; `> done` marks
    another right one. Nothing is told but what goes through `say`; and a
    message says the same things in each language."""
    skip_if_lacking(sheet, n)
    if (sheet[:2], n) in OTHERWISE and not POSIX:
        pytest.skip("Windows has other paths and pairs of sockets, and their errors")
    answer = whole(SOLUTIONS / f"{sheet}.ipynb", n, kind, text)
    message = verdict(sheet, n, answer)
    said, values = recorder.told(message, {})
    assert fault in said
    rest = recorder.unsaid(message)
    assert not rest or is_code(rest), "say it: a translator must find it"
    assert said.startswith(f"Exercise {n}:") and "\n" not in said
    assert (said == f"Exercise {n}: done.") == (fault == "done")
    for edition in EDITIONS:
        ours = words_of(edition)
        assert recorder.told(message, ours)[1] == values
        assert not edition.complete or recorder.sentences() <= ours.keys()


@pytest.mark.parametrize(("sheet", "n"), CHECKS)
def test_nothing_is_refused(forks, sheet, n):
    """An answer's cell that has nothing but its head; a blank that somebody
    has touched, and not answered."""
    skip_if_lacking(sheet, n)
    for text in f"# Exercise {n}", f"{blank(sheet, n)}\nstuck = True":
        said = verdict(sheet, n, text)
        assert said.startswith(f"Exercise {n}: ") and "\n" not in said
        assert "done" not in said and "not yet" not in said


@pytest.mark.parametrize(("sheet", "n"), CHECKS)
def test_before_the_first_try_a_check_waits(sheet, n):
    """When the answer's cell was not run, or was run as it came."""
    begin = f"Exercise {n}, not yet: "
    waits = f"{begin}write your answer above."
    assert verdict(sheet, n, blank(sheet, n)) == waits
    assert verdict(sheet, n, f"{blank(sheet, n)}\n\n# I am stuck.") == waits
    for text in "", "x = 1":
        said = verdict(sheet, n, text)
        assert said.startswith(f"{begin}run your answer first, ")


def test_what_waits_is_worth_nothing_and_shows_one_line():
    waits = checking.NotTried("Exercise 1: is 1 < 2?")
    assert repr(waits) == "0"  # as nbgrader reads points
    assert waits._repr_html_() == "Exercise 1: is 1 &lt; 2?"


# Accidents and cheats. `app` in this check is a WSGI application.
def exercise_7(answer):
    answer.expect("ask(app).status", "200 OK", "Why?")


RIGHT = """\
# Exercise 7
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return []
"""
ACCIDENTS = {  # what is run in the answer's cell: what the check says
    "def app(:": "your cell raised SyntaxError: ",
    "import sys\nsys.exit()": "your cell raised SystemExit (line 3 of",
    "exit()": "your cell raised SystemExit",
    "import os\nos._exit(0)": "your cell ended Python itself: ",
    "import os\nos.kill(os.getpid(), 9)": "your cell ended Python itself: ",
    "while True:\n    pass": "your cell did not end in 5 seconds: ",
    "input()": "your cell raised EOFError: ",
    "open(1, 'w').write('{}')": "`ask(app).status` raised NameError: ",
    "app = None": "raised TypeError: 'NoneType' object is not callable.",
    "app = lambda e, s: 1 / 0": "raised ZeroDivisionError: division by zero",
    "app = lambda e, s: exit()": "`ask(app).status` raised SystemExit",
    "def app(e, s):\n    while True:\n        pass": (
        "`ask(app).status` did not end in 5 seconds: does it loop? Hint: Why?"
    ),
    "def app(e, s):\n    import os\n    os._exit(0)": (
        "`ask(app).status` ended Python itself: does it call an exit? Hint:"
    ),
    "class Any(str):\n    __eq__ = lambda *a: True\n"
    "ask = lambda app: type('R', (), {'status': Any()})\napp = None": (
        "raised TypeError: 'NoneType' object is not callable."
    ),
}


def judged(text, exercise=exercise_7):
    """What is said to a cell's text by a check that is a function here."""
    return said_by(lambda: asking.verdict(7, text, exercise)) or "done"


@pytest.mark.parametrize(("text", "fault"), ACCIDENTS.items())
def test_accident(text, fault, monkeypatch):
    """It is survived, and refused in one line that says what happened."""
    if "while" in text:
        monkeypatch.setattr(asking, "SECONDS", 5)
    said = judged(f"# Exercise 7\n{text}")
    assert said.startswith("Exercise 7: ") and "\n" not in said
    assert fault in said
    monkeypatch.undo()
    assert judged(RIGHT) == "done"


FOLDER = pytest.mark.skipif(not POSIX, reason="Windows has no such folder")
WRITES = """
import sqlite3
from pathlib import Path

import wsgi

known = Path("tea.db").exists()
sqlite3.connect("tea.db").execute("create table tea (name)")
"""


@FOLDER
def test_an_answer_writes_into_a_folder_of_its_own(root):
    """Which is new for each check, and where our modules are found."""
    for _ in range(2):
        with asking.Answer(WRITES) as answer:
            assert not answer("known")
            folder = answer("str(Path.cwd())")
        assert not os.path.exists(folder)
    assert not Path(root, "tea.db").exists()


@pytest.mark.skipif(not POSIX, reason=NO_POSIX)
def test_nginx_is_found_in_a_folder_of_any_name(tmp_path, monkeypatch):
    nginx = find("nginx") or pytest.skip("nginx is not installed")
    folder = tmp_path / "Ada's tea"
    folder.mkdir()
    (folder / "nginx").symlink_to(nginx)
    monkeypatch.setattr(commands, "find", lambda name: str(folder / name))
    site = "location / { proxy_pass http://gunicorn; }"
    command, app = "gunicorn -b unix:app.sock shop:app", files_of("10_2")
    with commands.behind(SimpleNamespace(), command, app, site) as (front, _):
        assert front.get("/").ok


def test_a_name_that_lacks_is_named(forks):
    said = verdict("03", 4, "# Exercise 4\nmont = print")
    assert said == "Exercise 4: your cell has no `mount`."


FAKES = """\
# Exercise 4
import sys, types

fake = types.ModuleType("fake")
fake.where = fake.ask = fake.mounted = lambda *arguments: "/"
fake.TEXT = "Content-Type", "text/html"
for name in "client", "checks", "checks.apps", "checks.beside_03_4":
    sys.modules[f"exercises.{name}"] = fake
where = ask = mounted = fake.where


def mount(prefix, inner, outer):
    return outer"""


FILES = """\
# Exercise 4
import os

os.unlink("exercises/checks")
os.mkdir("exercises/checks")
with open("exercises/checks/beside_03_4.py", "w") as file:
    file.write("where = ask = mounted = lambda *arguments: '/'")


def mount(prefix, inner, outer):
    return outer"""


@pytest.mark.parametrize("text", [FAKES, pytest.param(FILES, marks=FOLDER)])
def test_an_answer_is_not_asked_by_what_it_brings(forks, text):
    """What stands beside it is ours, whatever it calls its own."""
    said = verdict("03", 4, text)
    assert said.startswith(
        """Exercise 4: `where(both, "/tea/cup")` gave "outer '' '/tea/cup'","""
    )


def waits_in_vain(answer):
    wait_until(lambda: answer.text is None, 0)


def reads_no_json(answer):
    json.loads("")


IN_VAIN = "wait_until(lambda: answer.text is None, 0)"


@pytest.mark.parametrize(
    ("exercise", "said"),
    [
        (waits_in_vain, f"this waited in vain: `{IN_VAIN}`"),
        (reads_no_json, 'no JSON came: `json.loads("")`'),
    ],
)
def test_a_line_that_fails_is_named(exercise, said):
    assert judged(RIGHT, exercise) == f"Exercise 7: checking it, {said}"


CHEATS = [  # cells that are run before the check of a wrong answer
    "def judge(sheet, number): return print('Exercise 2: done.')",
    "from exercises import checking as c; c.judge = lambda s, n: None",
    "from exercises import checking as c; c.verdict = lambda *a: None",
    "from exercises import asking as a; a.Answer.expect = lambda *a: 0",
    "from exercises import asking as a; a.NotYet = type('', (), {})",
    "checking.judge = reload = answer = NotYet = None",
    "checking.done['03', 2] = 'yes'",
    "import builtins; builtins.AssertionError = OSError",
    "import os; os.chdir('/'); os.environ['PATH'] = ''",
    "import sys; print('noise', file=sys.stderr); sys.exit()",
    "print('a bracket that is left open'",
    """\
from exercises.checks import sheet_03
sheet_03.exercise_2 = lambda answer: None""",
    """\
import sys, types
import exercises
checks, sheet = types.ModuleType("checks"), types.ModuleType("sheet_03")
sheet.exercise_2 = lambda answer: None
exercises.checks = sys.modules["exercises.checks"] = checks
checks.sheet_03 = sys.modules["exercises.checks.sheet_03"] = sheet""",
    """\
import sys, types
import exercises
fake = types.ModuleType("asking")
fake.verdict = lambda *arguments: None
exercises.asking = sys.modules["exercises.asking"] = fake""",
    "from exercises import words; words.say = lambda *a, **b: 1 / 0",
]
POISONS = [  # after these, the kernel is of no use
    """\
import exercises, types
exercises.checking = types.ModuleType("exercises.checking")
exercises.checking.judge = lambda sheet, number: None""",
    """\
import sys, types
fake = types.ModuleType("exercises")
fake.judge, fake.checking = lambda sheet, number: None, fake
sys.modules["exercises"] = sys.modules["exercises.checking"] = fake""",
]


def test_cheats(root, tmp_path):
    """In a real kernel none makes a wrong answer pass; the right one does,
    and the count says so. Its folder is elsewhere, as a grader's is."""
    sheet = next(path for path in SOLVED if path.name.startswith("03"))
    right = of_role(read(sheet), "solution")[2].source
    check, count = CHECK.format("03", 2), COUNT.format("03", 5)
    answers = {"right": right, "wrong": right.replace("200", "404")}
    rounds = {"begin": {"goes": f"import os; os.chdir({str(root)!r})"}}
    rounds |= {"setup": {"setup": SETUP}}
    for place, cheat in enumerate(CHEATS):
        rounds[f"cheat-{place}"] = {
            "wrong": answers["wrong"],
            "cheat": cheat,
            "refused": check,
            "before": count,
            "right": answers["right"],
            "passed": check,
            "after": count,
            "more": answers["right"] + "#",
            "changed": count,  # it has changed since its check
        }
    for place, poison in enumerate(POISONS):
        rounds[f"poison-{place}"] = {
            "wrong": answers["wrong"],
            "poison": poison,
            "refused": check,
        }
    ran = run_rounds(rounds, tmp_path)
    none = "0 of 5 exercises done. Still to do: 1, 2, 3, 4, 5.\n"
    one = "1 of 5 exercises done. Still to do: 1, 3, 4, 5.\n"
    gave = """('404 OK', b'mint tea'), expected ('200 OK', b'mint tea')."""
    for place, cheat in enumerate(CHEATS):
        outputs = ran[f"cheat-{place}"]
        (refusal,) = outputs["refused"]
        assert refusal.output_type == "error", cheat
        assert gave in refusal.evalue, cheat
        assert refusal.traceback[0].startswith("NotYet: Exercise 2: "), cheat
        assert refusal.traceback[-1].startswith("Hint: "), cheat
        (passed,) = outputs["passed"]
        assert passed.text == "Exercise 2: done.\n", cheat
        counts = [outputs[name][0].text for name in ("before", "after", "changed")]
        assert counts == [none, one, none], cheat
    for place, poison in enumerate(POISONS):
        (refusal,) = ran[f"poison-{place}"]["refused"]
        assert refusal.output_type == "error", poison


def run_rounds(rounds, folder):
    """Run cells, {round: {name: text}}, in one kernel, whose folder that
    is; return their outputs, {round: {name: [output, ...]}}."""
    cells = {
        (begun, name): new_code_cell(text)
        for begun, texts in rounds.items()
        for name, text in texts.items()
    }
    notebook = new_notebook(cells=[*cells.values()], metadata=METADATA)
    client = NotebookClient(
        notebook,
        timeout=60,
        allow_errors=True,
        kernel_manager_class=AsyncKernels,
        coalesce_streams=True,
    )
    client.execute(cwd=folder)
    ran = {begun: {} for begun in rounds}
    for (begun, name), cell in zip(cells, notebook.cells, strict=True):
        ran[begun][name] = cell.outputs
    return ran


SPOKEN = "03_write_a_wsgi_callable"  # a sheet whose checks are quick


@pytest.mark.parametrize("edition", EDITIONS, ids=lambda e: e.folder.name)
@pytest.mark.parametrize("first", [True, False], ids=["first cell", "none"])
def test_a_sheet_speaks_the_language_of_its_edition(edition, first, recorder):
    """In a real kernel, in the sheet's folder: an answer to each exercise is
    told what it is told in English, in the words of the edition; without the
    sheet's first cell, too."""
    path = edition.folder / "exercises" / f"{SPOKEN}.ipynb"
    if not path.exists():
        pytest.skip("it is not translated")
    sheet = read(path)
    answers = [*kept_answers(WRONG / f"{SPOKEN}.md")]
    kept = {n: (kind, text) for n, _, kind, text, _ in reversed(answers)}
    rounds = {"first": {"cell": code_cells(sheet)[0].source}} if first else {}
    for n, check in of_role(sheet, "grade").items():
        answer = whole(SOLUTIONS / f"{SPOKEN}.ipynb", n, *kept[n])
        rounds[n] = {"answer": answer, "check": check.source}
    ran = run_rounds(rounds, path.parent)
    for n in kept:
        message = verdict(SPOKEN, n, rounds[n]["answer"])
        said, _ = recorder.told(message, words_of(edition))
        (output,) = ran[n]["check"]
        assert said == output.evalue
        assert said != recorder.told(message, {})[0]


def test_a_value_that_a_translation_loses_is_missed():
    recorder = Recorder()
    gave = recorder.get("`{called}` gave {came}.", None)
    told = recorder.get("Exercise {number}: {why}", None)
    why = gave.format(called="ask(app)", came="200")
    message = told.format(number=1, why=f"{why} Oh!")
    said = "Exercise 1: `ask(app)` gave 200. Oh!"
    assert recorder.told(message, {}) == (said, {"1", "ask(app)", "200"})
    ours = {"`{called}` gave {came}.": "{came}"}
    assert recorder.told(message, ours) == ("Exercise 1: 200 Oh!", {"1", "200"})
    assert recorder.unsaid(message) == "Oh!ask(app)"


# What the checks are made of.


@pytest.mark.parametrize(
    "value",
    [None, ..., True, 1, -0.5, "a'\"", b"\xff", [1, (2,)], (), {1: {2}}],
)
def test_literal(value):
    assert ast.literal_eval(answering.literal(value)) == value


def test_the_telling_line():
    log = "RuntimeError: ended with 3:\nImportError: no tea\n[ERROR] Bye"
    assert asking.telling_line(log) == "ImportError: no tea"
    log = "RuntimeError: ended with 0:\n"
    assert asking.telling_line(log) == "RuntimeError: ended with 0"


def test_literal_believes_no_answer():
    class Sly(str):
        __repr__ = __str__ = lambda self: "'right'"
        __eq__, __hash__ = lambda *a: True, str.__hash__

    assert answering.literal(Sly("wrong")) == "'wrong'"
    for value in object(), [object()], {1: iter([])}:
        with pytest.raises(Exception) as found:
            answering.literal(value)
        assert type(found.value).__name__ == "NotPlain"


def asked(status="200 OK", headers=(), body=(), twice=()):
    """What `ask` gets from such an application."""

    def app(environ, start_response):
        start_response(status, [("Content-Type", "text/plain"), *headers])
        if twice:
            start_response("500 Oh No", [("Content-Type", "a/b")], *twice)
        return body

    return client.ask(app, "/café?x=1", headers={"X-Tea": "mint"})


def test_ask():
    reply = asked(headers=[("X", "1"), ("x", "2")], body=[b"a", b"b"])
    assert (reply.status, reply.body) == ("200 OK", b"ab")
    assert reply.header("X") == "1, 2" and reply.header("Y") is None
    assert asked(body=[b'{"a": 1}']).json == {"a": 1}
    error = ValueError("late")
    assert asked(twice=[(ValueError, error, None)]).status == "500 Oh No"


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200},
        {"status": "204 No Content"},
        {"body": None},
        {"body": ["text"]},
        {"headers": [("Content-Length", "1")]},
        {"twice": [None]},
    ],
)
def test_ask_is_strict(fault):
    with pytest.raises(AssertionError):
        asked(**fault)


def test_ask_describes_the_request():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        seen = [environ["wsgi.input"].read(3), environ["CONTENT_LENGTH"]]
        names = "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_TEA"
        seen += [environ[n] for n in (*names, "CONTENT_TYPE", "SCRIPT_NAME")]
        return [repr(seen).encode()]

    headers = {"X-Tea": "mint", "Content-Type": "a/b"}
    reply = client.ask(app, "/café?x=1", "POST", b"tea", headers, SCRIPT_NAME="/m")
    assert ast.literal_eval(reply.body.decode()) == [
        *(b"tea", "3", "POST", "/cafÃ©", "x=1", "mint", "a/b", "/m")
    ]


LOOP = """
from exercises.asking import Answer
print("begun", flush=True)
Answer("while True: pass").__enter__()
"""


def test_no_answer_outlives_its_kernel(root):
    """Not even one that loops, and whose kernel is killed with -9."""
    with Popen([sys.executable, "-c", LOOP], stdout=PIPE) as process:
        process.stdout.readline()
        parent = psutil.Process(process.pid)
        wait_until(parent.children)
        wait_until(lambda: loop_of(parent))
        both = [*parent.children(), loop_of(parent)]
        process.kill()
    wait_until(lambda: all(map(has_ended, both)))


def loop_of(parent):
    """The process far below `parent` that is busy, or None."""
    busy = [
        child
        for child in parent.children(recursive=True)
        if child.cpu_times().user > 0.3 and not child.children()
    ]
    return busy[0] if busy else None


LIKE = """
import os, signal, sys, threading
names = sorted(name for name in vars() if not name.startswith("_"))
like = {
    "names": names,
    "environ": sorted(os.environ),
    "folder": os.listdir(),
    "files": [os.fstat(n).st_rdev for n in (0, 1, 2)],
    "leads a group": os.getpgrp() == os.getpid(),
    "threads": threading.active_count(),
    "alarm": signal.alarm(60) > 0,
    "open": len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0,
}
"""


class Fresh(asking.Answer):
    """An Answer that no fixture makes fork."""

    start = asking.Answer.start


FORKS = pytest.mark.skipif(
    not hasattr(socket, "send_fds"), reason="Windows forks no process"
)


LOOKS = """
import os
from pathlib import Path

from flask import Flask, render_template

app = Flask("answer", static_folder="notebooks/img")
with app.app_context():
    page = render_template("greet.html", name="Ada")
image = os.listdir(app.static_folder)[0]
names = "my_flask_app", "small_server.wire", "a_tea_shop"
names += ("notebooks.serving",)
seen = [
    page,
    open("templates/greet.html").read(),
    Path("wsgi.py").read_text(),
    sorted(path.name for path in Path("notebooks").glob("[0-9]*")),
    app.test_client().get(f"/img/{image}").status_code,
    [os.path.relpath(Flask(name).root_path) for name in names],
    os.path.exists("tea.txt"),
]
"""
CHANGES = """
import os
from pathlib import Path

for name in "tea.txt", "templates/tea.html", "wsgi.py":
    with open(name, "a") as file:
        file.write("# tea")
os.remove("templates/greet.html")
wrote = Path("wsgi.py").read_text()
"""


@FORKS
def test_an_answer_sees_the_files_that_a_sheet_sees(root):
    """By the same relative paths as the kernel, in the project's folder."""
    show = f"{LOOKS}\nprint(repr(seen))"
    command = [sys.executable, "-c", show]
    kernel = run(command, cwd=root, check=True, stdout=PIPE, text=True)
    with Fresh(LOOKS) as answer:
        assert answer("seen") == ast.literal_eval(kernel.stdout)


@FORKS
def test_what_an_answer_writes_ends_with_it(root):
    """In the project nothing changes, nor for an answer at the same time."""
    before = {path: path.stat().st_mtime_ns for path in app_files(root)}
    with Fresh(CHANGES) as one, Fresh(LOOKS) as two:
        assert one("wrote").endswith("# tea")
        assert not two("seen")[-1] and "# tea" not in two("seen")[2]
        folder = one("os.getcwd()")
        assert Path(folder, "tea.txt").exists()
    assert not Path(folder).exists()
    after = {path: path.stat().st_mtime_ns for path in app_files(root)}
    assert after == before


def app_files(root):
    """The files in the project's folder and its templates, Paths."""
    paths = *root.iterdir(), *(root / "templates").iterdir()
    return [path for path in paths if path.is_file()]


@FORKS
def test_what_is_forked_is_like_a_fresh_python(forks):
    """But for Flask, which it has imported, and the program it began as."""
    with Fresh(LIKE) as fresh:
        expected = fresh("like")
    with asking.Answer(LIKE) as forked:
        assert forked("like") == expected
    assert isinstance(fresh.process, Popen)
    assert isinstance(forked.process, Forked)


ABOUT = """
import os, re, sys, tempfile
from wsgiref.simple_server import make_server

from flask import Flask

def app(environ, start_response):
    start_response("200 OK", [])
    files = os.listdir("/proc/self/fd") if sys.platform == "linux" else []
    files = [os.path.realpath(f"/proc/self/fd/{n}") for n in files]
    environ = dict(os.environ.items() - {("PWD", os.getcwd())})
    environ.pop("WERKZEUG_SERVER_FD", None)  # a number: see below
    about = {
        "environ": sorted(environ.items()),
        "argv": [sys.argv, sys.orig_argv[1:], vars(sys.modules["__main__"])["__file__"]],
        "imports": vars(sys)["path"][:2],
        "place": [os.getcwd(), tempfile.gettempdir()],
        "group": os.getpgid(os.getppid()) == os.getpgrp() != os.getppid(),
        "files": [os.fstat(n).st_rdev for n in (0, 1, 2)],
        # A newer libffi has itself open, where ctypes is imported; Werkzeug has
        # the selector of an earlier request, until it is collected.
        "open": sum(not re.search("libffi|eventpoll", name) for name in files),
        "buffered": sys.stdout.write_through,
        "ours": sorted(m for m in sys.modules if m.startswith(("tests", "exercises"))),
    }
    return [repr(about).encode()]

tea = Flask("tea")
tea.wsgi_app = app
if __name__ == "__main__":
    make_server("127.0.0.1", 0, app).serve_forever()
"""


def about(command, send):
    """What a server tells of itself, without the name of its folder (nor
    PWD, which a shell sets: it starts the script whose path has a space); its
    status after the signal `send`; and the class of its process."""
    with serving.serve(command, {"shop.py": ABOUT}) as server:

        def is_alone():
            connections = server.listener.net_connections("tcp")
            return all(each.status == psutil.CONN_LISTEN for each in connections)

        wait_until(is_alone)  # who asked whether it answers has gone
        told = server.get("/").text.replace(server.folder, "FOLDER")
        server.process.send_signal(send)
        status = server.process.wait(30)
    return told, status, type(server.process)


@pytest.fixture
def servers(monkeypatch):
    """A Forks that starts what `serving` starts."""
    python = Forks(SERVERS)
    monkeypatch.setattr(serving, "Popen", python.popen)
    yield python
    python.end()


@FORKS
@pytest.mark.parametrize(
    ("command", "name", "ends"),
    [
        ("gunicorn -b 127.0.0.1:0 shop:app", "SIGTERM", 0),
        ("gunicorn -b 127.0.0.1:0 shop:app", "SIGKILL", -9),
        ("waitress-serve --listen 127.0.0.1:0 shop:app", "SIGTERM", -15),
        ("flask --app shop:tea run --without-threads --port 0", "SIGTERM", -15),
        ("python shop.py", "SIGTERM", -15),
    ],
)
def test_a_forked_script_is_like_a_started_one(
    servers, monkeypatch, command, name, ends
):
    """It is where its command is, has its environment, and ends as it."""
    send = getattr(signal, name)  # Windows has no SIGKILL
    *forked, process = about(f"TEA=mint {command}", send)
    assert process is Program
    monkeypatch.setattr(serving, "Popen", Popen)
    *started, process = about(f"TEA=mint {command}", send)
    assert process is Popen
    assert forked == started
    assert started[1] == ends


@FORKS
def test_a_forked_script_that_fails_says_why(servers):
    failed = serving.run("gunicorn nothing:app")
    assert failed.returncode == 3 and "No module named 'nothing'" in failed.stdout
    failed = serving.run("python shop.py", {"shop.py": "1 / 0"})
    assert failed.returncode == 1 and failed.stdout.endswith(
        "\nZeroDivisionError: division by zero\n"
    )


@FORKS
@pytest.mark.parametrize(
    "command",
    [
        "python -m gunicorn -b 127.0.0.1:0 shop:app",
        'python -c \'import runpy; runpy.run_path("shop.py", run_name="__main__")\'',
        "PYTHONPATH=. gunicorn -b 127.0.0.1:0 shop:app",
        "LC_ALL=C gunicorn -b 127.0.0.1:0 shop:app",
    ],
)
def test_what_a_fork_would_not_notice_is_started(servers, command):
    """Such as a variable that Python reads before it runs anything."""
    *_, process = about(command, signal.SIGTERM)
    assert process is Popen


@FORKS
def test_a_python_without_a_script_is_started(servers):
    assert serving.run("python").returncode == 0


@FORKS
def test_a_program_that_does_not_end_in_time_is_waited_for_again(servers):
    """As subprocess does it; and what has ended gets no signal."""
    with serving.serve("gunicorn -b 127.0.0.1:0 wsgi:app") as server:
        with pytest.raises(TimeoutExpired):
            server.process.wait(0.1)
        assert server.process.poll() is None
        server.process.kill()
        assert server.process.wait(30) == server.process.poll() == -9
        server.process.terminate()


@FORKS
def test_nothing_that_is_forked_outlives_who_asked(root):
    """Nor does it outlive the end of the Python that forked it."""
    python = Forks()
    one, two = python.start(), python.start()
    children = [psutil.Process(p.pid) for p in (one, two)]
    one.terminate()
    one.wait()
    assert has_ended(children[0])
    python.end()
    wait_until(lambda: has_ended(children[1]))


# TERM comes while the check's own file looks for another file: a handler may
# raise what `Path.exists` takes for an answer.
RAISES = """
import os
import signal

def work(listener, talk):
    def stop(*_):
        raise InterruptedError

    signals = [signal.SIGTERM]  # for the first call alone

    def at(real):
        def call(*given, **named):
            if signals:
                signal.raise_signal(signals.pop())
            return real(*given, **named)
        return call

    signal.signal(signal.SIGTERM, stop)
    for name in NAMES:
        setattr(os, name, at(getattr(os, name)))
    try:
        listener.accept()
    except InterruptedError:
        os._exit(7)
"""


@pytest.mark.skipif(not POSIX, reason=NO_POSIX)
@pytest.mark.parametrize("names", [("access", "stat"), ("open", "utime")])
def test_no_signal_is_lost_in_the_files_of_05_8(names):
    """Whether it looks for a file, or makes one."""
    answer = RAISES.replace("NAMES", repr(names))
    files = files_of("05_8", answer=answer) | {"held": ""}
    with serving.start("python two.py", files) as server:
        wait_until(lambda: server.log.count("ended with 7") == 2)
