"""An answer in a Python of its own, as a check asks it.

So a check judges what is on the page, not what an older cell left in the
kernel; and an answer that never ends, exits, prints or breaks Python harms
only that other Python, which runs `answering.py`.
"""

import ast
import contextlib
import json
import linecache
import os
import re
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path

from exercises.words import say
from notebooks.serving import KEPT as SERVERS

ROOT = Path(__file__).resolve().parent.parent
# How long an answer may take for one question; a slow machine needs more.
SECONDS = float(os.environ.get("CHECK_SECONDS") or 10)
# The environment that an answer gets: a server's, and where it may write.
KEPT = *SERVERS, "TMPDIR"
LINE = 75  # letters of a value that a message shows


class NotYet(Exception):  # noqa: N818, a learner reads this name
    """An answer was refused. The message says why, in one line."""

    def _render_traceback_(self):
        """What IPython shows in place of a traceback, a list of lines."""
        return [f"NotYet: {self}"]


def verdict(number, text, exercise):
    """Judge the answer `text`, a str, to exercise `number`, an int.

    `exercise` is a function of the Answer. Raises NotYet when the answer
    does not run, or the function raises anything.
    """
    try:
        with Answer(text) as answer:
            exercise(answer)
    except NotYet as refused:
        told = say("Exercise {number}: {why}", number=number, why=refused)
        raise NotYet(told) from None
    except Exception as error:  # such as a server that did not start
        why = why_it_failed(error)
        told = say("Exercise {number}: {why}", number=number, why=why)
        raise NotYet(told) from error


def why_it_failed(error):
    """What to say of an error that came up in a check, a str."""
    name = type(error).__name__
    if name == "JSONDecodeError":
        line = line_of(error)
        return say("checking it, no JSON came: `{line}`", line=line)
    if type(error).__module__.startswith("requests"):  # no port, no path
        return say(
            "checking it, the server did not answer: {error}", error=name
        )
    if isinstance(error, TimeoutError):
        line = line_of(error)
        return say("checking it, this waited in vain: `{line}`", line=line)
    error = telling_line(f"{name}: {error}")
    return say("checking it, {error}", error=error)


class Answer:
    """An answer's `text` (str), run in a Python of its own.

    All methods raise NotYet with a line for the learner. A `hint` is a
    question, a str that `say` gave.
    """

    def __init__(self, text):
        self.text, self.logged = text, ""
        self.process = self.start()

    def start(self):
        """A fresh Python that waits for questions, a subprocess.Popen."""
        return subprocess.Popen(
            [sys.executable, "-m", "exercises.answering"],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k in KEPT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **({"process_group": 0} if os.name == "posix" else {}),
        )

    def __enter__(self):
        try:
            self.exchange("answer", self.text)
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

        Beside the names of the answer it may use `ask`, of `client.py`.
        The value must be plain: numbers, str, bytes, None, and lists,
        tuples, dicts and sets of them.
        """
        reply = self.exchange("value", expression, hint)
        if kind := reply.get("kind"):
            why = say(
                "`{code}` gave an object of type {kind}, expected a plain "
                "value.",
                code=expression,
                kind=kind,
            )
            self.refuse(why, hint)
        value = ast.literal_eval(reply["value"])
        if value is ...:
            why = say(
                "`{code}` is still `...`: write your answer in its place, "
                "and run that cell.",
                code=expression,
            )
            self.refuse(why, hint)
        return value

    def load(self, name):
        """Load `exercises/checks/NAME.py` beside the answer: what is
        bound there is there for expressions, and not for the answer."""
        self.exchange("beside", f"exercises.checks.{name}")

    def run(self, statement, hint=None):
        """Run a statement, a str, beside the answer; what it binds is
        there for later expressions, and not for the answer."""
        self.exchange("run", statement, hint)

    def expect(self, expression, expected, hint):
        """Refuse the answer if `expression`, a str, has another value or
        another type than `expected`."""
        self.compare(expression, self(expression, hint), expected, hint)

    def compare(self, called, came, expected, hint):
        """Refuse the answer if `came` differs from `expected`, or from its
        type; `called`, a str, says what was done to get it."""
        if type(came) is not type(expected) or came != expected:
            why = say(
                "`{called}` gave {came}, expected {expected}.",
                called=called,
                came=short(came),
                expected=short(expected),
            )
            self.refuse(why, hint)

    def predicts(self, expression, came, hint):
        """Refuse the answer if its `expression`, a prediction, is not what
        `came`; tell the learner that, but not what came."""
        value = self(expression, hint)
        holes = {"code": expression, "value": short(value)}
        if type(value) is not type(came):
            why = say(
                "`{code}` is {value}, a {kind}; what came is of type "
                "{expected}.",
                **holes,
                kind=type(value).__name__,
                expected=type(came).__name__,
            )
        elif value == came:
            return
        elif wrong := wrong_items(value, came):
            why = say(
                "`{code}` is {value}, and that is not what came: see "
                "number {numbers}.",
                **holes,
                numbers=", ".join(map(str, wrong)),
            )
        else:
            why = say(
                "`{code}` is {value}, and that is not what came.", **holes
            )
        self.refuse(why, hint)

    def refuse(self, why, hint=None):
        """Refuse the answer because of `why`, a sentence that `say` gave."""
        sentences = [why]
        if self.logged:
            error = short(self.logged, str)
            sentences.append(say("It logged: {error}.", error=error))
        if hint:
            sentences.append(say("Hint: {question}", question=hint))
        raise NotYet(" ".join(sentences))

    def exchange(self, how, text, hint=None):
        """Send a question to the answer's process, as `answering.py` reads
        it: how to take `text`, and it; return the reply, a dict."""
        self.logged, late = "", threading.Event()
        timer = threading.Timer(
            SECONDS, lambda: (late.set(), self.process.kill())
        )
        timer.start()
        try:
            question = json.dumps([how, text]).encode() + b"\n"
            self.process.stdin.write(question)
            self.process.stdin.flush()
            reply = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            reply = None  # it is no more, or talks nonsense
        finally:
            timer.cancel()
        code = None if how == "answer" else text
        if reply is None:
            self.refuse(why_no_reply(code, late.is_set()), hint)
        self.logged = reply.get("logged", "")
        if name := reply.get("missing"):
            self.refuse(say("your cell has no `{name}`.", name=name), hint)
        if error := reply.get("raised"):
            self.refuse(why_raised(code, error, reply["line"]), hint)
        return reply


def why_no_reply(code, late):
    """What to say of `code`, a str, or of the cell, None, if nothing came
    back; `late` says whether it was ended for taking too long."""
    holes = {"code": code, "seconds": f"{SECONDS:g}"}
    if late and code is None:
        return say(
            "your cell did not end in {seconds} seconds: does it loop?",
            **holes,
        )
    if late:
        return say(
            "`{code}` did not end in {seconds} seconds: does it loop?",
            **holes,
        )
    if code is None:
        return say("your cell ended Python itself: does it call an exit?")
    return say(
        "`{code}` ended Python itself: does it call an exit?", **holes
    )


def why_raised(code, error, line):
    """What to say of an error, a str, that `code`, a str, or the cell,
    None, raised; `line`, an int or None, is that of the cell."""
    holes = {"code": code, "error": short(error, str), "line": line}
    if code is None and line is None:
        return say("your cell raised {error}.", **holes)
    if code is None:
        return say(
            "your cell raised {error} (line {line} of your cell).", **holes
        )
    if line is None:
        return say("`{code}` raised {error}.", **holes)
    return say(
        "`{code}` raised {error} (line {line} of your cell).", **holes
    )


def wrong_items(value, came):
    """Where a list differs from another that is as long: the numbers of
    its items, counted from 1, a list; [] for anything else."""
    if not isinstance(came, (list, tuple)) or len(value) != len(came):
        return []
    pairs = enumerate(zip(value, came, strict=True), 1)
    return [number for number, (mine, its) in pairs if mine != its]


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
