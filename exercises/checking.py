"""The checks of the exercises: each says "done", or what to look at, in one line.

A check takes the text of the cell that begins with `# Exercise 2`, as it
was last run, and gives it to a fresh Python, which it asks. So it judges
what is on the page, not what an older cell left in the kernel; and an
answer that never ends, exits, prints or breaks Python harms only that
fresh Python. Each check cell reloads this file, which undoes what an
earlier cell may have done to it. What this does not stop is somebody who
is set on cheating: a kernel obeys its owner.
"""

import ast
import contextlib
import io
import json
import linecache
import os
import queue
import re
import signal
import subprocess
import sys
import textwrap
import threading
import traceback
import types
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
# How long an answer may take for one question; a slow machine needs more.
SECONDS = float(os.environ.get("CHECK_SECONDS") or 10)
# The environment that an answer gets, as in notebooks/serving.py.
KEPT = "PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR"
PLAIN = bool, int, float, str, bytes
LINE = 75  # letters of a value that a message shows
# {number of an exercise: text of its cell}: as run last, and as it passed.
# These outlive a reload, and end with the kernel: "Run All" brings them back.
ran, listening = globals().get("ran", {}), globals().get("listening", [])
done = globals().get("done", {})


def listen():
    """Take note, from now on, of each answer's cell that is run here."""
    shell = sys.modules["IPython"].get_ipython()
    if not listening:  # the setup cell may be run twice
        shell.events.register("pre_run_cell", note)
        listening.append(note)


def note(info):
    """Take note of a cell; `info` is IPython's ExecutionInfo."""
    head = re.match(
        r"\s*# *Exercise (\d+)\b", info.raw_cell, re.IGNORECASE
    )
    if head:
        ran[int(head[1])] = info.raw_cell


class NotYet(Exception):  # noqa: N818, a learner reads this name
    """An answer was refused. The message says why, in one line."""

    def _render_traceback_(self):
        """What IPython shows in place of a traceback, a list of lines."""
        return [f"NotYet: {self}"]


@contextlib.contextmanager
def check(number):
    """Judge the answer to exercise `number`, an int, in a `with` block.

    Yields the Answer. Prints that it is done when the block ends; raises
    NotYet when the answer does not run, or the block raises anything.
    """
    done.pop(number, None)
    try:
        with Answer(newest(number)) as answer:
            yield answer
    except NotYet as refused:
        raise NotYet(f"Exercise {number}: {refused}") from None
    except Exception as error:  # such as a server that did not start
        name = type(error).__name__
        why = telling_line(f"{name}: {error}")
        if name == "JSONDecodeError":
            why = f"no JSON came: `{line_of(error)}`"
        elif type(error).__module__.startswith("requests"):
            why = f"the server did not answer: {name}"  # no port, no path
        elif isinstance(error, TimeoutError):
            why = f"this waited in vain: `{line_of(error)}`"
        raise NotYet(f"Exercise {number}: checking it, {why}") from error
    done[number] = answer.text
    print(f"Exercise {number}: done.")


def count(total):
    """Print how many of the exercises 1 to `total` are done."""
    numbers = range(1, total + 1)
    left = [n for n in numbers if n not in done or done[n] != ran.get(n)]
    still = f" Still to do: {', '.join(map(str, left))}." if left else ""
    print(f"{total - len(left)} of {total} exercises done.{still}")


def newest(number):
    """The text of the cell `# Exercise {number}` that was run last, a str;
    NotYet if there is none."""
    if number not in ran:
        raise NotYet(
            "run your answer first, the cell that begins with "
            f"`# Exercise {number}`, and before it this sheet's first cell."
        )
    return ran[number]


class Answer:
    """An answer's `text` (str), run in a Python of its own.

    All methods raise NotYet with a line for the learner. A `hint` is a
    question, a str.
    """

    def __init__(self, text):
        self.text = text
        self.process = self.start()

    def start(self):
        """A fresh Python that waits for questions, a subprocess.Popen."""
        return subprocess.Popen(
            [sys.executable, "-m", "exercises.checking"],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k in KEPT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **({"process_group": 0} if os.name == "posix" else {}),
        )

    def __enter__(self):
        try:
            self.ask("answer", self.text, "your cell")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *error):
        self.end()

    def end(self):
        """End the answer's process, and all that it has started."""
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        with contextlib.suppress(OSError):
            self.process.communicate()

    def __call__(self, expression, hint=None):
        """The value of a Python expression, a str, where the answer runs.

        Beside the names of the answer it may use `ask`. The value must be
        plain: numbers, str, bytes, None, and lists, tuples, dicts and sets
        of them.
        """
        reply = self.ask("eval", expression, f"`{expression}`", hint)
        if "kind" in reply:
            raise NotYet(
                f"`{expression}` gave an object of type {reply['kind']}, "
                f"expected a plain value.{ending(hint)}"
            )
        value = ast.literal_eval(reply["value"])
        if value is ...:
            raise NotYet(
                f"`{expression}` is still `...`: write your answer in its "
                f"place, and run that cell.{ending(hint)}"
            )
        return value

    def run(self, code, hint=None):
        """Run statements, a str, beside the answer; the names that they
        bind are there for later expressions, and not for the answer."""
        code = textwrap.dedent(code)
        self.ask("exec", code, f"`{short(code, str)}`", hint)

    def expect(self, expression, expected, hint):
        """Refuse the answer if `expression`, a str, has another value or
        another type than `expected`."""
        self.compare(expression, self(expression, hint), expected, hint)

    def compare(self, called, came, expected, hint):
        """Refuse the answer if `came` differs from `expected`, or from its
        type; `called`, a str, says what was done to get it."""
        if type(came) is not type(expected) or came != expected:
            raise NotYet(
                f"`{called}` gave {short(came)}, expected {short(expected)}."
                f"{self.log()}{ending(hint)}"
            )

    def predicts(self, expression, came, hint):
        """Refuse the answer if its `expression`, a prediction, is not what
        `came`; tell the learner that, but not what came."""
        value = self(expression, hint)
        if type(value) is not type(came):
            kind = type(came).__name__
            raise NotYet(
                f"`{expression}` is {short(value)}, a "
                f"{type(value).__name__}; what came is of type {kind}."
                f"{ending(hint)}"
            )
        if value != came:
            items = isinstance(came, (list, tuple)) and len(came) == len(
                value
            )
            wrong = (
                [
                    str(place)
                    for place, pair in enumerate(
                        zip(value, came, strict=True), 1
                    )
                    if pair[0] != pair[1]
                ]
                if items
                else []
            )
            which = f": see number {', '.join(wrong)}" * bool(wrong)
            raise NotYet(
                f"`{expression}` is {short(value)}, and that is not what "
                f"came{which}.{ending(hint)}"
            )

    def refuse(self, why, hint):
        """Refuse the answer because of `why`, a str."""
        raise NotYet(f"{why}{ending(hint)}")

    def log(self):
        """The error that the answer logged last, as part of a message."""
        return f" It logged: {short(self.logged, str)}." * bool(
            self.logged
        )

    def ask(self, how, text, called, hint=None):
        """Send `text` to the answer's process, to do one thing with it:
        "answer", "eval" or "exec"; return its reply, a dict."""
        late = []
        timer = threading.Timer(
            SECONDS, lambda: (late.append(1), self.process.kill())
        )
        timer.start()
        try:
            self.process.stdin.write(
                json.dumps([how, text]).encode() + b"\n"
            )
            self.process.stdin.flush()
            reply = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):  # it is no more, or talks nonsense
            if late:
                why = f"did not end in {SECONDS:g} seconds: does it loop?"
            else:
                why = "ended Python itself: does it call an exit?"
            raise NotYet(f"{called} {why}{ending(hint)}") from None
        finally:
            timer.cancel()
        self.logged = reply.get("logged", "")
        if "raised" in reply:
            raise NotYet(
                f"{called} raised {short(reply['raised'], str)}"
                f"{reply['where']}.{self.log()}{ending(hint)}"
            )
        return reply


def ending(hint):
    """The end of a message: its hint, if it has one."""
    return f" Hint: {hint}" if hint else ""


def short(value, show=repr):
    """A value as one line of a message, without its middle if it is long."""
    text = " ".join(show(value).split())
    if len(text) <= 2 * LINE:
        return text
    return f"{text[:LINE]} ... {text[-LINE // 2 :]}"


def telling_line(text):
    """The line of an error's text, a str, that tells most: the last error
    of a log that it quotes, or else the last line."""
    lines = text.strip().splitlines()
    errors = [
        line for line in lines[1:] if re.match(r"[\w.]*Error\b", line)
    ]
    return short((errors or lines)[-1].rstrip(":"), str)


def line_of(error):
    """The line of a check where `error` came up, a str."""
    for frame, number in traceback.walk_tb(error.__traceback__):
        file = frame.f_code.co_filename
        if file != __file__:
            return linecache.getline(file, number).strip()


# From here on: what runs beside the answer, in its process.


class Reply(NamedTuple):
    """What an application answered to `ask`."""

    status: str
    headers: list
    body: bytes

    def header(self, name):
        """The values of a header, joined by commas, or None; a str."""
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self):
        """The body as JSON; ValueError if it is none."""
        return json.loads(self.body)


def ask(app, path="/", method="GET", body=b"", headers=None, **environ):
    """Call a WSGI application as a correct server does; return a Reply.

    `path` may have a query; `body` is bytes, `headers` a dict; more keys
    of the environ go by name. The standard library's examiner watches: it
    raises AssertionError where the application breaks a rule of PEP 3333,
    and so does this where a Content-Length lies.
    """
    from wsgiref.util import setup_testing_defaults
    from wsgiref.validate import validator

    path, _, query = path.partition("?")
    environ |= {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": environ.get("SCRIPT_NAME", ""),
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        plain = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        environ[key if plain else f"HTTP_{key}"] = value
    setup_testing_defaults(environ)
    begun, blocks = [], []

    def start_response(status, headers, exc_info=None):
        if exc_info and any(blocks):
            raise exc_info[1]  # too late for another answer
        if begun and not exc_info:
            raise AssertionError("start_response twice, without exc_info")
        begun.append((status, list(headers)))
        return blocks.append

    iterable = validator(app)(environ, start_response)
    try:
        for block in iterable:
            blocks.append(block)  # noqa: PERF402, start_response looks
    finally:
        iterable.close()
    reply = Reply(*begun[-1], b"".join(blocks))
    length = reply.header("Content-Length")
    if method != "HEAD" and length not in (None, str(len(reply.body))):
        raise AssertionError(
            f"Content-Length says {length}, the body has {len(reply.body)}"
        )
    return reply


def answer_questions():
    """Run an answer, and what is asked of it: a line of JSON for each."""
    questions, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
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
        reply = answered(how, text, vars(module), beside)
        print(json.dumps(reply), file=answers, flush=True)


def read(questions, lines):
    """Put the lines of a file into a queue; end the process with them."""
    for line in questions:
        lines.put(json.loads(line))
    os._exit(0)


def answered(how, text, names, beside):
    """The reply to one question, a dict that JSON can write."""
    file = names["__file__"]
    sys.stderr = log = io.StringIO()
    reply = {}
    try:
        if how == "answer":
            lines = text.splitlines(keepends=True)  # for inspect.getsource
            linecache.cache[file] = len(text), None, lines, file
            exec(compile(text, file, "exec"), names)  # noqa: S102
        elif how == "exec":
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
        words = str(getattr(error, "msg", "") or error)
        lines = [
            line
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame.f_code.co_filename == file
        ]
        if isinstance(error, SyntaxError) and error.filename == file:
            lines = [error.lineno]
        name = type(error).__name__
        reply = {
            "raised": f"{name}: {words}" if words else name,
            "where": f" (line {lines[-1]} of your cell)" if lines else "",
        }
    errors = re.findall(
        r"(?m)^[\w.]+(?:Error|Exception)\b.*", log.getvalue()
    )
    return reply | {"logged": errors[-1].rstrip(".")} if errors else reply


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
