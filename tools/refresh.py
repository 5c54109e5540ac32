"""Run the notebooks afresh, and store them so that a second run changes no
byte.

Usage: python -m tools.refresh [NOTEBOOK ...]    (default: all chapters)

It says which cells show something else than before, old and new. A notebook
with a cell that fails is left as it was, and the exit status is 1.
"""

import copy
import sys
from pathlib import Path

from tools.changed_cells import changes, cut
from tools.workbook import FAILURES, chapters, execute, read, write


def refresh(path):
    """Run the notebook at `path`, store it, and say what has changed; one
    of FAILURES when a cell fails."""
    old = read(path)
    new = copy.deepcopy(old)
    execute(new, path.parent)
    write(new, path)
    found = dict(changes(old, new))
    print(f"{path.name}: {', '.join(found) or 'same'}", flush=True)
    for id, lines in found.items():
        print(f"  {id}", *cut(lines).splitlines(), sep="\n    ")


def main(names):
    """Refresh the notebooks of these file `names`; return the exit status."""
    status = 0
    for path in [Path(name).resolve() for name in names] or chapters():
        try:
            refresh(path)
        except (OSError, ValueError) as error:
            print(error)
            status = 1
        except FAILURES as error:
            print(f"{path.name}: left as it was, a cell failed:\n{error}")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
