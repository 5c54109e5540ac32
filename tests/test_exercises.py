"""The sheets of exercises: blanks wait, solutions pass, wrong answers are
named. nbval runs the sheets, so what is stored in them is what happens."""

import ast
import contextlib
import copy
import io
import json
import re
import socket
import sys
from functools import cache
from string import Formatter
from subprocess import PIPE, Popen
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output

from exercises import answering, asking, checking, client, words
from notebooks.serving import wait_until
from tests.forking import Forked, Forks
from tools.build_exercises import (
    BLANKS,
    SOLUTIONS,
    STUB,
    blank_of,
    cleared,
    faults,
    number,
    role,
)
from tools.kernels import AsyncKernels
from tools.needs import lacks, tags
from tools.style import (
    OF_ALL,
    WIDTH,
    bad_links,
    minutes,
    where,
)
from tools.workbook import METADATA, cells, read

SOLVED = sorted(SOLUTIONS.glob("*.ipynb"))
SHEETS = sorted([*SOLVED, *BLANKS.glob("*.ipynb")])
HEADING = r"(?m)^## (\d+)\. (Predict|Change|Build): \S"
KINDS = {"Predict", "Change", "Build"}
WRONG = BLANKS / "wrong"
CHECKED = BLANKS / "checks"
LINES = 6  # of code in a cell that is not an answer's
# The setup cell of each sheet; a grader that works elsewhere sets WORKBOOK.
SETUP = """\
import os

os.chdir(os.environ.get("WORKBOOK", "."))
while not os.path.exists("wsgi.py") and not os.path.ismount("."):
    os.chdir("..")  # up to the folder of the app

from exercises.checking import listen

listen()  # to the answers that you run"""
CHECK = """\
from importlib import reload

from exercises import checking

reload(checking).judge("{}", {})"""
COUNT = "from exercises.checking import count\n\ncount({})"


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def of_role(path, wanted):
    """The answers or the checks of a sheet, {number: cell}."""
    code = cells(read(path), "code")
    return {number(cell): cell for cell in code if role(cell) == wanted}


def kept_answers(path):
    """The answers of a file of wrong/: (number, title, kind, text, fault),
    the last a part of the refusal."""
    pattern = r"(?ms)^## (\d+)\. (.*?)\n\n```(\w+)\n(.*?)^```\n\n> (.*?)$"
    for found in re.findall(pattern, path.read_text("utf-8")):
        n, title, kind, text, fault = found
        yield int(n), title, kind, text, fault


def whole(sheet, n, kind, text):
    """The text of an answer's cell. A text of the kind `diff` changes the
    solution: each of its runs of lines with `-` is replaced by the lines
    with `+` that follow."""
    if kind != "diff":
        return f"# Exercise {n}\n{text}"
    solutions = of_role(SOLUTIONS / f"{sheet}.ipynb", "solution")
    return changed(solutions[n].source + "\n", text)


def changed(source, diff):
    """`source` with the changes of `diff`, each to lines that it has once."""
    for old, new in re.findall(
        r"((?:^-.*\n)+)((?:^\+.*\n)*)", diff, re.MULTILINE
    ):
        old, new = (re.sub(r"(?m)^[-+]", "", text) for text in (old, new))
        assert f"\n{source}".count(f"\n{old}") == 1, f"not once: {old}"
        source = f"\n{source}".replace(f"\n{old}", f"\n{new}")[1:]
    return source


# Marks around what we say, and around a value in it.
OURS, VALUE = "\ue000{}\ue001", "\ue002{}\ue003"
SAID = {"why", "question", "called", "what", "state"}  # holes, no values
# What was done, in backticks, is Python or one of these, or is said.
DONE = [
    r"(\d: )?(GET|POST) /\S*",
    r"POST \d MB",
    r"(1: )?bind, daemon",
    r"GET /report, TERM",
    r"SELECT stock FROM tea",
    r"X-Forwarded-\S+: \S+",
]


def with_marks(sentence):
    """A sentence whose words are marked as ours, its holes as values."""
    marked = ""
    for ours, hole, *_ in Formatter().parse(sentence):
        marked += OURS.format(ours) if ours else ""
        if hole:
            place = f"{{{hole}}}"
            marked += place if hole in SAID else VALUE.format(place)
    return marked


def unmarked(said):
    """What is said, without marks; and the part of it that is in none."""
    rest = re.sub("\ue000.*?\ue001", "", said)
    rest = re.sub("\ue002.*\ue003", "", rest)
    return re.sub("[\ue000-\ue003]", "", said), rest.strip()


def is_code(text):
    """Whether a text is Python, or what a check does in place of it."""
    try:
        return bool(ast.parse(text, mode="eval"))
    except SyntaxError:
        return any(re.fullmatch(pattern, text) for pattern in DONE)


ANSWERS = [
    pytest.param(
        path.stem, *kept, id=f"{path.stem[:2]}-{kept[0]}-{kept[1]}"
    )
    for path in sorted(WRONG.glob("*.md"))
    for kept in kept_answers(path)
]
CHECKS = [
    pytest.param(path.stem, n, id=f"{path.stem[:2]}-{n}")
    for path in SOLVED
    for n in of_role(path, "grade")
]


def verdict(sheet, n, text):
    """What the check of exercise `n` says to a cell's text, a str; it is
    judged here, the answer in a process of its own, and no kernel."""
    checking.ran.clear()
    checking.note(SimpleNamespace(raw_cell=text))
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
    if not hasattr(socket, "send_fds"):
        yield
        return
    python = Forks()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            asking.Answer, "start", lambda answer: python.start()
        )
        yield
    python.end()


@cache
def marked_language():
    """A catalogue of all sentences that can be listed, with their marks."""
    return {text: with_marks(text) for text in words.sentences()}


@pytest.fixture
def marks(monkeypatch):
    """Let what is said have its marks."""
    monkeypatch.setattr(words, "CATALOGUE", marked_language())


def skip_if_lacking(sheet, n):
    """Skip a test where what a check needs is missing."""
    path = SOLUTIONS / f"{sheet}.ipynb"
    if why := lacks(read(path), of_role(path, "grade")[n]):
        pytest.skip(why)


def blank(sheet, n):
    """The text of an answer's cell before anybody writes, a str."""
    return of_role(BLANKS / f"{sheet}.ipynb", "solution")[n].source


# The sheets.


@pytest.mark.parametrize("path", SOLVED, ids=name_of)
def test_blank_is_fresh(path):
    twin = BLANKS / path.name
    assert twin.exists(), "run `make exercises`"
    expected, stored = (
        [(c.id, c.cell_type, c.source, c.metadata) for c in sheet.cells]
        for sheet in (blank_of(read(path)), read(twin))
    )
    assert stored == expected, "the blank is stale: run `make exercises`"
    known = json.loads(checking.BLANKS.read_text("utf-8"))[path.name[:2]]
    answers = list(of_role(twin, "solution").values())
    assert known == [cell.source for cell in answers], "`make exercises`"


def test_each_blank_has_its_solution():
    names = [path.name for path in SHEETS]
    assert names and all(names.count(name) == 2 for name in names)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_each_check_waits_in_the_blank_and_accepts_the_solution(path):
    solved = path.parent == SOLUTIONS
    assert not list(faults(read(path), solved))


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_rules_of_all_notebooks(path):
    nbformat.validate(read(path))
    found = [fault for kind in OF_ALL for fault in kind(read(path))]
    assert not found, "\n".join(found)


def sheet_faults(notebook, folder):
    """What breaks the form of a sheet, lines of text."""
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    code = cells(notebook, "code")
    if not re.match(r"# Exercises \d\d: \S.*\n\n\*.+\?\*\n", text):
        yield "it lacks its head: `# Exercises 01: ...`, and a question"
    if not minutes(notebook):
        yield "its head lacks its time, as in: About 40 minutes."
    if "## What comes next" not in notebook.cells[-1].source:
        yield "its last cell lacks the heading `## What comes next`"
    headings = re.findall(HEADING, text)
    numbers = [str(n) for n in range(1, len(headings) + 1)]
    if [n for n, _ in headings] != numbers or len(numbers) < 3:
        yield f"its exercises are {headings}: number them from 1, three or more"
    if KINDS - {kind for _, kind in headings}:
        yield "it needs an exercise of each kind: Predict, Change, Build"
    for wanted in "solution", "grade":
        found = [str(number(c)) for c in code if role(c) == wanted]
        if found != numbers:
            yield f"its cells to {wanted} are {found}, not {numbers}"
    for part in re.split(HEADING, text)[3::3]:
        hints = re.findall(r"(?s)<details>(.*?)</details>", part)
        if len(hints) != 1 or "?" not in hints[0]:
            yield f"no hint that asks in: {part.strip()[:40]!r}"
    if code[0].source != SETUP:
        yield "its first code cell is not the setup cell"
    count = COUNT.format(len(numbers))
    if code[-1].source != count:
        yield f"its last code cell is not: {count!r}"
    sheet = text[len("# Exercises ") :][:2]
    if f"checks/sheet_{sheet}.py)" not in notebook.cells[0].source:
        yield "its head has no link to what judges it"
    for cell in notebook.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "code" and len(line) > WIDTH:
                yield f"{where(cell)} is over {WIDTH} columns: {line}"
        if cell.cell_type == "markdown":
            for fault in bad_links(cell.source, folder):
                yield f"{where(cell)}: {fault}"
    for cell in code:
        yield from mark_faults(cell, sheet)


def mark_faults(cell, sheet):
    """What is wrong with a code cell's marks for nbgrader, and with what
    the marks say that it is, in a sheet such as "05"."""
    marks = cell.metadata.get("nbgrader", {})
    graded = role(cell) == "grade"
    if role(cell) and marks.grade_id != (
        f"{'check' if graded else 'answer'}-{number(cell)}"
    ):
        yield f"{where(cell)} has the grade_id {marks.grade_id}"
    if graded and not (marks.locked and marks.get("points") == 1):
        yield f"{where(cell)} needs `locked`, and 1 point"
    check = graded and CHECK.format(sheet, number(cell))
    if graded and cell.source != check:
        yield f"{where(cell)} is not: {check!r}"
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if role(cell) != "solution" and len(lines) > LINES:
        yield f"{where(cell)} has over {LINES} lines: no learner reads it"
    if role(cell) == "solution":
        head = f"# Exercise {number(cell)}\n"
        if not cell.source.startswith(head):
            yield f"{where(cell)} does not begin with {head!r}"


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_form_of_a_sheet(path):
    found = list(sheet_faults(read(path), path.parent))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_the_count_needs_what_the_checks_need(path):
    """Where they are skipped, it would count less than is stored."""
    checks, last = of_role(path, "grade"), cells(read(path), "code")[-1]
    needs = {tag for check in checks.values() for tag in tags(check)}
    assert {tag for tag in needs if "needs-" in tag} <= set(tags(last))


# The answers.


@pytest.mark.parametrize(
    ("sheet", "n", "title", "kind", "text", "fault"), ANSWERS
)
def test_kept_answer(forks, marks, sheet, n, title, kind, text, fault):
    """A wrong answer is refused, and its fault is named; `> done` marks
    another right one. Nothing is told but what goes through `say`."""
    skip_if_lacking(sheet, n)
    said, rest = unmarked(verdict(sheet, n, whole(sheet, n, kind, text)))
    assert fault in said
    assert not rest or is_code(rest), "say it: a translator must find it"
    assert said.startswith(f"Exercise {n}:") and "\n" not in said
    assert (said == f"Exercise {n}: done.") == (fault == "done")


@pytest.mark.parametrize(("sheet", "n"), CHECKS)
def test_four_wrong_answers_are_kept(sheet, n):
    kept = kept_answers(WRONG / f"{sheet}.md")
    wrong = [
        text for m, _, _, text, fault in kept if m == n and fault != "done"
    ]
    assert len(set(wrong)) >= 4


@pytest.mark.parametrize(("sheet", "n"), CHECKS)
def test_nothing_is_refused(forks, sheet, n):
    """An answer's cell that has nothing but its head; a blank that somebody
    has touched, and not answered."""
    skip_if_lacking(sheet, n)
    for text in f"# Exercise {n}", f"{blank(sheet, n)}\n# I am stuck.":
        said = verdict(sheet, n, text)
        assert said.startswith(f"Exercise {n}: ") and "\n" not in said
        assert "done" not in said and "not yet" not in said


@pytest.mark.parametrize(("sheet", "n"), CHECKS)
def test_before_the_first_try_a_check_waits(sheet, n):
    """When the answer's cell was not run, or was run as it came."""
    begin = f"Exercise {n}, not yet: "
    waits = f"{begin}write your answer above."
    assert verdict(sheet, n, blank(sheet, n)) == waits
    assert verdict(sheet, n, f"{blank(sheet, n)}\n\n") == waits
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
    "while True:\n    pass": "your cell did not end in 2 seconds: ",
    "input()": "your cell raised EOFError: ",
    "open(1, 'w').write('{}')": "`ask(app).status` raised NameError: ",
    "app = None": "raised TypeError: 'NoneType' object is not callable.",
    "app = lambda e, s: 1 / 0": "raised ZeroDivisionError: division by zero",
    "app = lambda e, s: exit()": "`ask(app).status` raised SystemExit",
    "def app(e, s):\n    while True:\n        pass": (
        "`ask(app).status` did not end in 2 seconds: does it loop? Hint: Why?"
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
        monkeypatch.setattr(asking, "SECONDS", 2)
    said = judged(f"# Exercise 7\n{text}")
    assert said.startswith("Exercise 7: ") and "\n" not in said
    assert fault in said
    monkeypatch.undo()
    assert judged(RIGHT) == "done"


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


def test_an_answer_is_not_asked_by_what_it_brings(forks):
    """What stands beside it is ours, whatever it calls its own."""
    said = verdict("03", 4, FAKES)
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
    "checking.done[2] = 'yes'",
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


def test_cheats(root, tmp_path, monkeypatch):
    """In a real kernel none makes a wrong answer pass; the right one does,
    and the count says so. It works elsewhere, as a grader's does."""
    monkeypatch.setenv("WORKBOOK", str(root))
    sheet = next(path for path in SOLVED if path.name.startswith("03"))
    right = of_role(sheet, "solution")[2].source
    check, count = CHECK.format("03", 2), COUNT.format(5)
    answers = {"right": right, "wrong": right.replace("200", "404")}
    rounds = {"begin": {"setup": SETUP}}
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
        assert refusal.traceback == [f"NotYet: {refusal.evalue}"], cheat
        (passed,) = outputs["passed"]
        assert passed.text == "Exercise 2: done.\n", cheat
        counts = [
            outputs[name][0].text
            for name in ("before", "after", "changed")
        ]
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


# The builder, and the rules above: a good sheet, and what breaks it.


def with_outputs(cell, outputs):
    cell = nbformat.from_dict({**cell, "outputs": outputs})
    return new_notebook(cells=[cell])


def test_the_builder_refuses():
    """A check that passes on the blank, one that waits on the solution, an
    error anywhere, a warning, a check that says nothing."""
    solved, blank = read(SOLVED[0]), read(BLANKS / SOLVED[0].name)
    checks = len(of_role(SOLVED[0], "grade"))
    assert len(list(faults(solved, solved=False))) == checks
    assert len(list(faults(blank, solved=True))) == checks
    error = new_output("error", ename="E", evalue="e", traceback=["E: e"])
    warning = new_output("stream", text="Beware!", name="stderr")
    for cell in cells(blank, "code"):
        graded = role(cell) == "grade"
        for output in error, warning:
            broken = with_outputs(cell, [output])
            assert list(faults(broken, solved=False))
            assert list(faults(broken, solved=True))
        mute = with_outputs(cell, [])
        assert bool(list(faults(mute, solved=True))) == graded
        assert bool(list(faults(mute, solved=False))) == graded


def test_cleared():
    source = "def f():\n    x = 1\n    ### BEGIN SOLUTION\n    x = 2\n\n"
    blank = "def f():\n    x = 1\n    pass  # Write your answer here."
    assert cleared(source + "    ### END SOLUTION") == blank
    for bad in source, "x = 1", source + source, "### END SOLUTION":
        with pytest.raises(ValueError, match="SOLUTION"):
            cleared(bad)


def test_an_answer_that_leaks_is_stale():
    solved = read(SOLVED[0])
    for old, new in zip(solved.cells, blank_of(solved).cells, strict=True):
        assert "SOLUTION" not in new.source
        assert (role(old) == "solution") == (STUB in new.source)


SHEET = read(SOLVED[0])
HEAD = SHEET.cells[0].source
FAULTS = [  # the cell of the good sheet, and what is wrong with it
    ("e01-01", {"source": "# Exercises\n\n*Why?*\n\nAbout 40 minutes."}),
    ("e01-01", {"source": "# Exercises 01: a b\n\n*Why?*\n\nNo time."}),
    ("e01-01", {"source": "# Exercises 01: a b\n\nAbout 40 minutes."}),
    ("e01-01", {"source": HEAD.replace("checks/sheet_01", "nowhere")}),
    ("e01-02", {"source": "import os"}),
    ("e01-02", {"source": SETUP + "\nhere = os.getcwd()"}),
    ("e01-03", {"source": "## 2. Predict: four requests"}),
    ("e01-03", {"source": "No heading."}),
    ("e01-06", {"source": "## 2. Predict: no hint\n\nText."}),
    ("e01-06", {"source": "<details>No.</details>\n\n## 2. Predict: x"}),
    (
        "e01-06",
        {"source": "[x](nowhere.md)<details>?</details>\n\n## 2. "},
    ),
    ("e01-answer-1", {"metadata": {}}),
    ("e01-answer-1", {"source": "prediction = 1"}),
    ("e01-answer-1", {"source": "# Exercise 1\n" + "x" * 76}),
    ("e01-check-1", {"metadata": {}}),
    ("e01-check-1", {"source": "1 / 2"}),
    ("e01-check-2", {"source": CHECK.format("01", 3)}),
    ("e01-check-2", {"source": CHECK.format("02", 2)}),
    ("e01-19", {"source": "from exercises.checking import count"}),
    ("e01-20", {"source": "The end."}),
]


def test_a_good_sheet_has_no_fault():
    assert not list(sheet_faults(SHEET, SOLUTIONS))


@pytest.mark.parametrize(("id", "fault"), FAULTS)
def test_each_fault_of_a_sheet_is_found(id, fault):
    sheet = copy.deepcopy(SHEET)
    cell = next(cell for cell in sheet.cells if cell.id == id)
    cell.update(nbformat.from_dict(fault))
    assert list(sheet_faults(sheet, SOLUTIONS))


@pytest.mark.parametrize("mark", ["locked", "points", "grade_id"])
def test_each_fault_of_the_marks_is_found(mark):
    sheet = copy.deepcopy(SHEET)
    cell = next(cell for cell in sheet.cells if cell.id == "e01-check-3")
    cell.metadata.nbgrader[mark] = {"grade_id": "test-3"}.get(mark, 0)
    assert list(sheet_faults(sheet, SOLUTIONS))


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
        seen = [environ["wsgi.input"].read(9), environ["CONTENT_LENGTH"]]
        names = "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_TEA"
        seen += [
            environ[n] for n in (*names, "CONTENT_TYPE", "SCRIPT_NAME")
        ]
        return [repr(seen).encode()]

    headers = {"X-Tea": "mint", "Content-Type": "a/b"}
    reply = client.ask(
        app, "/café?x=1", "POST", b"tea", headers, SCRIPT_NAME="/m"
    )
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
        (child,) = parent.children()
        wait_until(lambda: child.cpu_times().user > 0.3)  # it loops
        process.kill()
    wait_until(lambda: has_ended(child))


LIKE = """
import os, signal, sys, threading
names = sorted(name for name in vars() if not name.startswith("_"))
like = {
    "names": names,
    "environ": dict(os.environ),
    "folder": os.getcwd(),
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


@FORKS
def test_what_is_forked_is_like_a_fresh_python(forks):
    """But for Flask, which it has imported, and the program it began as."""
    with Fresh(LIKE) as fresh:
        expected = fresh("like")
    with asking.Answer(LIKE) as forked:
        assert forked("like") == expected
    assert isinstance(fresh.process, Popen)
    assert isinstance(forked.process, Forked)


@FORKS
def test_nothing_that_is_forked_outlives_who_asked(root):
    """Nor does it outlive the end of the Python that forked it."""
    python = Forks()
    one, two = python.start(), python.start()
    children = [psutil.Process(p.pid) for p in (one, two)]
    one.kill()
    one.communicate()
    assert has_ended(children[0])
    python.end()
    wait_until(lambda: has_ended(children[1]))


def has_ended(process):
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
