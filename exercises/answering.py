"""The answer's process: it runs an answer, and what a check asks of it.

`asking.py`, in the kernel, writes a line of JSON, [how, text], for each
question, and reads a line for each reply. What an answer prints goes
nowhere; what it raises is a part of the reply.
"""

import io
import json
import linecache
import os
import queue
import re
import signal
import sys
import threading
import traceback
import types
from importlib import import_module
from pathlib import Path

from exercises.client import ask

ROOT = Path(__file__).resolve().parent.parent
PLAIN = bool, int, float, str, bytes


def answer_questions():
    """Run an answer, and what is asked of it: a line of JSON for each."""
    questions, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    for number in 0, 1, 2:  # an answer may print, and ask for input
        os.dup2(null, number)
    lines = queue.SimpleQueue()
    threading.Thread(target=read, args=(questions, lines)).start()
    if hasattr(signal, "alarm"):
        signal.alarm(120)  # the end, whatever happens

    module = types.ModuleType("answer")
    module.__file__ = str(ROOT / "answer.py")  # Flask's templates: there
    sys.modules["answer"] = module
    beside = {"ask": ask}  # the names of the check
    while True:
        how, text = lines.get()
        reply = reply_to(how, text, module, beside)
        print(json.dumps(reply), file=replies, flush=True)


def read(questions, lines):
    """Put the lines of a file into a queue; end the process with them."""
    for line in questions:
        lines.put(json.loads(line))
    os._exit(0)


def reply_to(how, text, module, beside):
    """The reply to one question, a dict that JSON can write.

    `module` is the answer's; `beside` are the names of the check, a dict
    to which this adds. They count for more than the answer's own.
    """
    file, names = module.__file__, vars(module)
    sys.stderr = log = io.StringIO()
    reply = {}
    try:
        if how == "answer":
            lines = text.splitlines(keepends=True)  # for inspect.getsource
            linecache.cache[file] = len(text), None, lines, file
            exec(compile(text, file, "exec"), names)  # noqa: S102
        elif how == "beside":
            beside |= names_of(text)
        elif how == "run":
            all_names = names | beside
            exec(text, all_names)  # noqa: S102, the check's own
            for name, value in all_names.items():
                if name not in names or names[name] is not value:
                    beside[name] = value
        else:
            reply["value"] = literal(eval(text, names | beside))
    except NotPlain as found:
        reply = {"kind": type(found.args[0]).__name__}
    except BaseException as error:
        reply = failure(error, file)
    errors = re.findall(
        r"(?m)^[\w.]+(?:Error|Exception)\b.*", log.getvalue()
    )
    return reply | {"logged": errors[-1].rstrip(".")} if errors else reply


def names_of(module):
    """The names of a module of ours, {name: value}, whatever the answer
    may have put in its place."""
    for name in [*sys.modules]:
        if name.startswith("exercises."):
            del sys.modules[name]
    loaded = vars(import_module(module))
    return {k: v for k, v in loaded.items() if not k.startswith("_")}


def failure(error, file):
    """The reply to what raised `error`: how Python calls it, and the line
    of `file`, the answer's, where it came up; or the name that lacks."""
    if isinstance(error, ImportError) and error.name == "answer":
        return {"missing": re.search(r"name '(\w+)'", error.msg)[1]}
    words = str(getattr(error, "msg", "") or error)
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename == file
    ]
    if isinstance(error, SyntaxError) and error.filename == file:
        lines = [error.lineno]
    name = type(error).__name__
    raised = f"{name}: {words}" if words else name
    return {"raised": raised, "line": lines[-1] if lines else None}


class NotPlain(Exception):  # noqa: N818
    """A value that `literal` does not write; it is the argument."""


def literal(value):
    """A plain value as Python writes it, a str. Not by its own __repr__,
    which an answer could write. Raises NotPlain."""
    if value is None or value is ...:
        return "None" if value is None else "..."
    for kind in PLAIN:
        if isinstance(value, kind):
            return kind.__repr__(value)
    if isinstance(value, dict):
        pairs = [f"{literal(k)}: {literal(v)}" for k, v in value.items()]
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({''.join(f'{literal(item)}, ' for item in value)})"
    if isinstance(value, set) and value:
        return f"{{{', '.join(map(literal, value))}}}"
    raise NotPlain(value)


if __name__ == "__main__":
    answer_questions()
