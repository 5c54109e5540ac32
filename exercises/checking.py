"""What the cells of a sheet call: `listen`, `judge`, `count`.

`judge` takes the text of the cell with the line `# Exercise 2`, as it was
last run, and gives it to the function `exercise_2` of the sheet's file in
`checks/`. It says "done", or what to look at, and a question.

Each check cell reloads this file, and with it those that it stands on,
which undoes what an earlier cell may have done to them. What this does not
stop is somebody who is set on cheating: a kernel obeys its owner.
"""

import html
import json
import os
import re
import sys
from importlib import import_module
from pathlib import Path

if "ran" in globals():  # this file is loaded anew: so must the others be
    for name in [*sys.modules]:
        ours = name.startswith(("exercises.", "notebooks."))
        if ours and name != __name__:
            del sys.modules[name]

from exercises.asking import verdict
from exercises.words import say

ROOT = Path(__file__).resolve().parent.parent
# The answers' cells as they are before anybody writes: {sheet: [text, ...]}.
BLANKS = ROOT / "exercises" / "checks" / "blanks.json"
# The texts of the answers' cells: {number: as it was run last}, and {(sheet,
# number): as it passed}. They outlive a reload, and end with the kernel:
# "Run All" brings them back.
ran, listening = globals().get("ran", {}), globals().get("listening", [])
done = globals().get("done", {})


def listen(language=None):
    """Take note of each answer's cell that is run in this kernel, from now
    on, and of those that were run before; speak a `language`, such as "zh",
    whose folder has the words."""
    if language:
        words = ROOT / language / "messages.json"
        os.environ["CHECK_WORDS"] = str(words)
    shell = sys.modules["IPython"].get_ipython()
    if not listening:  # the setup cell may be run twice
        listening.append(shell)
        for text in shell.history_manager.input_hist_raw:
            note(text)
        shell.events.register("pre_run_cell", lambda i: note(i.raw_cell))


def note(text):
    """Take note of a cell's text, if it has a line `# Exercise 2`."""
    head = re.search(r"(?im)^[ \t]*# *Exercise (\d+)\b", text)
    if head:
        ran[int(head[1])] = text


def judge(sheet, number):
    """Judge the answer to an exercise, an int, of a sheet, such as "05".

    Prints that it is done, or raises NotYet, which says why not. Returns
    NotTried before the first try.
    """
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython():
        listen()  # in case that the sheet's first cell was not run
    done.pop((sheet, number), None)
    text = ran.get(number)
    if text is None:
        return NotTried(
            say(
                "Exercise {number}, not yet: run your answer first, the "
                "cell with the line `# Exercise {number}`.",
                number=number,
            )
        )
    blanks = json.loads(BLANKS.read_text("utf-8"))[sheet]
    if code_of(text) == code_of(blanks[number - 1]):
        return NotTried(
            say(
                "Exercise {number}, not yet: write your answer above.",
                number=number,
            )
        )
    checks = import_module(f"exercises.checks.sheet_{sheet}")
    exercise = getattr(checks, f"exercise_{number}")
    verdict(number, text, exercise, where())
    done[sheet, number] = text
    print(say("Exercise {number}: done.", number=number))


def code_of(text):
    """A cell's text without comments, which may be in any language."""
    return re.sub(r"#.*", "", text).strip()


def where():
    """Where an answer runs: None for a Python of its own; in a browser,
    which starts none, the class that runs it in this one."""
    if sys.platform != "emscripten":
        return None
    return import_module("exercises.in_process").Here


def count(sheet, total):
    """Print how many of the exercises 1 to `total` of a sheet are done."""
    left = [
        number
        for number in range(1, total + 1)
        if (sheet, number) not in done
        or done[sheet, number] != ran.get(number)
    ]
    holes = {"done": total - len(left), "total": total}
    if left:
        told = say(
            "{done} of {total} exercises done. Still to do: {left}.",
            **holes,
            left=", ".join(map(str, left)),
        )
    else:
        told = say("{done} of {total} exercises done.", **holes)
    print(told)


class NotTried:
    """What an answer is worth that nobody has tried: a cell shows a line.

    A page shows it as HTML. As plain text it is 0, which nbgrader reads as
    the points of this check.
    """

    def __init__(self, line):
        self.line = line

    def __repr__(self):
        return "0"

    def _repr_html_(self):
        return html.escape(self.line, quote=False)
