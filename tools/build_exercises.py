"""Make the blank sheets of exercises/ from the solved ones, and run both.

Usage: python -m tools.build_exercises [--check] [SHEET ...]

SHEET is a notebook of exercises/solutions/, the one source of a sheet (all,
if none is named). It is stored with its outputs, its blank twin in
exercises/; a second run changes no byte. What its answers' cells hold before
anybody writes is stored first, in exercises/checks/blanks.json. No notebook
is stored, and the exit status is 1, when a check does more with the blank
than to wait, or fails on the solution, when a cell fails outside a check,
and, with --check, when a file is stale.
"""

import copy
import json
import statistics
import sys
from datetime import datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from exercises import checking
from tools.kernels import AsyncKernels
from tools.workbook import BLANKS, ROOT, SOLUTIONS, code_cells, normalise

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
# For nbgrader: ClearSolutions.code_stub. It runs, and shows nothing.
STUB = "pass  # Write your answer here."


def role(cell):
    """What nbgrader does with a cell: "solution", "grade", or None."""
    marks = cell.metadata.get("nbgrader", {})
    return next((r for r in ("solution", "grade") if marks.get(r)), None)


def number(cell):
    """The number of the exercise that a check or an answer belongs to."""
    return int(cell.metadata.nbgrader.grade_id.rpartition("-")[2])


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


def keep_blank(path):
    """Write into blanks.json what the answers' cells of the sheet at `path`
    (Path) hold before anybody writes: its checks compare with that."""
    blank = blank_of(nbformat.read(path, as_version=4))
    answers = [c.source for c in blank.cells if role(c) == "solution"]
    blanks = json.loads(checking.BLANKS.read_text("utf-8"))
    blanks[path.name[:2]] = answers
    text = json.dumps(blanks, indent=1, ensure_ascii=False, sort_keys=True)
    checking.BLANKS.write_text(text + "\n", "utf-8")


def cleared(source):
    """A cell's text with STUB for each solution, as nbgrader clears it.

    ValueError where a solution does not begin or end.
    """
    lines, inside = [], False
    for line in source.splitlines():
        if BEGIN in line:
            if inside:
                raise ValueError(f"two times {BEGIN}:\n{source}")
            inside = True
            lines.append(line[: -len(line.lstrip())] + STUB)
        elif END in line:
            inside = False
        elif not inside:
            lines.append(line)
    if inside or STUB not in "\n".join(lines):
        raise ValueError(f"no {BEGIN} or {END}:\n{source}")
    return "\n".join(lines)


def execute(notebook, folder):
    """A copy of `notebook`, run in a fresh kernel in `folder` (Path), and
    the seconds that its checks took, a list."""
    notebook = copy.deepcopy(notebook)
    client = NotebookClient(
        notebook,
        timeout=60,
        kernel_name="python3",
        kernel_manager_class=AsyncKernels,
        resources={"metadata": {"path": folder}},
        coalesce_streams=True,
        allow_errors=True,
    )
    client.execute()
    seconds = []
    for cell in notebook.cells:
        if role(cell) == "grade":
            busy, idle = (
                datetime.fromisoformat(cell.metadata.execution[name])
                for name in ("iopub.status.busy", "iopub.status.idle")
            )
            seconds.append((idle - busy).total_seconds())
    return normalise(notebook), seconds


def faults(notebook, solved):
    """What is wrong with an executed sheet, lines of text; `solved` says
    whether its checks must pass, or must all wait for an answer."""
    for cell in code_cells(notebook):
        for output in cell.outputs:
            if output.output_type == "error":
                error = f"{output.ename}: {output.evalue}"
                yield f"cell {cell.id} fails: {error}"
            if output.get("name") == "stderr":
                yield f"cell {cell.id} writes to stderr: {output.text}"
        said = [
            output.get("text") or output.get("data")
            for output in cell.outputs
        ]
        if role(cell) == "grade":
            begin = f"Exercise {number(cell)}"
            waits = {
                "text/plain": "0",  # points, for nbgrader
                "text/html": f"{begin}, not yet: write your answer above.",
            }
            if said != [f"{begin}: done.\n" if solved else waits]:
                yield f"cell {cell.id} says {said}"


def build(path):
    """Run the sheet at `path` (Path) and its twin; return their texts, a
    dict {Path: str}, its faults, and the seconds of its checks, lists."""
    source = nbformat.read(path, as_version=4)
    texts, wrong, seconds = {}, [], []
    for notebook, target in [
        (source, path),
        (blank_of(source), BLANKS / path.name),
    ]:
        done, took = execute(notebook, target.parent)
        texts[target] = nbformat.writes(done) + "\n"
        seconds += took if target == path else []
        wrong += [
            f"{target.relative_to(ROOT)}: {fault}"
            for fault in faults(done, solved=target == path)
        ]
    return texts, wrong, seconds


def main(arguments):
    """Build the sheets that are named; return the exit status."""
    check = "--check" in arguments
    names = [name for name in arguments if name != "--check"]
    paths = [Path(name).resolve() for name in names]
    status = 0
    for path in paths or sorted(SOLUTIONS.glob("*.ipynb")):
        try:
            if not check:
                keep_blank(path)
            texts, wrong, seconds = build(path)
        except (ValueError, DeadKernelError) as error:
            texts, wrong, seconds = {}, [f"{path.name}: {error}"], []
        stale = [
            target
            for target, text in texts.items()
            if not target.exists() or target.read_text("utf-8") != text
        ]
        if check:
            wrong += [f"{p.relative_to(ROOT)} is stale" for p in stale]
        if wrong:
            print("\n".join(wrong))
            status = 1
            continue
        for target in stale:
            target.write_text(texts[target], "utf-8")
        median = statistics.median(seconds)
        print(
            f"{path.name}: {len(seconds)} checks, median {median:.2f} s; "
            f"{len(stale)} of 2 files changed"
        )
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
