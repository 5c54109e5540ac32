"""Beside the answer to exercise 5 of sheet 13: modules that leak, or not."""

import gc
import itertools
import tracemalloc
from pathlib import Path

from answer import leaking_line

MOST = 300  # calls of `work`
numbers = itertools.count()
# {name: the text of a module}.
MODULES = {
    "pages": """
kept = []

def work():
    text = "x" * 300_000
    page = text[:1000]
    kept.append(page)
    return len(text)
""",
    "a cache": """
cache, seen = {}, []

def price(number):
    if number % 10 not in cache:
        cache[number % 10] = bytes(200_000)
    return number

def work():
    n = len(seen)
    price(n)
    seen.append(bytearray(600))
""",
    "a library": """
import json
answers, names = [], []
TEXT = json.dumps([{"name": "mint" * 50, "price": 3.5}])

def work():
    names.append("x" * 60 + str(len(names)))
    order = json.loads(TEXT)
    answers.append(order)
    prices = [number + 1000 for number in range(100)]
    return len(prices)
""",
    "cycles": """
class Cup:
    def __init__(self):
        self.saucer = [self, bytes(3000)]

def work():
    cup = Cup()
    return len(cup.saucer)
""",
    "a stock": """
state = {"calls": 0, "stock": None}
log = []

def work():
    state["calls"] += 1
    state["stock"] = bytes(4_000_000 - 10_000 * state["calls"])
    log.append("x" * 700 + str(state["calls"]))
""",
    "small ones": """
few, many = [], []

def make(size):
    return bytearray(size)

def work():
    few.append("y" * 400 + str(len(few)))
    for _ in range(3):
        many.append(make(300))
""",
    "a word": """
seen = []

def work():
    seen.append("x" * 100 + str(len(seen)))
""",
    "a pointer": """
seen, state = [], {"calls": 0}

def work():
    state["calls"] += 1
    seen.append(None)
""",
    "a view": """
seen = {}

def view():
    number = len(seen)
    seen[number] = bytes(500)
    return number
""",
    "another": """
kept = []

def work():
    kept.append(bytes(4000))
    return view()
""",
}


class Module:
    """A module of MODULES, in a file of its own, and how often its function
    `work` was called."""

    def __init__(self, module, more="", **names):
        text = MODULES[module] + more
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
        """The text of the line that the answer names, or what it gave. No
        garbage is collected meanwhile unless the answer asks for it."""
        gc.disable()
        try:
            line = leaking_line(self.work, str(self.path))
        finally:
            gc.enable()
        return self.text_of(line)

    def text_of(self, line):
        lines = self.path.read_text().splitlines()
        if type(line) is int and 1 <= line <= len(lines):
            return lines[line - 1].strip()
        return line


def found(module):
    """What the answer finds in a module of MODULES."""
    return Module(module).found()


def found_beside(module, other):
    """The same, where `work` is that of another module, which calls the
    `view` of the first; and what it finds in the other one."""
    first = Module(module)
    second = Module(other, view=first.names["view"])
    line = leaking_line(second.work, str(first.path))
    again = Module(other, view=first.names["view"])
    return first.text_of(line), again.found()


def tracing(module):
    """Whether memory is traced before, in `work`, and after."""
    seen = []
    more = "own = work\ndef work():\n    own()\n    note()\n"
    before = tracemalloc.is_tracing()

    def note():
        seen.append(tracemalloc.is_tracing())

    Module(module, more, note=note).found()
    return before, seen[-1:], tracemalloc.is_tracing()


def still_collects(module):
    """Whether Python's collector is on, before and after."""
    before, module = gc.isenabled(), Module(module)
    leaking_line(module.work, str(module.path))
    return before, gc.isenabled()


def raises(module):
    """Whether memory is traced after a `work` that has failed."""
    fails = "def work():\n    raise KeyError('tea')\n"
    try:
        Module(module, fails).found()
    except KeyError:
        return "KeyError", tracemalloc.is_tracing()
    return "no error", tracemalloc.is_tracing()
