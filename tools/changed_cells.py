"""Execute the notebooks and say in Markdown which outputs have changed.

Usage: python tools/changed_cells.py [--store] LOCK REPORT [NOTEBOOK ...]

LOCK is the lock file with the versions that the stored outputs come from,
REPORT the file to write; without a NOTEBOOK all chapters and sheets are
run. With --store, those that have changed are stored, unless a cell fails.

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

import nbformat
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from tools.needs import lacks
from tools.refresh import FAILURES, code_cells, execute

FOLDERS = "notebooks", "exercises", "exercises/solutions"
CUT = 2_000  # letters that a report shows of one cell
LIMIT = 30_000  # letters of a report: an issue takes 65,536, and has two
# On the host that runs this, a link leads to the commit that was run.
HOST = "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/blob/{GITHUB_SHA}/"


def shown(cell):
    """What the outputs of a cell say, a list of lines; of a picture, its
    type and size."""
    lines = []
    for output in cell.outputs if cell else []:
        if output.output_type == "error":
            lines.append(f"{output.ename}: {output.evalue}")
        elif output.output_type == "stream":
            mark = "stderr: " if output.name == "stderr" else ""
            lines += [mark + line for line in output.text.splitlines()]
        else:
            for kind, value in sorted(output.data.items()):
                text = isinstance(value, str) and kind.startswith("text/")
                lines += (
                    value.splitlines()
                    if text
                    else [f"{kind}, {len(value)} letters"]
                )
    return "\n".join(lines).splitlines()


def fails(cell):
    """Whether a cell, or None, ends in an error that is not meant."""
    tags = cell.metadata.get("tags", []) if cell else []
    errors = cell and any(o.output_type == "error" for o in cell.outputs)
    return errors and "raises-exception" not in tags


def changes(old, new):
    """The code cells of the notebook `old` that show something else in
    `new`: pairs of the cell's id and a list of lines, - old and + new. A
    figure, which the tests do not compare, counts when it fails."""
    after = {cell.id: cell for cell in code_cells(new)}
    for cell in code_cells(old):
        now = after.get(cell.id)
        figure = "nbval-ignore-output" in cell.metadata.get("tags", [])
        before, behind = shown(cell), shown(now)
        if now is None:
            yield cell.id, [*(f"-{line}" for line in before), "+(no cell)"]
        elif before != behind and (fails(now) or not figure):
            diff = difflib.unified_diff(before, behind, n=2, lineterm="")
            yield cell.id, [*diff][2:]  # without two names of files


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


def part(name, id, lines):
    """The Markdown of one changed cell."""
    text = "\n".join(lines)
    if len(text) > CUT:
        text = f"{text[:CUT]}\n... and {len(text) - CUT} letters more"
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
    paths = [Path(name).resolve() for name in names] or [
        path
        for folder in FOLDERS
        for path in sorted(ROOT.glob(f"{folder}/*.ipynb"))
    ]
    found, notes, failed = [], [], False
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        old = nbformat.read(path, as_version=4)
        skipped = [c for c in code_cells(old) if lacks(old, c)]
        for reason in sorted({lacks(old, c) for c in skipped}):
            notes.append(f"{link(name)}: not all was run, {reason}")
        old.cells = [c for c in old.cells if c not in skipped]
        new, keep = copy.deepcopy(old), bool(skipped)
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
            nbformat.write(new, path)
        ids = ", ".join(id for _, id, _ in cells)
        print(f"{name}: {ids or 'same'}", flush=True)
    table = versions(locked(Path(lock).read_text("utf-8")))
    text = report(table, found, notes)
    Path(target).write_text(text, "utf-8")
    print(f"\n{text}")
    return int(failed or (bool(found) and not store))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
