"""Beside the answer to exercise 5 of sheet 13: modules that leak, or not."""

import gc
import itertools
import tracemalloc
import types
from pathlib import Path

from answer import leaking_line

MOST = 300  # calls of `work`
numbers = itertools.count()


class Module:
    """A module of this `text`, in a file of its own, and how often its
    function `work` was called."""

    def __init__(self, text, **names):
        self.path = Path(f"leaky_{next(numbers)}.py").absolute()
        self.path.write_text(text)
        self.calls, self.names = 0, dict(names)
        code = compile(text, str(self.path), "exec")
        exec(code, self.names)  # noqa: S102, the check's own

    def work(self):
        self.calls += 1
        if self.calls > MOST:
            raise RuntimeError(f"work was called more than {MOST} times")
        self.names["work"]()

    def found(self):
        """The text of the line that the answer names, or what it gave."""
        line = leaking_line(self.work, str(self.path))
        return self.text_of(line)

    def text_of(self, line):
        lines = self.path.read_text().splitlines()
        if type(line) is int and 1 <= line <= len(lines):
            return lines[line - 1].strip()
        return line


def found(text):
    """What the answer finds in a module with this `text`."""
    return Module(text).found()


def found_beside(text, other):
    """The same, where `work` is that of another module, which calls the
    `view` of the first; and what it finds in the other one."""
    first = Module(text)
    second = Module(other, view=first.names["view"])
    line = leaking_line(second.work, str(first.path))
    again = Module(other, view=first.names["view"])
    return first.text_of(line), again.found()


def tracing(text):
    """Whether memory is traced before, in `work`, and after."""
    seen = []
    text = f"{text}\nown = work\ndef work():\n    own()\n    note()\n"
    before = tracemalloc.is_tracing()

    def note():
        seen.append(tracemalloc.is_tracing())

    module = Module(text, note=note)
    module.found()
    return before, seen[-1:], tracemalloc.is_tracing()


def still_collects(text):
    """Whether Python's collector is on, before and after."""
    before = gc.isenabled()
    found(text)
    return before, gc.isenabled()


def raises(text):
    """Whether memory is traced after a `work` that has failed."""
    module = Module(f"{text}\ndef work():\n    raise KeyError('tea')\n")
    try:
        module.found()
    except KeyError:
        return "KeyError", tracemalloc.is_tracing()
    return "no error", tracemalloc.is_tracing()
