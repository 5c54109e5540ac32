"""The style of a page: what CONTRIBUTING.md asks of it, as functions that
take a notebook and yield its faults.

A fault is a line of text that says where it is and what to do. tools/check.py
lists them; tests/test_style.py keeps the workbook free of them.
"""

import ast
import re
from collections import Counter
from functools import cache
from urllib.parse import unquote

from tools import markdown
from tools.needs import INSTALL, tags
from tools.workbook import (
    CELL_METADATA,
    METADATA,
    NOTEBOOKS,
    ROOT,
    cells,
    chapters,
    code_cells,
    is_blank,
    shown,
)

WIDTH = 75  # columns of a code cell that a page in JupyterLab shows
LINES = 15  # of code in a cell
OUTPUT = 75  # lines of a cell's output, if it is not a file
TRUTH = r"[\s(\[]*(?:(?:True|False|None)[\s,)\]]*)+"  # an output that is no more
MANY = 10  # outputs, of which one may be a bare truth value
ALT = 20  # letters, at least, that say what an image shows
HEAD = "**You will do**", "**You will learn**", "**You need**"
NEXT = "What comes next"
QUESTION = r"(?m)^\*(.+\?)\*$"
LEFT = r"\bTODO\b:? *([^\n*\"|]*)"  # what `make new` has begun, and is not written
# An expression of one of these kinds shows a value; a call may not.
VALUES = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List),
    *(ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp),
    *(ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.JoinedStr),
)
IGNORE = r"(?i)nbval[-_](ignore[-_]output|skip)|pytest_validate_ignore"
UNSAFE = (
    r"shell=True|\bpkill\b|\bkillall\b|verify=False|import \*"
    r"|\bos\.fork\b|\bget_ipython\b(?!\(\)\.InteractiveTB\.set_mode)|--daemon\b"
)
# Written so that this file has none of what it looks for.
MACHINE = (
    r"/(?:home|Users)/\w|/[r]oot\b|[A-Z]:\\+Users\b"
    rf"|{re.escape(str(ROOT))}\b"
)
REGISTRY = r"python[h]osted|/[s]imple/|[i]ndex-url|artifact[o]ry"
VARYING = {
    "a path of this machine": rf"{MACHINE}|/tmp/|site-packages",
    "a port that was free by chance": r":(3[2-9]|[456]\d)\d{3}\b",
    "an address in memory": r"\b0x[0-9a-f]{6,}",
    "a date": (
        r"\b20\d\d-\d\d|\b\d\d[ /-]"
        r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*[ /-]20\d\d"
    ),
    "a process id": r"\[\d{2,7}\] \[|\bpid['\"]?[:=] ?\d",
}
CHANGES = r"(\bos\.getpid\(\)|\btime\.\w+\(\)|\.pid)\s*\Z"  # from run to run
# Names that Python lacks on Windows, and the tags of what does not run there.
UNIX = (
    r"\bos\.(?:killpg|[gs]etpgid|setsid|wait)\b|\bAF_UNIX\b"
    r"|\bsignal\.(?:SIG(?:HUP|USR[12]|CHLD|KILL|QUIT)|alarm)\b"
)
NOT_ON_WINDOWS = {"needs-posix", "needs-linux", "needs-gunicorn", "needs-uwsgi"}
# No test goes to the network, or to the pages of the host of the code.
ELSEWHERE = r"https://|mailto:|\.\./\.\./actions/|http://127\.0\.0\.1\b"


def where(cell):
    return f"cell {cell.id} ({cell.source.strip()[:40]!r})"


# Each kind of fault is a function that takes a notebook and yields lines.


def is_executed_in_order(notebook):
    code = code_cells(notebook)
    counts = [cell.execution_count for cell in code]
    if is_blank(notebook):  # nobody has run it yet
        if any(counts):
            yield f"counts are {counts}, not 0, 0, 0...: run `make notebooks`"
    elif counts != list(range(1, len(counts) + 1)):
        yield f"counts are {counts}, not 1, 2, 3...: run `make notebooks`"


def shows_its_values(notebook):
    for cell in code_cells(notebook):
        try:
            last = ast.parse(cell.source).body[-1:]
        except SyntaxError:
            continue  # is_plain_python says so
        quiet = cell.source.rstrip().endswith(";")
        value = last and isinstance(last[0], ast.Expr) and last[0].value
        if isinstance(value, VALUES) and not quiet and not cell.outputs:
            yield f"{where(cell)} has no output: run `make notebooks`"


def ignores_only_what_an_assert_checks(notebook):
    code = code_cells(notebook)
    for cell, after in zip(code, [*code[1:], None], strict=True):
        proof = cell.source + (after.source if after else "")
        if ignored(cell) and not re.search(r"(?m)^\s*assert\b", proof):
            yield (
                f"{where(cell)} is not compared: choose an output that "
                "cannot vary, or assert in it what holds"
            )


def ignored(cell):
    return re.search(IGNORE, " ".join([cell.source, *tags(cell)]))


def shows_things(notebook):
    outputs = [shown(cell) for cell in code_cells(notebook) if cell.outputs]
    bare = [text for text in outputs if re.fullmatch(TRUTH, text)]
    if len(bare) * MANY > len(outputs):
        yield (
            f"{len(bare)} of {len(outputs)} outputs are bare truth values: "
            "show who answered, when, with what"
        )


def errors_are_meant(notebook):
    for cell in code_cells(notebook):
        meant = "raises-exception" in tags(cell)
        raised = any(out.output_type == "error" for out in cell.outputs)
        if meant and not raised and "nbgrader" not in cell.metadata:
            yield f"{where(cell)} raises nothing: drop `raises-exception`"
        if raised and not meant:
            yield f"{where(cell)} fails: mend it, or tag `raises-exception`"


def has_no_warnings(notebook):
    for cell in code_cells(notebook):
        if any(out.get("name") == "stderr" for out in cell.outputs):
            yield f"{where(cell)} writes to stderr: mend what it warns of"


def outputs_do_not_vary(notebook):
    for cell in code_cells(notebook):
        for name, pattern in VARYING.items():
            if found := re.search(pattern, shown(cell)):
                yield (
                    f"{where(cell)} shows {name}, {found[0]!r}: show a "
                    "count, a comparison or a name in its place"
                )

        result = any(o.output_type == "execute_result" for o in cell.outputs)
        found = re.search(CHANGES, cell.source)
        if result and found and not ignored(cell):
            yield f"{where(cell)} shows {found[0]}, which differs in each run"


def names_no_machine(notebook):
    for cell in notebook.cells:
        if found := re.search(f"{MACHINE}|{REGISTRY}", cell.source):
            yield f"{where(cell)} names a machine: drop {found[0]!r}"


def fits_the_page(notebook):
    for cell in code_cells(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if len(lines) > LINES:
            yield f"{where(cell)} has over {LINES} lines: split it"
        file = ".read_text()" in cell.source
        if shown(cell).count("\n") > OUTPUT and not file:
            yield f"{where(cell)} shows over {OUTPUT} lines: show less"
    yield from is_narrow(notebook)


def is_narrow(notebook):
    for cell in code_cells(notebook):
        if any(len(line) > WIDTH for line in cell.source.splitlines()):
            yield f"{where(cell)} is over {WIDTH} columns wide: break it"


def metadata_is_normal(notebook):
    if notebook.metadata != METADATA:
        yield "its metadata is an editor's: run `make notebooks`"
    for cell in notebook.cells:
        if extra := set(cell.metadata) - CELL_METADATA:
            names = ", ".join(sorted(extra))
            yield f"{where(cell)} has metadata {names}: `make notebooks`"


def figures_are_described(notebook):
    for cell in code_cells(notebook):
        drawn = any("image/png" in output.get("data", {}) for output in cell.outputs)
        if drawn and len(cell.metadata.get("alt", "")) < ALT:
            yield (
                f"{where(cell)} draws: say what is to be seen, for who cannot "
                "see it, as `alt` in the metadata of the cell"
            )


def ids_are_unique(notebook):
    for id, times in Counter(cell.id for cell in notebook.cells).items():
        if times > 1:
            yield f"{times} cells have the id {id}: give each its own"


def speaks_between_cells(notebook):
    for cell, after in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == after.cell_type == "code":
            yield f"{where(after)} follows code: put a sentence between"


def opens_with_its_head(notebook):
    first = notebook.cells[0]
    titles = [
        words
        for cell in cells(notebook, "markdown")
        for level, words in markdown.headings(cell.source)
        if level == 1
    ]
    if len(titles) != 1 or not first.source.startswith("# "):
        yield f"has the titles {titles}: give it one, at its very start"
    for words in HEAD:
        if words not in first.source:
            yield f"its first cell lacks {words}: say it there"
    if not question(notebook):
        yield "its first cell lacks its question, as in: *Who calls `app`?*"
    if minutes(notebook) is None:
        yield "its first cell lacks its time, as in: About 50 minutes."


def question(notebook):
    """The question that a chapter's head asks, or None."""
    found = re.search(QUESTION, notebook.cells[0].source)
    return found and found[1]


def minutes(notebook):
    """The minutes that a chapter's head promises, or None."""
    found = re.findall(r"(\d+) minutes", notebook.cells[0].source)
    return int(found[0]) if len(found) == 1 else None


def closes_with_what_comes_next(notebook):
    last = notebook.cells[-1]
    if (2, NEXT) not in markdown.headings(last.source):
        yield f"its last cell lacks the heading `## {NEXT}`: end with it"


def is_written(notebook):
    for cell in notebook.cells:
        for words in re.findall(LEFT, cell.source):
            yield f"{where(cell)} has a TODO: {words or 'write it'}"


def says_what_it_needs(notebook):
    first, *_ = code = code_cells(notebook)
    for cell in code:
        has = {*tags(first), *tags(cell)}
        lack = [
            (f"starts {what}", what)
            for what in started(cell.source)
            if f"needs-{what}" not in has
        ]
        unix = re.search(UNIX, cell.source)
        if unix and not has & NOT_ON_WINDOWS:
            lack.append((f"has {unix[0]}, which Windows lacks", "posix"))
        for why, what in lack:
            yield (
                f"{where(cell)} {why}, and neither it nor the first code cell "
                f"has the tag `needs-{what}`"
            )


def started(source):
    """The commands of INSTALL that a cell's text starts, as far as that is
    plain to see, a set: it calls a function with a text that begins with the
    command and a space, or with a list whose first item it is."""
    calls = [n for n in nodes(source) if isinstance(n, ast.Call) and n.args]
    given = [ast.unparse(call.args[0]) for call in calls]
    names = "|".join(INSTALL)
    begins = rf"f?['\"]({names}) |\['({names})'"
    found = (re.match(begins, text) for text in given)
    return {match[1] or match[2] for match in found if match}


def is_plain_python(notebook):
    for cell in code_cells(notebook):
        try:
            ast.parse(cell.source)
        except SyntaxError:
            if "raises-exception" not in tags(cell):
                yield f"{where(cell)} is no Python: no magics, no `!`"


def prints_in_one_piece(notebook):
    """A server's Python has no buffer: it writes each value of a print by
    itself, and what another process writes may come in between."""
    for cell in code_cells(notebook):
        values = (n.value for n in nodes(cell.source) if isinstance(n, ast.Constant))
        texts = (value for value in values if isinstance(value, str))
        for call in (node for text in texts for node in nodes(text)):
            if isinstance(call, ast.Call) and is_print_of_several(call):
                yield (
                    f"{where(cell)} has a program with {ast.unparse(call)}, "
                    "which writes piece by piece: print one f-string"
                )


def is_print_of_several(call):
    """Whether a call, an ast.Call, is a print of more than one value."""
    several = len(call.args) > 1 or any(isinstance(a, ast.Starred) for a in call.args)
    return several and ast.unparse(call.func) == "print"


def nodes(text):
    """All nodes of a program, a list; none if `text` is no Python."""
    try:
        return [*ast.walk(ast.parse(text))]
    except (SyntaxError, ValueError):
        return []  # of a cell's, is_plain_python says so


def is_safe(notebook):
    for cell in code_cells(notebook):
        if found := re.search(UNSAFE, cell.source):
            yield f"{where(cell)} has {found[0]!r}: there is a safer way"


def names_chapters_that_exist(notebook):
    for cell in cells(notebook, "markdown"):
        for number in lost_chapters(cell.source):
            yield f"{where(cell)} names chapter {number}: there is none"


def links_lead_somewhere(notebook, folder=NOTEBOOKS):
    for cell in cells(notebook, "markdown"):
        for fault in bad_links(cell.source, folder):
            yield f"{where(cell)}: {fault}"


OF_ALL = [  # notebooks, and
    is_executed_in_order,
    shows_its_values,
    ignores_only_what_an_assert_checks,
    errors_are_meant,
    has_no_warnings,
    outputs_do_not_vary,
    names_no_machine,
    metadata_is_normal,
    ids_are_unique,
    closes_with_what_comes_next,
    is_plain_python,
    is_safe,
    names_chapters_that_exist,
]
OF_CHAPTERS = [
    fits_the_page,
    figures_are_described,
    shows_things,
    speaks_between_cells,
    opens_with_its_head,
    is_written,
    says_what_it_needs,
    prints_in_one_piece,
    links_lead_somewhere,
]


# What else can be wrong, by the texts that it is in.


def bad_links(text, folder):
    """The faults of all links and images in a text that lies in `folder`."""
    for kind, target, words in markdown.links(text):
        if kind == "image" and len(words.strip()) < ALT:
            yield f"the image {target} has few words: say what it shows"
        path = unquote(target.partition("#")[0])
        if re.match(ELSEWHERE, target):
            continue
        if re.match("[a-z]+:", target):
            yield f"{target} is not https: link to a page with https"
        elif path and not (folder / path).exists():
            yield f"{target} leads nowhere: mend or drop the link"
        elif id := re.search(r"\.ipynb#cell-id=(.+)", target):
            known = f'"id": "{id[1]}"' in content(folder / path)
            if not known:
                yield f"{target}: the page has no such cell: mend the link"


@cache  # many links lead to few pages
def content(path):
    """The text of the file at `path`, a str."""
    return path.read_text("utf-8")


def lost_chapters(text):
    """The numbers in a text that name chapters, and none exists, a list of
    str: those after the word, and lists of which one begins with 0, such as
    02 to 05, and 90. What stands in code is an example."""
    plain = re.sub(r"`[^`]*`|\]\([^)]*\)|\[", "", text)
    more = r"(?:(?:,? and|,| to| or) \d\d\b)"
    named = re.findall(rf"(?i)\bchapters? (\d\d\b{more}*)", plain)
    listed = re.findall(rf"(?<![\d.:])\b(\d\d\b{more}+)", plain)
    lists = [*named, *(some for some in listed if re.search(r"\b0", some))]
    there = {path.name[:2] for path in chapters()}
    numbers = {n for some in lists for n in re.findall(r"\d\d", some)}
    return sorted(numbers - there)
