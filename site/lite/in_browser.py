"""How the kernel in a browser deals with errors: an extension of IPython.

After a cell with the tag `raises-exception` Run All goes on, as in JupyterLab
(JupyterLite 0.8.6 stops at any error). It goes on after a cell that needs what a
browser lacks, too, which says so in one line. And a cell that does not end is
interrupted: nobody else can do it there.
"""

import ast
import sys

import js
import pyodide_js
from pyodide.code import run_js
from pyodide.ffi import to_js

LACKS = (
    "This cell needs {}, which a browser does not have: `make lab` on your machine "
    "runs it, see README.md"
)
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
            line = LACKS.format(lacks)
            lines = [line]
        shown = {"ename": kind.__name__, "evalue": line, "traceback": lines}
        if lacks or "raises-exception" in request["metadata"].get("tags", []):
            publish(shown, request["header"])
        else:
            shell._last_traceback = shown  # the kernel publishes it, and stops

    def limit(*_):
        interrupt_in(SECONDS)

    def no_limit(*_):
        interrupt_in(None)

    shell._showtraceback = show
    shell.events.register("pre_run_cell", limit)
    shell.events.register("post_run_cell", no_limit)


def interrupt_in(seconds, again=1):
    """Let Pyodide interrupt Python in so many seconds, a float, and `again` and
    again, so many seconds later; with None, no more.

    It looks into a buffer every few steps, where 2 is SIGINT. While Python runs,
    nobody else can write there: so this is an object that looks at the clock.
    """
    buffer = run_js(BUFFER)(seconds * 1000, again * 1000) if seconds else None
    pyodide_js.setInterruptBuffer(buffer)


def lacking(error):
    """What a browser lacks if a cell has raised this `error`, a str, or None."""
    if isinstance(error, ModuleNotFoundError):
        return error.name
    missed = isinstance(error, NameError) and error.name in lost
    return "a server" if missed or type(error).__name__ == "NoServer" else None


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
