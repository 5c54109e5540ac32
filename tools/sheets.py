"""The sheets of exercises: what is in one, its blank twin, its faults.

The one source of a sheet is the solved notebook in exercises/solutions/; see
CONTRIBUTING.md. A fault is a line of text that says where it is and what to
do.
"""

import ast
import copy
import json
import re

from exercises import checking
from tools.needs import tags
from tools.style import (
    LEFT,
    WIDTH,
    is_written,
    links_lead_somewhere,
    minutes,
    where,
)
from tools.workbook import (
    BLANKS,
    SOLUTIONS,
    cells,
    code_cells,
    name_of,
    read,
)

WRONG = BLANKS / "wrong"
CHECKS = BLANKS / "checks"
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# For nbgrader: ClearSolutions.code_stub. It runs, and shows nothing.
STUB = "pass  # Write your answer here."
HEADING = r"(?m)^## (\d+)\. (.*)"
KINDS = "Predict", "Change", "Build"
COUNTED = r"(\w+) exercises on chapter (\S+ and )?"  # and a project, one more
WORDS = ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"]
DATA = "Back soon.", "A worker has come."  # of a page, of a log: no hints
# In each head, whoever its minutes are for.
WHOM = (
    "The minutes are an estimate, for somebody who writes Python every week "
    "and has just read the chapter."
)
LINES = 6  # of code in a cell that is not an answer's
KEPT = 4  # wrong answers to each exercise, or more
# The setup cell of each sheet.
SETUP = """\
import os  # run this cell each time you open this sheet

while not os.path.exists("wsgi.py"):
    assert not os.path.ismount("."), "run this page in exercises/"
    os.chdir("..")  # up to the folder of the app

from exercises.checking import listen

listen()  # to the answers that you run"""
CHECK = """\
from importlib import reload

from exercises import checking

reload(checking).judge("{}", {})"""
COUNT = 'from exercises.checking import count\n\ncount("{}", {})'
GOES_ON = "raises-exception"  # the tag with which "Run All" goes on


def role(cell):
    """What nbgrader does with a cell: "solution", "grade", or None."""
    marks = cell.metadata.get("nbgrader", {})
    return next((r for r in ("solution", "grade") if marks.get(r)), None)


def number(cell):
    """The number of the exercise that a check or an answer belongs to."""
    return int(cell.metadata.nbgrader.grade_id.rpartition("-")[2])


def of_role(notebook, wanted):
    """The answers' cells ("solution") or the checks' ("grade") of a sheet,
    {number: cell}."""
    code = code_cells(notebook)
    return {number(cell): cell for cell in code if role(cell) == wanted}


def judge_of(path):
    """The file with the checks of the sheet at `path`."""
    return CHECKS / f"sheet_{path.name[:2]}.py"


def wrong_of(path):
    """The file with the wrong answers to the sheet at `path`."""
    return WRONG / f"{path.stem}.md"


# The blank twin.


def blank_of(solved):
    """The blank twin of a solved sheet, without outputs."""
    blank = copy.deepcopy(solved)
    for cell in blank.cells:
        if cell.cell_type == "markdown":  # the twin lies one folder higher
            cell.source = cell.source.replace("](../", "](")
            continue
        cell.outputs, cell.execution_count = [], None
        if role(cell) == "solution":
            cell.source = cleared(cell.source)
        if cell.metadata.get("nbgrader", {}).get("locked"):
            cell.metadata.update(editable=False, deletable=False)
    return blank


def cleared(source):
    """A cell's text with STUB for each solution, as nbgrader clears it.

    ValueError where a solution does not begin or end.
    """
    lines, inside = [], False
    for line in source.splitlines():
        if BEGIN in line:
            if inside:
                raise lost(END, source)
            inside = True
            lines.append(line[: -len(line.lstrip())] + STUB)
        elif END in line:
            if not inside:
                raise lost(BEGIN, source)
            inside = False
        elif not inside:
            lines.append(line)
    if inside or STUB not in "\n".join(lines):
        raise lost(END if inside else BEGIN, source)
    return "\n".join(lines)


def lost(mark, source):
    """The ValueError of an answer's cell in which a mark is not there."""
    first = source.partition("\n")[0]
    return ValueError(f"the answer {first!r} lacks `{mark}`: add it")


def with_blank(blanks, name, blank):
    """The text of blanks.json, a str, with the answers of one sheet more,
    or anew: `name` is that of its file, `blank` the blank notebook."""
    answers = [c.source for c in of_role(blank, "solution").values()]
    blanks = json.loads(blanks) | {name[:2]: answers}
    text = json.dumps(blanks, indent=1, ensure_ascii=False, sort_keys=True)
    return f"{text}\n"


def stale(path):
    """The faults of a blank sheet whose solved twin has changed."""
    source = SOLUTIONS / path.name
    if not source.exists():
        yield f"has no solution: write {name_of(source)}"
        return
    try:
        blank, stored = blank_of(read(source)), read(path)
    except ValueError as error:
        yield f"cannot be made of its solution: {error}"
        return
    said = [
        [(c.id, c.cell_type, c.source, c.metadata) for c in sheet.cells]
        for sheet in (blank, stored)
    ]
    blanks = checking.BLANKS.read_text("utf-8")
    if said[0] != said[1] or with_blank(blanks, path.name, blank) != blanks:
        yield "the blank is stale: edit the one in solutions/, run `make exercises`"


# The kept answers.


def kept_answers(path):
    """The answers of a file of wrong/: (number, title, kind, text, fault),
    the last a part of the refusal."""
    pattern = r"(?ms)^## (\d+)\. (.*?)\n\n```(\w+)\n(.*?)^```\n\n> (.*?)$"
    for found in re.findall(pattern, path.read_text("utf-8")):
        n, title, kind, text, fault = found
        yield int(n), title, kind, text, fault


def whole(path, n, kind, text):
    """The text of an answer's cell, to exercise `n` of the solved sheet at
    `path`. A text of the kind `diff` changes the solution: each of its runs
    of lines with `-` is replaced by the lines with `+` that follow."""
    if kind != "diff":
        return f"# Exercise {n}\n{text}"
    return changed(of_role(read(path), "solution")[n].source + "\n", text)


def changed(source, diff):
    """`source` with the changes of `diff`, each to lines that it has once.

    ValueError where it has them not once, and where `diff` has a line that
    changes nothing: one with `+` below none with `-`, or without a sign.
    """
    run = re.compile(r"((?:^-.*\n)+)((?:^\+.*\n)*)", re.MULTILINE)
    if lost := run.sub("", diff).strip("\n"):
        line = lost.splitlines()[0]
        raise ValueError(f"of the diff this follows no `-`, and is lost: {line!r}")
    for old, new in run.findall(diff):
        old, new = (re.sub(r"(?m)^[-+]", "", text) for text in (old, new))
        if f"\n{source}".count(f"\n{old}") != 1:
            raise ValueError(f"the solution does not have this once: {old!r}")
        source = f"\n{source}".replace(f"\n{old}", f"\n{new}")[1:]
    return source


# The faults.


def bad_outputs(notebook, solved):
    """What is wrong with an executed sheet; `solved` says whether its
    checks must pass, or must all wait for an answer."""
    for cell in code_cells(notebook):
        failed = False
        for output in cell.outputs:
            if output.output_type == "error":
                failed = True
                error = f"{output.ename}: {output.evalue}"
                yield f"{where(cell)} fails: {error}"
            if output.get("name") == "stderr":
                yield f"{where(cell)} writes to stderr: {output.text}"
        said = [output.get("text") or output.get("data") for output in cell.outputs]
        if role(cell) == "grade" and not failed:
            begin = f"Exercise {number(cell)}"
            waits = {
                "text/plain": "0",  # points, for nbgrader
                "text/html": f"{begin}, not yet: write your answer above.",
            }
            if said != [f"{begin}: done.\n" if solved else waits]:
                yield f"{where(cell)} says {said}"


def bad_form(notebook, folder):
    """What breaks the form of a sheet that lies in `folder`."""
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    code = code_cells(notebook)
    if not re.match(r"# Exercises \d\d: \S.*\n\n\*.+\?\*\n", text):
        yield "it lacks its head: `# Exercises 01: ...`, and a question"
    if not minutes(notebook):
        yield "its head lacks its time, as in: About 40 minutes."
    if WHOM not in notebook.cells[0].source:
        yield f"its head does not say for whom its minutes are: add {WHOM!r}"
    headings = re.findall(HEADING, text)
    numbers = [str(n) for n in range(1, len(headings) + 1)]
    found = [n for n, _ in headings]
    if found != numbers or len(numbers) < 3:
        yield f"its exercises are {found}: number them from 1, three or more"
    counted = re.search(COUNTED, text)
    n = len(numbers) - bool(counted and counted[2])
    if not counted or WORDS[n : n + 1] != [counted[1]]:
        yield f"its head does not say that it has {len(numbers)} exercises: mend it"
    kinds = {n: title.partition(": ")[0] for n, title in headings}
    for n, kind in kinds.items():
        if kind not in KINDS:
            yield f"the heading of exercise {n} begins with none of {', '.join(KINDS)}"
    if lack := [kind for kind in KINDS if kind not in kinds.values()]:
        yield f"it has none of {', '.join(lack)}: add one of each kind"
    for wanted in "solution", "grade":
        found = [str(number(c)) for c in code if role(c) == wanted]
        if found != numbers:
            yield f"its cells to {wanted} are {found}: make them {numbers}"
    for part in re.split(HEADING, text)[3::3]:
        hints = re.findall(r"(?s)<details>(.*?)</details>", part)
        if len(hints) != 1 or "?" not in hints[0]:
            yield f"no hint that asks: add one to {part.strip()[:40]!r}"
    if code[0].source != SETUP:
        yield "its first code cell is not the setup cell: copy a neighbour's"
    sheet = text[len("# Exercises ") :][:2]
    count = COUNT.format(sheet, len(numbers))
    if code[-1].source != count:
        yield f"its last code cell is not: {count!r}"
    if f"checks/sheet_{sheet}.py)" not in notebook.cells[0].source:
        yield f"its head has no link to checks/sheet_{sheet}.py: add it"
    solved = rf"\]\((\.\./)?solutions/{sheet}_\w+\.ipynb\)"
    if not re.search(solved, notebook.cells[-1].source):
        yield "its last cell does not lead to its solutions: copy a neighbour's link"
    yield from links_lead_somewhere(notebook, folder)
    for cell in code:
        yield from bad_marks(cell, sheet)


def bad_marks(cell, sheet):
    """What is wrong with a code cell's marks for nbgrader, and with what
    the marks say that it is, in a sheet such as "05"."""
    marks = cell.metadata.get("nbgrader", {})
    graded = role(cell) == "grade"
    lines = [line for line in cell.source.splitlines() if line.strip()]
    if any(len(line) > WIDTH for line in lines):
        yield f"{where(cell)} is over {WIDTH} columns wide: break it"
    if role(cell) and marks.grade_id != (
        f"{'check' if graded else 'answer'}-{number(cell)}"
    ):
        yield f"{where(cell)} has the grade_id {marks.grade_id}: mend it"
    if bool(role(cell)) != (GOES_ON in tags(cell)):
        yield f"{where(cell)}: answers and checks alone have the tag {GOES_ON}"
    if graded and not (marks.locked and marks.get("points") == 1):
        yield f"{where(cell)} needs `locked`, and 1 point"
    check = graded and CHECK.format(sheet, number(cell))
    if graded and cell.source != check:
        yield f"{where(cell)} is not: {check!r}"
    if role(cell) != "solution" and len(lines) > LINES:
        yield f"{where(cell)} has over {LINES} lines: no learner reads it"
    if role(cell) == "solution":
        head = f"# Exercise {number(cell)}\n"
        if not cell.source.startswith(head):
            yield f"{where(cell)} does not begin with {head!r}"


def bad_needs(notebook):
    """Whether the last cell, which counts, is skipped where a check is:
    it would count less there than is stored."""
    checks = of_role(notebook, "grade").values()
    needs = {tag for c in checks for tag in tags(c) if "needs-" in tag}
    last = code_cells(notebook)[-1]
    if lack := needs - {*tags(last)}:
        yield f"{where(last)} lacks the tags {', '.join(sorted(lack))}: add"


def unwritten(notebook, path):
    """What belongs to the exercises of the solved sheet at `path`, and is
    not written yet."""
    yield from is_written(notebook)
    for cell in of_role(notebook, "solution").values():
        try:
            cleared(cell.source)
        except ValueError as error:
            yield str(error)
    judge, wrong = judge_of(path), wrong_of(path)
    text = judge.read_text("utf-8") if judge.exists() else ""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield f"{name_of(judge)} is no Python: mend line {error.lineno}"
        return
    functions = {n.name: n for n in tree.body if isinstance(n, ast.FunctionDef)}
    for words in unsaid(tree):
        yield f"{name_of(judge)}: {words!r} goes past `say`: give it to `say`"
    words = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    titles = dict(re.findall(HEADING, words))
    kept = [*kept_answers(wrong)] if wrong.exists() else []
    for n in of_role(notebook, "grade"):
        function = functions.get(f"exercise_{n}")
        said = function and ast.get_docstring(function)
        title = titles.get(str(n), "")
        if not function or re.search(LEFT, ast.get_source_segment(text, function)):
            yield f"{name_of(judge)}: exercise_{n} is not written: write it"
        elif not said or said.rstrip(".") != title.rstrip("."):
            yield (
                f"{name_of(judge)}: exercise_{n} has the title {said!r}, "
                f"the sheet {title!r}: mend one of them"
            )
        texts = {
            text
            for m, title, _, text, words in kept
            if m == n
            and words != "done"
            and not re.search(LEFT, f"{title}{text}{words}")
        }
        if len(texts) < KEPT:
            yield (
                f"{name_of(wrong)}: {len(texts)} wrong answers to exercise "
                f"{n} are written: keep {KEPT} or more"
            )


def calls_of_say(tree):
    """The calls of `say` in a syntax tree."""
    for node in ast.walk(tree):
        function = getattr(node, "func", None)
        if isinstance(function, ast.Name) and function.id == "say":
            yield node


def unsaid(tree):
    """The texts in a syntax tree that end as a question or a sentence does,
    and are no argument of `say`, and no docstring."""
    known = {id(text) for call in calls_of_say(tree) for text in call.args}
    known |= {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    for node in ast.walk(tree):
        text = getattr(node, "value", None)
        if not isinstance(text, str) or id(node) in known or text in DATA:
            continue
        if re.fullmatch(r"[`A-Z].* .*[a-z`][?.]", text):
            yield text


def of_sheet(notebook, path):
    """The faults of the sheet at `path`, blank or solved, lines of text;
    beside those of any notebook."""
    solved = path.parent == SOLUTIONS
    for fault in bad_outputs(notebook, solved):
        yield f"{fault}: mend it, and run `make exercises`"
    yield from bad_form(notebook, path.parent)
    yield from bad_needs(notebook)
    yield from (unwritten(notebook, path) if solved else stale(path))
