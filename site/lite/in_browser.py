"""How the kernel in a browser deals with errors: an extension of IPython.

After a cell with the tag `raises-exception` Run All goes on, as in JupyterLab
(JupyterLite 0.8.6 stops at any error). It goes on after a cell that needs what a
browser lacks, too, which says so in one line. And a cell that does not end is
interrupted: nobody else can do it there. What it says is in the language of the
notebook's folder, as the words of the checks are (exercises/words.py).
"""

import ast
import json
import os
import sys
from pathlib import Path

import js
import pyodide_js
from pyodide.code import run_js
from pyodide.ffi import to_js

SECONDS = 30  # that a cell may take
BUFFER = """(first, again) => {
    let until = Date.now() + first;
    return {
        get 0() { return Date.now() < until ? 0 : (until = Date.now() + again, 2); },
        set 0(_) {},
    };
}"""
lost = set()  # the names that such cells have not bound


def load_ipython_extension(shell):
    """Let `shell` show errors as said above. IPython calls this at its start."""
    sys.dont_write_bytecode = True  # no __pycache__ beside the reader's files

    def show(kind, error, lines):
        request = shell.kernel._parent_header  # with its header, metadata, content
        line, lacks = str(error), lacking(error)
        if lacks:
            lost.update(bound(request["content"]["code"]))
            line, lines = lacks, [lacks]
        shown = {"ename": kind.__name__, "evalue": line, "traceback": lines}
        if lacks or "raises-exception" in request["metadata"].get("tags", []):
            publish(shown, request["header"])
        else:
            shell._last_traceback = shown  # the kernel publishes it, and stops

    def begin(*_):
        find_words()  # the first cell is still in the folder of its notebook
        interrupt_in(SECONDS)

    def no_limit(*_):
        interrupt_in(None)

    shell._showtraceback = show
    shell.events.register("pre_run_cell", begin)
    shell.events.register("post_run_cell", no_limit)


def interrupt_in(seconds, again=1):
    """Let Pyodide interrupt Python in so many seconds, a float, and `again` and
    again, so many seconds later; with None, no more.

    It looks into a buffer every few steps, where 2 is SIGINT. While Python runs,
    nobody else can write there: so this is an object that looks at the clock.
    """
    buffer = run_js(BUFFER)(seconds * 1000, again * 1000) if seconds else None
    pyodide_js.setInterruptBuffer(buffer)


def find_words():
    """Let `say` have the words of an edition, if we are in its folder."""
    for folder in Path.cwd().parents:
        if Path(folder, "messages.json").exists():
            os.environ.setdefault("CHECK_WORDS", f"{folder}/messages.json")


def say(sentence, **holes):
    """A sentence in the reader's language. A cell may not have gone to the folder
    of the app yet, where Python finds the module that does the same."""
    words = os.environ.get("CHECK_WORDS")
    ours = json.loads(Path(words).read_text("utf-8")) if words else {}
    return ours.get(sentence, sentence).format(**holes)


def lacking(error):
    """What to say of what a browser lacks if a cell has raised this `error`, a str,
    or None."""
    if isinstance(error, ModuleNotFoundError):
        return say(
            "This cell needs {module}, which a browser does not have: `make lab` on "
            "your machine runs it, see README.md",
            module=error.name,
        )
    missed = isinstance(error, NameError) and error.name in lost
    if missed or type(error).__name__ == "NoServer":
        return say(
            "This cell needs a server, which a browser does not have: `make lab` on "
            "your machine runs it, see README.md"
        )
    return None


def bound(code):
    """The names that a cell binds by assignments, an iterable of str."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def publish(shown, header):
    """Send an error to the page, as the kernel does, but for the reply that says
    "error", at which the page forgets the cells that wait."""
    message = {"type": "execute_error", "bundle": shown, "parentHeader": header}
    message = to_js({"_kernelMessage": message}, dict_converter=js.Object.fromEntries)
    js.postMessage(message)
