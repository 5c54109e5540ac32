"""Estimate how long a page takes, by its length.

Usage: python -m tools.estimate [NOTEBOOK ...]    (default: all)

Somebody who meets all for the first time reads 180 words or 6 lines of code in
a minute, and takes 15 seconds to run a cell and look at its output, and 45 for
a prediction. A student in the second year takes two minutes for each line of
an exercise's solution. Nobody was measured; questions of a class come on top.
"""

import re
import sys
from pathlib import Path

from tools.sheets import BEGIN, END
from tools.style import minutes
from tools.workbook import SOLUTIONS, cells, chapters, code_cells, name_of, read

WORDS, LINES, RUN, GUESS, ANSWER = 1 / 180, 1 / 6, 15 / 60, 45 / 60, 2


def lines(source):
    """The lines of code, a list of str."""
    return [line for line in source.splitlines() if line.strip()]


def estimate(notebook):
    """How many minutes a notebook takes, a float."""
    text = "\n".join(cell.source for cell in cells(notebook, "markdown"))
    code = [c for c in code_cells(notebook) if not hidden(c)]
    given = solved = 0
    for cell in code:
        answer = re.findall(rf"(?s){BEGIN}(.*?){END}", cell.source)
        solved += sum(len(lines(part)) for part in answer)
        given += len(lines(cell.source))
    return (
        len(re.findall(r"[\w'-]+", text)) * WORDS
        + (given - solved) * LINES
        + len(code) * RUN
        + text.count("*Predict*") * GUESS
        + solved * ANSWER
    )


def hidden(cell):
    """Whether a page shows a cell folded."""
    return cell.metadata.get("jupyter", {}).get("source_hidden", False)


def main(names):
    """Print what the notebooks of these file names say, and the estimate."""
    chosen = [Path(name).resolve() for name in names]
    for path in chosen or [*chapters(), *sorted(SOLUTIONS.glob("*.ipynb"))]:
        notebook = read(path)
        said, seen = minutes(notebook), estimate(notebook)
        print(f"{name_of(path):55} says {said:3}, estimate {seen:4.0f}")


if __name__ == "__main__":
    main(sys.argv[1:])
