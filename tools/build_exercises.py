"""Make the blank sheets of exercises/ from the solved ones, and run both.

Usage: python -m tools.build_exercises [SHEET ...]

SHEET is a notebook of exercises/solutions/, the one source of a sheet (all,
if none is named). It is stored with its outputs, its blank twin in
exercises/; a second run changes no byte. What its answers' cells hold before
anybody writes is stored first, in exercises/checks/blanks.json. No notebook
is stored, and the exit status is 1, when a check does more with the blank
than to wait, or fails on the solution, or a cell fails outside a check.
"""

import statistics
import sys
from pathlib import Path

from nbclient.exceptions import DeadKernelError

from exercises import checking
from tools.sheets import bad_outputs, blank_of, of_role, with_blank
from tools.workbook import (
    BLANKS,
    SOLUTIONS,
    execute,
    name_of,
    read,
    text_of,
)


def build(path):
    """Run the sheet at `path`, a Path, and its twin; return their texts,
    a dict {Path: str}, its faults, and the seconds of its checks, lists."""
    solved = read(path)
    blank, texts, wrong = blank_of(solved), {}, []
    blanks = checking.BLANKS.read_text("utf-8")
    blanks = with_blank(blanks, path.name, blank)
    checking.BLANKS.write_text(blanks, "utf-8")  # the checks look into it
    took = execute(solved, path.parent, go_on=True)
    execute(blank, BLANKS, go_on=True)
    for notebook, target in [(solved, path), (blank, BLANKS / path.name)]:
        texts[target] = text_of(notebook)
        for fault in bad_outputs(notebook, target == path):
            wrong.append(f"{name_of(target)}: {fault}")
    checks = of_role(solved, "grade").values()
    return texts, wrong, [took[cell.id] for cell in checks]


def main(names):
    """Build the sheets with these file `names`; return the exit status."""
    paths = [Path(name).resolve() for name in names]
    status = 0
    for path in paths or sorted(SOLUTIONS.glob("*.ipynb")):
        if path.parent != SOLUTIONS:
            source = name_of(SOLUTIONS / path.name)
            print(f"{path.parent.name}/{path.name}: this is made; name {source}.")
            status = 1
            continue
        try:
            texts, wrong, seconds = build(path)
        except (OSError, ValueError, DeadKernelError) as error:
            wrong = [f"{path.name}: {error}"]
        if wrong:
            print("\n".join(wrong))
            status = 1
            continue
        stale = [
            target
            for target, text in texts.items()
            if not target.exists() or target.read_text("utf-8") != text
        ]
        for target in stale:
            target.write_text(texts[target], "utf-8")
        print(
            f"{path.name}: {len(seconds)} checks, median "
            f"{statistics.median(seconds):.2f} s; {len(stale)} of 2 files "
            "changed",
            flush=True,
        )
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
