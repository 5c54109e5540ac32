"""The sheets of exercises: blanks refuse, solutions pass, wrong answers are
named. nbval runs the sheets, so what is stored in them is what happens."""

import ast
import contextlib
import copy
import importlib
import io
import linecache
import re
import socket
import sys
from subprocess import PIPE, Popen
from types import SimpleNamespace

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook, new_output
from test_notebooks import (
    METADATA,
    RULES,
    WIDTH,
    bad_links,
    cells,
    fits_the_page,
    links_lead_somewhere,
    minutes,
    opens_with_its_head,
    read,
    speaks_between_cells,
    where,
)

from exercises import checking
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

SOLVED = sorted(SOLUTIONS.glob("*.ipynb"))
SHEETS = sorted([*SOLVED, *BLANKS.glob("*.ipynb")])
HEADING = r"(?m)^## (\d+)\. (Predict|Change|Build): \S"
KINDS = {"Predict", "Change", "Build"}
WRONG = BLANKS / "wrong"
# The setup cell of each sheet; a grader that works elsewhere sets WORKBOOK.
SETUP = """\
import os
from pathlib import Path

here = Path(os.environ.get("WORKBOOK", ".")).resolve()
while not (here / "wsgi.py").exists() and here != here.parent:
    here = here.parent
os.chdir(here)  # up to the folder of the app

from exercises.checking import listen

listen()  # to the answers that you run"""


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


def of_role(path, wanted):
    """The answers or the checks of a sheet, {number: cell}."""
    code = cells(read(path), "code")
    return {number(cell): cell for cell in code if role(cell) == wanted}


def kept_answers(path):
    """The answers of a file of wrong/: (number, title, kind, text, words)."""
    pattern = r"(?ms)^## (\d+)\. (.*?)\n\n```(\w+)\n(.*?)^```\n\n> (.*?)$"
    for found in re.findall(pattern, path.read_text("utf-8")):
        n, title, kind, text, words = found
        yield int(n), title, kind, text, words


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


def verdict(check, text):
    """What a check cell says to a cell's text; it is run here, the answer
    in a process of its own, and no kernel."""
    checking.ran.clear()
    checking.note(SimpleNamespace(raw_cell=text))
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(compiled(check), {"__name__": "check"})  # noqa: S102
    except Exception as error:
        assert type(error).__name__ == "NotYet", (
            f"an unkind error: {error!r}"
        )
        return str(error)
    return said.getvalue().strip()


@pytest.fixture(scope="module")
def forks():
    """Let the checks fork a Python that is there, where that is possible;
    yields the plain `reload`, after which they start a fresh one."""
    load_again = importlib.reload
    if not hasattr(socket, "send_fds"):
        yield load_again
        return
    python = Forks()

    def reload(module):
        module = load_again(module)
        module.Answer.start = lambda answer: python.start()
        return module

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib, "reload", reload)
        yield load_again
    load_again(checking)
    python.end()


def compiled(check):
    """The code of a cell, with its lines at hand, as in IPython."""
    lines = check.splitlines(keepends=True)
    linecache.cache["check"] = len(check), None, lines, "check"
    return compile(check, "check", "exec")


def check_of(sheet, n):
    """The text of a check; skips where what it needs is missing."""
    path = SOLUTIONS / f"{sheet}.ipynb"
    cell = of_role(path, "grade")[n]
    if why := lacks(read(path), cell):
        pytest.skip(why)
    return cell.source


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


def test_each_blank_has_its_solution():
    names = [path.name for path in SHEETS]
    assert names and all(names.count(name) == 2 for name in names)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_each_check_refuses_the_blank_and_accepts_the_solution(path):
    solved = path.parent == SOLUTIONS
    assert not list(faults(read(path), solved))


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_rules_of_all_notebooks(path):
    nbformat.validate(read(path))
    others = (  # have a counterpart below
        *(fits_the_page, links_lead_somewhere),
        *(opens_with_its_head, speaks_between_cells),
    )
    found = [
        f for rule in RULES if rule not in others for f in rule(read(path))
    ]
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
    count = (
        f"from exercises.checking import count\n\ncount({len(numbers)})"
    )
    if code[-1].source != count:
        yield f"its last code cell is not: {count!r}"
    for cell in notebook.cells:
        for line in cell.source.splitlines():
            if cell.cell_type == "code" and len(line) > WIDTH:
                yield f"{where(cell)} is over {WIDTH} columns: {line}"
        if cell.cell_type == "markdown":
            for fault in bad_links(cell.source, folder):
                yield f"{where(cell)}: {fault}"
    for cell in code:
        yield from mark_faults(cell)


def mark_faults(cell):
    """What is wrong with a code cell's marks for nbgrader."""
    marks = cell.metadata.get("nbgrader", {})
    graded = role(cell) == "grade"
    if role(cell) and marks.grade_id != (
        f"{'check' if graded else 'answer'}-{number(cell)}"
    ):
        yield f"{where(cell)} has the grade_id {marks.grade_id}"
    if graded and not (marks.locked and marks.get("points") == 1):
        yield f"{where(cell)} needs `locked`, and 1 point"
    if graded:
        last = ast.parse(cell.source).body[-1]
        begin = f"with reload(checking).check({number(cell)}) as answer:"
        if not isinstance(last, ast.With) or begin not in cell.source:
            yield f"{where(cell)} does not end with: {begin}"
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
    ("sheet", "n", "title", "kind", "text", "words"), ANSWERS
)
def test_kept_answer(forks, sheet, n, title, kind, text, words):
    """A wrong answer is refused, and its fault is named; `> done` marks
    another right one."""
    said = verdict(check_of(sheet, n), whole(sheet, n, kind, text))
    assert words in said
    assert said.startswith(f"Exercise {n}:") and "\n" not in said
    assert (said == f"Exercise {n}: done.") == (words == "done")


@pytest.mark.parametrize(("sheet", "n"), CHECKS)
def test_four_wrong_answers_are_kept(sheet, n):
    kept = kept_answers(WRONG / f"{sheet}.md")
    wrong = [
        text for m, _, _, text, words in kept if m == n and words != "done"
    ]
    assert len(set(wrong)) >= 4


@pytest.mark.parametrize(("sheet", "n"), CHECKS)
def test_nothing_is_refused(forks, sheet, n):
    """An empty cell, one that is not run, one that is commented out."""
    check = check_of(sheet, n)
    for text in "", f"# Exercise {n}":
        assert verdict(check, text).startswith(f"Exercise {n}: ")
    assert "begins with" in verdict(check, "x = 1")


# Accidents and cheats. `app` in this check is a WSGI application.
CHECK = """\
from importlib import reload

from exercises import checking

with reload(checking).check(7) as answer:
    answer.expect("ask(app).status", "200 OK", "Why?")"""
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


@pytest.mark.parametrize(("text", "words"), ACCIDENTS.items())
def test_accident(text, words, monkeypatch):
    """It is survived, and refused in one line that says what happened."""
    if "while" in text:
        monkeypatch.setenv("CHECK_SECONDS", "2")
    said = verdict(CHECK, f"# Exercise 7\n{text}")
    assert said.startswith("Exercise 7: ") and "\n" not in said
    assert words in said
    monkeypatch.undo()
    assert verdict(CHECK, RIGHT) == "Exercise 7: done."


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "wait_until(lambda: answer.text is None, 0)",
            "this waited in vain",
        ),
        ("json.loads('')", "no JSON came"),
    ],
)
def test_a_line_that_fails_is_named(line, words):
    check = CHECK.replace("answer.expect", f"{line}\n    answer.expect")
    imports = "import json\nfrom notebooks.serving import wait_until\n"
    said = verdict(imports + check, RIGHT)
    assert said == f"Exercise 7: checking it, {words}: `{line}`"


FAKE = "__import__('contextlib').nullcontext()"
CHEATS = [  # cells that are run before the check of a wrong answer
    f"def check(number): return {FAKE}",
    f"from exercises import checking as c; c.check = lambda n: {FAKE}",
    "from exercises import checking as c; c.Answer.expect = lambda *a: 0",
    "from exercises import checking as c; c.NotYet = type('', (), {})",
    "checking.Answer = reload = answer = NotYet = None",
    "checking.done[7] = 'yes'",
    "import builtins; builtins.AssertionError = OSError",
    "import os; os.chdir('/'); os.environ['PATH'] = ''",
    "import sys; print('noise', file=sys.stderr); sys.exit()",
    "print('a bracket that is left open'",
]
POISONS = [  # after these, the kernel is of no use
    f"""
import exercises, types
exercises.checking = types.ModuleType("exercises.checking")
exercises.checking.check = lambda n: {FAKE}""",
    f"""
import sys, types
fake = types.ModuleType("exercises")
fake.check, fake.checking = lambda n: {FAKE}, fake
sys.modules["exercises"] = sys.modules["exercises.checking"] = fake""",
]


def test_cheats(root, tmp_path, monkeypatch):
    """In a real kernel none makes a wrong answer pass; the right one does,
    and the count says so. It works elsewhere, as a grader's does."""
    monkeypatch.setenv("WORKBOOK", str(root))
    wrong = RIGHT.replace("200", "404")
    count = "from exercises.checking import count\n\ncount(7)"
    texts = [SETUP]
    for cheat in CHEATS:
        texts += [wrong, cheat, CHECK, count, RIGHT, CHECK, count]
        texts += [RIGHT + "#", count]  # it has changed since its check
    texts += [
        text for poison in POISONS for text in (wrong, poison, CHECK)
    ]
    notebook = new_notebook(
        cells=[new_code_cell(text) for text in texts], metadata=METADATA
    )
    client = NotebookClient(
        notebook,
        timeout=60,
        allow_errors=True,
        kernel_manager_class=AsyncKernels,
    )
    client.execute(cwd=tmp_path)
    said = []
    for cell in notebook.cells:
        printed = "".join(out.get("text", "") for out in cell.outputs)
        raised = [out.evalue for out in cell.outputs if "evalue" in out]
        said.append([printed] * bool(printed) + raised)
    none = ["0 of 7 exercises done. Still to do: 1, 2, 3, 4, 5, 6, 7.\n"]
    one = ["1 of 7 exercises done. Still to do: 1, 2, 3, 4, 5, 6.\n"]
    for place, cheat in enumerate(CHEATS):
        _, _, refused, before, _, done, after, _, changed = said[
            1 + 9 * place : 10 + 9 * place
        ]
        assert len(refused) == 1, cheat
        assert refused[0].startswith(
            "Exercise 7: `ask(app).status` gave '404"
        )
        assert done == ["Exercise 7: done.\n"], cheat
        assert (before, after, changed) == (none, one, none), cheat
    for cell in notebook.cells[3 + 9 * len(CHEATS) :: 3]:
        assert [out.output_type for out in cell.outputs] == ["error"]
    refusal = notebook.cells[3].outputs[0]
    assert refusal.traceback == [f"NotYet: {refusal.evalue}"]  # one line


# The builder, and the rules above: a good sheet, and what breaks it.


def with_outputs(cell, outputs):
    cell = nbformat.from_dict({**cell, "outputs": outputs})
    return new_notebook(cells=[cell])


def test_the_builder_refuses():
    """A check that passes on the blank, one that fails on the solution, an
    error elsewhere, a warning, a refusal that is no line for a learner."""
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
FAULTS = [  # the cell of the good sheet, and what is wrong with it
    ("e01-01", {"source": "# Exercises\n\n*Why?*\n\nAbout 40 minutes."}),
    ("e01-01", {"source": "# Exercises 01: a b\n\n*Why?*\n\nNo time."}),
    ("e01-01", {"source": "# Exercises 01: a b\n\nAbout 40 minutes."}),
    ("e01-02", {"source": "import os"}),
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
    ("e01-check-2", {"source": "x\n5"}),
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
    assert ast.literal_eval(checking.literal(value)) == value


def test_the_telling_line():
    log = "RuntimeError: ended with 3:\nImportError: no tea\n[ERROR] Bye"
    assert checking.telling_line(log) == "ImportError: no tea"
    log = "RuntimeError: ended with 0:\n"
    assert checking.telling_line(log) == "RuntimeError: ended with 0"


def test_literal_believes_no_answer():
    class Sly(str):
        __repr__ = __str__ = lambda self: "'right'"
        __eq__, __hash__ = lambda *a: True, str.__hash__

    assert checking.literal(Sly("wrong")) == "'wrong'"
    for value in object(), [object()], {1: iter([])}:
        with pytest.raises(Exception) as found:
            checking.literal(value)
        assert type(found.value).__name__ == "NotPlain"


def asked(status="200 OK", headers=(), body=(), twice=()):
    """What `ask` gets from such an application."""

    def app(environ, start_response):
        start_response(status, [("Content-Type", "text/plain"), *headers])
        if twice:
            start_response("500 Oh No", [("Content-Type", "a/b")], *twice)
        return body

    return checking.ask(app, "/café?x=1", headers={"X-Tea": "mint"})


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
    reply = checking.ask(
        app, "/café?x=1", "POST", b"tea", headers, SCRIPT_NAME="/m"
    )
    assert ast.literal_eval(reply.body.decode()) == [
        *(b"tea", "3", "POST", "/cafÃ©", "x=1", "mint", "a/b", "/m")
    ]


LOOP = """
from exercises import checking
print("begun", flush=True)
checking.Answer("while True: pass").__enter__()
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


FORKS = pytest.mark.skipif(
    not hasattr(socket, "send_fds"), reason="Windows forks no process"
)


@FORKS
def test_what_is_forked_is_like_a_fresh_python(forks):
    """But for Flask, which it has imported, and the program it began as."""
    with forks(checking).Answer(LIKE) as fresh:
        expected = fresh("like")
    with importlib.reload(checking).Answer(LIKE) as forked:
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
