"""The rules of the workbook, over all its notebooks; no cell is run."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tools.needs import tags
from tools.tracked import tracked

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
IMAGES = sorted((NOTEBOOKS / "img").glob("*.svg"))
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("classroom/**/*.md")])

WIDTH = 75  # columns of a code cell that a page in JupyterLab shows
LINES = 15  # of code in a cell
OUTPUT = 75  # lines of a cell's output, if it is not a file
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}
CELL_METADATA = {"tags", "nbgrader", "editable", "deletable"}
HEAD = "**You will do**", "**You will learn**", "**You need**"
# An expression of one of these kinds shows a value; a call may not.
VALUES = (
    *(ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List),
    *(ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp),
    *(ast.Compare, ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.JoinedStr),
)
IGNORE = r"(?i)nbval[-_](ignore[-_]output|skip)|pytest_validate_ignore"
UNSAFE = (
    r"shell=True|\bpkill\b|\bkillall\b|verify=False|import \*"
    r"|\bos\.fork\b|\bget_ipython\b|--daemon\b"
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
LINK = r"(!?)\[([^\]]*)\]\(<?([^)>\s]*)>?[^)]*\)"


@cache
def read(path):
    return nbformat.read(path, as_version=4)


def cells(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def shown(cell):
    """All text that a code cell's outputs show, one str."""
    texts = []
    for output in cell.outputs:
        texts.append(output.get("text", ""))
        texts += output.get("data", {}).values()
        texts += output.get("traceback", [])
    return "\n".join(text for text in texts if isinstance(text, str))


def prose(text):
    """Markdown without its code, where a link or a # means nothing."""
    text = re.sub(r"(?ms)^ *(```|~~~).*?^ *\1", "", text)
    return re.sub(r"(`+).+?\1", "`", text)


def where(cell):
    return f"cell {cell.id} ({cell.source.strip()[:40]!r})"


# Each rule is a function that takes a notebook and yields its faults.


def is_executed_in_order(notebook):
    counts = [cell.execution_count for cell in cells(notebook, "code")]
    if counts != list(range(1, len(counts) + 1)):
        yield f"counts are {counts}, not 1, 2, 3...: run `make notebooks`"


def shows_its_values(notebook):
    for cell in cells(notebook, "code"):
        try:
            last = ast.parse(cell.source).body[-1:]
        except SyntaxError:
            continue  # another rule's
        quiet = cell.source.rstrip().endswith(";")
        value = last and isinstance(last[0], ast.Expr) and last[0].value
        if isinstance(value, VALUES) and not quiet and not cell.outputs:
            yield f"{where(cell)} has no output: run `make notebooks`"


def ignores_only_what_an_assert_checks(notebook):
    code = cells(notebook, "code")
    for cell, after in zip(code, [*code[1:], None], strict=True):
        proof = cell.source + (after.source if after else "")
        if ignored(cell) and not re.search(r"(?m)^\s*assert\b", proof):
            yield (
                f"{where(cell)} is not compared: choose an output that "
                "cannot vary, or assert in it what holds"
            )


def ignored(cell):
    return re.search(IGNORE, " ".join([cell.source, *tags(cell)]))


def errors_are_meant(notebook):
    for cell in cells(notebook, "code"):
        meant = "raises-exception" in tags(cell)
        raised = any(out.output_type == "error" for out in cell.outputs)
        if meant and not raised:
            yield f"{where(cell)} raises nothing: drop `raises-exception`"
        if raised and not meant:
            yield f"{where(cell)} fails: mend it, or tag `raises-exception`"


def has_no_warnings(notebook):
    for cell in cells(notebook, "code"):
        if any(out.get("name") == "stderr" for out in cell.outputs):
            yield f"{where(cell)} writes to stderr: mend what it warns of"


def outputs_do_not_vary(notebook):
    for cell in cells(notebook, "code"):
        for name, pattern in VARYING.items():
            if found := re.search(pattern, shown(cell)):
                yield f"{where(cell)} shows {name}: {found[0]!r}"


def names_no_machine(notebook):
    for cell in notebook.cells:
        if found := re.search(f"{MACHINE}|{REGISTRY}", cell.source):
            yield f"{where(cell)} names a machine: {found[0]!r}"


def fits_the_page(notebook):
    for cell in cells(notebook, "code"):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        if len(lines) > LINES:
            yield f"{where(cell)} has over {LINES} lines: split it"
        if any(len(line) > WIDTH for line in lines):
            yield f"{where(cell)} is over {WIDTH} columns wide: break it"
        file = ".read_text()" in cell.source
        if shown(cell).count("\n") > OUTPUT and not file:
            yield f"{where(cell)} shows over {OUTPUT} lines: show less"


def metadata_is_normal(notebook):
    if notebook.metadata != METADATA:
        yield "its metadata is an editor's: run `make notebooks`"
    for cell in notebook.cells:
        if extra := set(cell.metadata) - CELL_METADATA:
            yield f"{where(cell)} has metadata {extra}: `make notebooks`"


def ids_are_unique(notebook):
    for id, times in Counter(cell.id for cell in notebook.cells).items():
        if times > 1:
            yield f"{times} cells have the id {id}: give each its own"


def speaks_between_cells(notebook):
    for cell, after in zip(
        notebook.cells, notebook.cells[1:], strict=False
    ):
        if cell.cell_type == after.cell_type == "code":
            yield f"{where(after)} follows code: put a sentence between"


def opens_with_its_head(notebook):
    first = notebook.cells[0]
    titles = re.findall(
        "(?m)^# .*",
        "\n".join(
            prose(cell.source) for cell in cells(notebook, "markdown")
        ),
    )
    if len(titles) != 1 or not first.source.startswith("# "):
        yield f"has the titles {titles}: give it one, at its very start"
    for words in HEAD:
        if words not in first.source:
            yield f"its first cell lacks {words}"
    if minutes(notebook) is None:
        yield "its first cell lacks its time, as in: About 50 minutes."


def minutes(notebook):
    """The minutes that a chapter's head promises, or None."""
    found = re.findall(r"(\d+) minutes", notebook.cells[0].source)
    return int(found[0]) if len(found) == 1 else None


def closes_with_what_comes_next(notebook):
    last = notebook.cells[-1]
    if "## What comes next" not in last.source.splitlines():
        yield "its last cell lacks the heading `## What comes next`"


def is_plain_python(notebook):
    for cell in cells(notebook, "code"):
        try:
            ast.parse(cell.source)
        except SyntaxError:
            if "raises-exception" not in tags(cell):
                yield f"{where(cell)} is no Python: no magics, no `!`"


def is_safe(notebook):
    for cell in cells(notebook, "code"):
        if found := re.search(UNSAFE, cell.source):
            yield f"{where(cell)} has {found[0]!r}: there is a safer way"


def links_lead_somewhere(notebook):
    for cell in cells(notebook, "markdown"):
        for fault in bad_links(cell.source, NOTEBOOKS):
            yield f"{where(cell)}: {fault}"


RULES = [
    is_executed_in_order,
    shows_its_values,
    ignores_only_what_an_assert_checks,
    errors_are_meant,
    has_no_warnings,
    outputs_do_not_vary,
    names_no_machine,
    fits_the_page,
    metadata_is_normal,
    ids_are_unique,
    speaks_between_cells,
    opens_with_its_head,
    closes_with_what_comes_next,
    is_plain_python,
    is_safe,
    links_lead_somewhere,
]


def bad_links(markdown, folder):
    """The faults of all links and images in a text that lies in `folder`."""
    for image, words, target in re.findall(LINK, prose(markdown)):
        if image and not words.strip():
            yield f"the image {target} has no words: say what it shows"
        path = unquote(target.partition("#")[0])
        if re.match(r"https://|mailto:|\.\./\.\./actions/", target):
            continue  # no test goes to the network, or to the host's pages
        if re.match("[a-z]+:", target):
            yield f"{target} is not https"
        elif path and not (folder / path).exists():
            yield f"{target} leads nowhere: mend or drop the link"


def compared(notebooks):
    """The share of the cells with outputs whose outputs are compared."""
    with_outputs = [
        cell
        for notebook in notebooks
        for cell in cells(notebook, "code")
        if cell.outputs
    ]
    kept = [cell for cell in with_outputs if not ignored(cell)]
    return len(kept) / len(with_outputs)


def bad_minutes(markdown, promised):
    """The faults of a table of chapters, given the heads' minutes."""
    rows = [row for row in markdown.splitlines() if row.startswith("|")]
    for name, expected in promised.items():
        row = next((row for row in rows if f"{name})" in row), None)
        said = row and re.search(r"\| *(\d+)( min(utes)?)? *\|", row)
        if row is None:
            yield f"the table lacks {name}"
        elif said is None:
            yield f"the row of {name} lacks its minutes"
        elif int(said[1]) != expected:
            yield f"{name} says {expected} minutes, the table {said[1]}"


def bad_image(svg):
    """Whether an SVG, a str, lets a dark page shine through."""
    first = re.search(r"<(rect|path|circle|text|g)\b[^>]*>", svg)
    return not (
        first
        and first[1] == "rect"
        and re.search(
            r'fill="(#fff(fff)?|white)"', first[0], re.IGNORECASE
        )
    )


def test_there_are_notebooks():
    assert PATHS, f"no notebook in {NOTEBOOKS}: is the copy complete?"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_rule(path, rule):
    faults = list(rule(read(path)))
    assert not faults, "\n".join([path.name, *faults])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_notebook_is_valid(path):
    nbformat.validate(read(path))


def test_names():
    for path in PATHS:
        assert re.fullmatch(r"\d\d_[a-z0-9_]+\.ipynb", path.name), (
            f"{path.name}: name it like 06_serve_in_development.ipynb"
        )


def test_ids_are_unique_in_the_workbook():
    ids = Counter(cell.id for path in PATHS for cell in read(path).cells)
    twice = sorted(id for id, times in ids.items() if times > 1)
    assert not twice, "a cell of one notebook was copied to another"


def test_nine_in_ten_outputs_are_compared():
    assert compared(map(read, PATHS)) >= 0.9, "ignore fewer outputs"


@pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.name)
def test_image(image):
    assert image.with_suffix(".d2").exists(), "commit its source too"
    assert not bad_image(image.read_text("utf-8")), (
        "give it a white background"
    )


def test_each_source_of_an_image_is_drawn():
    for source in (NOTEBOOKS / "img").glob("*.d2"):
        image = source.with_suffix(".svg")
        assert image.exists(), f"{source.name}: run `make diagrams`"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_documents(path):
    faults = list(bad_links(path.read_text("utf-8"), path.parent))
    assert not faults, "\n".join(faults)


def test_tables_of_chapters():
    """The README's table and the map in 00 agree with the chapters."""
    promised = {path.name: minutes(read(path)) for path in PATHS}
    readme, start = ROOT / "README.md", NOTEBOOKS / "00_start_here.ipynb"
    faults = []
    if readme.exists():
        faults += bad_minutes(readme.read_text("utf-8"), promised)
    if start.exists():
        del promised[start.name]
        text = [cell.source for cell in cells(read(start), "markdown")]
        faults += bad_minutes("\n".join(text), promised)
    assert not faults, "\n".join(faults)


def test_no_file_names_a_machine():
    files = tracked() or pytest.skip("these files are not in git")
    for path in files:
        text = path.read_bytes().decode(errors="replace")
        found = re.search(f"{MACHINE}|{REGISTRY}", text)
        assert not found, f"{path.relative_to(ROOT)} has {found[0]!r}"


# The rules themselves: a good notebook, and one fault for each rule.

ERROR = new_output("error", ename="E", evalue="e", traceback=["E: e"])


def value(text):
    return new_output("execute_result", {"text/plain": text})


def stream(text, name="stdout"):
    return new_output("stream", text=text, name=name)


def good():
    """A notebook without a fault."""
    tag = {"tags": ["raises-exception"]}
    cells = [
        new_markdown_cell(f"# Do\n\n{': a '.join(HEAD)}: b. 9 minutes."),
        new_code_cell(
            "1, 2", execution_count=1, outputs=[value("(1, 2)")]
        ),
        new_markdown_cell("A [link](serving.py), and an error:"),
        new_code_cell(
            "1 / 0", execution_count=2, outputs=[ERROR], metadata=tag
        ),
        new_markdown_cell("## What comes next\n\nThe end."),
    ]
    return new_notebook(cells=cells, metadata=METADATA)


FAULTS = [  # rule, number of the cell, what is wrong with it
    (is_executed_in_order, 1, {"execution_count": None}),
    (is_executed_in_order, 3, {"execution_count": 3}),
    (shows_its_values, 1, {"outputs": []}),
    (shows_its_values, 1, {"outputs": [], "source": "x = 1\nf'{x}'"}),
    (shows_its_values, 1, {"outputs": [], "source": "x.y"}),
    (ignores_only_what_an_assert_checks, 1, {"source": "#NBVAL_SKIP\n1"}),
    (
        ignores_only_what_an_assert_checks,
        1,
        {"source": "# NBVAL_IGNORE_OUTPUT\n# assert\n1"},
    ),
    (
        ignores_only_what_an_assert_checks,
        1,
        {"metadata": {"tags": ["nbval-ignore-output"]}},
    ),
    (
        ignores_only_what_an_assert_checks,
        3,
        {"metadata": {"tags": ["nbval-skip"]}},
    ),
    (errors_are_meant, 3, {"outputs": []}),
    (errors_are_meant, 3, {"metadata": {}}),
    (errors_are_meant, 1, {"outputs": [ERROR]}),
    (has_no_warnings, 1, {"outputs": [stream("w", "stderr")]}),
    (outputs_do_not_vary, 1, {"outputs": [value("/" + "home/x")]}),
    (outputs_do_not_vary, 1, {"outputs": [value("'/tmp/a'")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("a/site-packages/b")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream(f"{ROOT}/wsgi.py")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("127.0.0.1:40123")]}),
    (
        outputs_do_not_vary,
        1,
        {"outputs": [value("<A at 0x7f0123456789>")]},
    ),
    (outputs_do_not_vary, 1, {"outputs": [stream("2026-11-22")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("Sun, 22 Nov 2026")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("[22/Nov/2026:14]")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("[4321] [INFO] Boot")]}),
    (outputs_do_not_vary, 1, {"outputs": [value("{'pid': 4321}")]}),
    (names_no_machine, 0, {"source": "/" + "root/x"}),
    (names_no_machine, 1, {"source": "C:" + "\\Users\\x"}),
    (names_no_machine, 1, {"source": "python" + "hosted"}),
    (fits_the_page, 1, {"source": "1\n" * (LINES + 1)}),
    (fits_the_page, 1, {"source": "x" * (WIDTH + 1)}),
    (fits_the_page, 1, {"outputs": [stream("\n" * (OUTPUT + 1))]}),
    (metadata_is_normal, 1, {"metadata": {"collapsed": True}}),
    (metadata_is_normal, None, {"kernelspec": {"name": "mine"}}),
    (metadata_is_normal, None, {"language_info": {"version": "3.11.7"}}),
    (ids_are_unique, slice(0, 2), {"id": "same"}),
    (speaks_between_cells, 2, {"cell_type": "code"}),
    (opens_with_its_head, 0, {"source": "No title."}),
    (opens_with_its_head, 2, {"source": "# A second title"}),
    (opens_with_its_head, 0, {"source": f"# Do {HEAD} no minutes"}),
    (opens_with_its_head, 0, {"source": "# Do\n9 minutes"}),
    (closes_with_what_comes_next, 4, {"source": "Bye."}),
    (is_plain_python, 1, {"source": "%timeit 1"}),
    (is_plain_python, 1, {"source": "!ls"}),
    (is_safe, 1, {"source": "run(command, shell=True)"}),
    (is_safe, 1, {"source": "serve('gunicorn --daemon')"}),
    (is_safe, 1, {"source": "from os import *"}),
    (links_lead_somewhere, 2, {"source": "[a](99_nowhere.ipynb)"}),
    (links_lead_somewhere, 2, {"source": "![](img)"}),
    (links_lead_somewhere, 2, {"source": "![a](img/nowhere.svg)"}),
    (links_lead_somewhere, 2, {"source": "[a](http://example.org)"}),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_notebook_passes(rule):
    assert list(rule(good())) == []


@pytest.mark.parametrize(("rule", "number", "fault"), FAULTS)
def test_each_rule_can_fail(rule, number, fault):
    notebook = good()
    if number is None:
        notebook.metadata.update(nbformat.from_dict(fault))
    elif isinstance(number, slice):
        for cell in notebook.cells[number]:
            cell.update(fault)
    else:
        notebook.cells[number].update(nbformat.from_dict(fault))
    assert list(rule(notebook)), "the rule misses this fault"


def test_each_rule_has_a_fault():
    assert {rule for rule, *_ in FAULTS} == set(RULES)


def test_an_ignored_output_is_fine_with_an_assert():
    notebook = good()
    notebook.cells[1].source = "# NBVAL_IGNORE_OUTPUT\nassert x\nx"
    assert not list(ignores_only_what_an_assert_checks(notebook))
    assert compared([notebook]) == 0.5
    assert compared([good()]) == 1


def test_bad_minutes():
    row = "| [Do](notebooks/01_do.ipynb) | what | 9 |"
    assert not list(bad_minutes(row, {"01_do.ipynb": 9}))
    assert list(bad_minutes(row, {"01_do.ipynb": 8}))
    assert list(bad_minutes(row, {"02_do.ipynb": 9}))
    assert list(bad_minutes(row.replace("9", ""), {"01_do.ipynb": 9}))


def test_bad_image():
    assert not bad_image('<svg><rect x="0" fill="#FFFFFF"/></svg>')
    assert bad_image('<svg><rect x="0" fill="none"/></svg>')
    assert bad_image('<svg><text fill="white">words</text></svg>')
