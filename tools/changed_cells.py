"""Execute the notebooks and say in Markdown which outputs have changed.

Usage: python -m tools.changed_cells [--store] LOCK REPORT [NOTEBOOK ...]

LOCK is the lock file with the versions that the stored outputs come from,
REPORT the file to write; without a NOTEBOOK all chapters and sheets are
run. With --store, those that have changed are stored, unless a cell fails,
or cannot run here.

The exit status is 1 when a cell fails, and, without --store, when an
output has changed.
"""

import copy
import difflib
import os
import re
import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from tools.needs import lacks, tags
from tools.workbook import (
    FAILURES,
    chapters,
    code_cells,
    execute,
    name_of,
    outcome,
    read,
    sheets,
    shown,
    write,
)

CUT = 2_000  # letters that a report shows of one cell
LIMIT = 30_000  # letters of a report: an issue takes 65,536, and has two
# On the host that runs this, a link leads to the commit that was run.
HOST = "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/blob/{GITHUB_SHA}/"


def fails(cell):
    """Whether a cell ends in an error that is not meant."""
    errors = any(o.output_type == "error" for o in cell.outputs)
    meant = "raises-exception" in tags(cell) and "nbgrader" not in cell.metadata
    return errors and not meant


def changes(old, new):
    """The code cells of the notebook `old` that show something else in
    `new`: pairs of the cell's id and a list of lines, - old and + new. A
    figure, which the tests do not compare, counts when it fails."""
    after = {cell.id: cell for cell in code_cells(new)}
    for cell in code_cells(old):
        now = after.get(cell.id)
        before = shown(cell).splitlines()
        if now is None:
            yield cell.id, [*(f"-{line}" for line in before), "+(no cell)"]
            continue
        figure = "nbval-ignore-output" in tags(cell)
        same = outcome(cell) == outcome(now)
        if not same and (fails(now) or not figure):
            behind = shown(now).splitlines()
            diff = difflib.unified_diff(before, behind, n=2, lineterm="")
            yield cell.id, [*diff][2:] or ["(a picture, or colours)"]


def drop(notebook):
    """Take out of a notebook the cells that cannot run here; return why, a
    sorted list of str."""
    why = {cell.id: lacks(notebook, cell) for cell in code_cells(notebook)}
    notebook.cells = [c for c in notebook.cells if not why.get(c.id)]
    return sorted({*filter(None, why.values())})


def locked(text):
    """The versions that a lock file's text asks for on this Python, a
    dict {name: version}."""
    lines = re.findall(r"(?m)^\w.*==[^\\\n]*", text)
    return {
        asked.name: str(asked.specifier).removeprefix("==")
        for asked in map(Requirement, lines)
        if not asked.marker or asked.marker.evaluate()
    }


def version(name):
    """The installed version of a package, or words that it is missing."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def versions(before):
    """A Markdown table of the packages whose version is not the one in
    `before`, a dict {name: version}."""
    pairs = {name: (was, version(name)) for name, was in before.items()}
    rows = [
        f"| {name} | {was} | {now} |"
        for name, (was, now) in sorted(pairs.items())
        if was != now
    ]
    if not rows:
        return "No version is another one.\n"
    head = ["| package | was | is |", "|---|---|---|"]
    return "\n".join([*head, *rows]) + "\n"


def link(name, cell=None):
    """A Markdown link to a notebook, or to one of its cells."""
    try:
        folder = HOST.format_map(os.environ)
    except KeyError:
        folder = ""
    if cell:
        return f"[{cell}]({folder}{name}#cell-id={cell})"
    return f"[{name}]({folder}{name})"


def cut(lines):
    """The lines of a change, or so many that they have CUT letters; a str."""
    text = "\n".join(lines)
    left = len(text) - CUT
    return f"{text[:CUT]}\n... and {left} letters more" if left > 0 else text


def part(name, id, lines):
    """The Markdown of one changed cell."""
    text = cut(lines)
    fence = max([*re.findall("`+", text), "``"], key=len) + "`"
    return f"### {link(name, id)}\n\n{fence}diff\n{text}\n{fence}\n"


def report(table, found, notes):
    """The whole report, a str of at most LIMIT letters, and a bit.

    `table` is of the versions; `found` a list of triples: the notebook's
    name, the cell's id, and its lines; `notes` are lines of their own."""
    notebooks = len({name for name, *_ in found})
    count = f"Changed cells: {len(found)}, in notebooks: {notebooks}."
    parts = [count + "\n"]
    parts += ["".join(f"- {note}\n" for note in notes)] if notes else []
    parts += [table]
    size, last = sum(map(len, parts)), None
    for n, (name, id, lines) in enumerate(found):
        head = f"## {link(name)}\n\n" if name != last else ""
        text = head + part(name, id, lines)
        size, last = size + len(text) + 1, name
        if size > LIMIT:
            left = len(found) - n
            parts.append(f"**And {left} cells more**: too long to show.\n")
            break
        parts.append(text)
    return "\n".join(parts)


def why(error):
    """What FAILURES say, in one line."""
    if name := getattr(error, "ename", None):
        return f"{name}: {error.evalue}".splitlines()[0]
    return str(error).splitlines()[0]


def main(arguments):
    """Run and report; return the exit status."""
    store = "--store" in arguments
    lock, target, *names = [a for a in arguments if a != "--store"]
    paths = [Path(name).resolve() for name in names]
    found, notes, failed = [], [], False
    for path in paths or [*chapters(), *sheets()]:
        name, old = name_of(path), read(path)
        reasons = drop(old)
        notes += [f"{link(name)}: not all was run, {each}" for each in reasons]
        new, keep = copy.deepcopy(old), bool(reasons)
        try:
            execute(new, path.parent)
        except FAILURES as error:
            failed = keep = True
            notes.append(
                f"{link(name)}: a cell fails, and those after it were "
                f"not run: `{why(error)}`"
            )
        cells = [(name, *change) for change in changes(old, new)]
        found += cells
        if store and cells and not keep:  # not for a figure alone
            write(new, path)
        ids = ", ".join(id for _, id, _ in cells)
        print(f"{name}: {ids or 'same'}", flush=True)
    table = versions(locked(Path(lock).read_text("utf-8")))
    text = report(table, found, notes)
    Path(target).write_text(text, "utf-8")
    print(f"\n{text}")
    return int(failed or (bool(found) and not store))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
