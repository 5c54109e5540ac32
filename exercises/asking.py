"""An answer in a Python of its own, as a check asks it.

So a check judges what is on the page, not what an older cell left in the
kernel; and an answer that never ends, exits, prints or breaks Python harms
only that other Python, which runs `answering.py`.
"""

import ast
import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from exercises.telling import (
    NotYet,
    error_in,
    hint_of,
    in_brackets_of,
    other_type,
    short,
    telling_line,  # noqa: F401, for the checks
    why_it_failed,
    why_no_reply,
    why_only_in_jupyter,
    why_raised,
    wrong_items,
)
from exercises.words import say
from notebooks.serving import KEPT as SERVERS

ROOT = Path(__file__).resolve().parent.parent
# How long an answer may take for one question; a slow machine needs more.
SECONDS = float(os.environ.get("CHECK_SECONDS") or 10)
ALL = 5  # and all questions together this many times as long
END = 6  # seconds that its end may take
# The environment that an answer gets: a server's, and where it may write.
KEPT = *SERVERS, "TMPDIR"
REPLY = 10_000_000  # bytes of a reply; `answering.py` sends fewer


def verdict(number, text, exercise, run=None):
    """Judge the answer `text`, a str, to exercise `number`, an int.

    `exercise` is a function of the Answer; `run`, a class like Answer,
    runs the text elsewhere. Raises NotYet when the answer does not run, or
    the function raises anything.
    """
    try:
        with (run or Answer)(text) as answer:
            exercise(answer)
    except NotYet as refused:
        why, *hint = refused.parts
    except KeyboardInterrupt:
        why, *hint = say("you have stopped this check."), None
    except Exception as error:  # such as a server that did not start
        why, *hint = why_it_failed(error)
    else:
        return
    told = say("Exercise {number}: {why}", number=number, why=why)
    raise NotYet(told, *hint) from None


class Answer:
    """An answer's `text` (str), run in a Python of its own.

    All methods raise NotYet with a line for the learner. A `hint` is a
    question, a str that `say` gave.
    """

    server = None  # the Server that a check asks now: its log tells more

    def __init__(self, text):
        self.text, self.logged = text, ""
        self.process, self.replies = self.start(), queue.SimpleQueue()
        self.until = time.monotonic() + ALL * SECONDS
        reads = self.process.stdout, self.replies
        threading.Thread(target=read, args=reads, daemon=True).start()

    def start(self):
        """A fresh Python that waits for questions, a subprocess.Popen."""
        return subprocess.Popen(
            [sys.executable, "-m", "exercises.answering"],
            cwd=ROOT,
            env={k: v for k, v in os.environ.items() if k in KEPT},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # Windows, which has no groups, ignores it
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
        """End the answer's process, and all that it has started: what we
        ask to end sees to it (`keep`). If it does not, its group ends."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.terminate()
        try:
            self.process.wait(ALL + SECONDS)
        finally:
            if hasattr(os, "killpg"):  # not so on Windows
                with contextlib.suppress(OSError):  # it has ended
                    os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()

    def __call__(self, expression, hint=None):
        """The value of a Python expression, a str, where the answer runs.

        Beside the names of the answer it may use `ask`, of `client.py`.
        The value must be plain: numbers, str, bytes, None, and lists,
        tuples, dicts and sets of them.
        """
        reply = self.exchange("value", expression, hint)
        holes = {"code": expression, "kind": reply.get("kind")}
        if holes["kind"] in ("nan", "inf", "-inf"):
            self.refuse(
                say("`{code}` gave {kind}, expected a number.", **holes),
                hint,
            )
        if holes["kind"]:
            why = say(
                "`{code}` gave an object of type {kind}, expected a plain "
                "value.",
                **holes,
            )
            self.refuse(why, hint)
        if long := reply.get("long"):
            why = say(
                "`{code}` gave more than {long} letters.",
                **holes,
                long=long,
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
        `came`, a tuple for a list; tell that, but not what came."""
        value = self(expression, hint)
        holes = {"code": expression, "value": short(value)}
        value = in_brackets_of(came, value)
        if type(value) is not type(came):
            why = say(
                "`{code}` is {value}, of type {kind}; what came is of type "
                "{expected}.",
                **holes,
                kind=type(value).__name__,
                expected=type(came).__name__,
            )
        elif value == came:
            return
        elif isinstance(came, list) and len(value) != len(came):
            why = say(
                "{its} values were asked for, and `{code}` has {mine}.",
                **holes,
                mine=len(value),
                its=len(came),
            )
        elif other := other_type(value, came):
            number, mine, its = other
            why = say(
                "`{code}` is {value}: number {number} is of type {kind}; "
                "what came is of type {expected}.",
                **holes,
                number=number,
                kind=mine,
                expected=its,
            )
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
        logged = self.logged or error_in(self.server)
        if logged:
            error = short(logged, str)
            why = say("{why} It logged: {error}.", why=why, error=error)
        raise NotYet(why, hint_of(hint))

    def exchange(self, how, text, hint=None):
        """Ask a question, as `answering.py` reads it: how to take `text`,
        and it; return the reply, a dict."""
        self.logged, code = "", None if how == "answer" else text
        left = min(SECONDS, self.until - time.monotonic())
        reply, late = self.send(how, text, max(0, left))
        if reply is None:
            if late and left != SECONDS:
                self.refuse(
                    say(
                        "this check took over {s} seconds in all.",
                        s=ALL * SECONDS,
                    ),
                    hint,
                )
            self.refuse(why_no_reply(code, late and SECONDS), hint)
        self.logged = reply.get("logged", "")
        if reply.get("forked"):
            self.refuse(
                say("two processes ran your cell: does it call a fork?"),
                hint,
            )
        if name := reply.get("missing"):
            self.refuse(say("your cell has no `{name}`.", name=name), hint)
        if words := reply.get("jupyter"):
            self.refuse(why_only_in_jupyter(words, reply["line"]), hint)
        if error := reply.get("raised"):
            if asserted := reply.get("asserted"):
                error = say(
                    "{error}: `{name}` asserts `{what}`",
                    error=error,
                    name=asserted[1],
                    what=asserted[0],
                )
            self.refuse(why_raised(code, error, reply["line"]), hint)
        return reply

    def send(self, how, text, seconds):
        """Send a question to the answer's process; return the reply, a
        dict, or None, and whether it has not come in so many `seconds`."""
        key = os.urandom(8).hex()
        question = json.dumps([key, how, text]).encode() + b"\n"
        try:
            self.process.stdin.write(question)
            self.process.stdin.flush()
            return reply_of(self.replies.get(timeout=seconds), key), False
        except OSError:
            return None, False  # it is no more
        except queue.Empty:
            return None, True


def read(file, replies):
    """Put the lines of a file into a queue, and b"" at its end."""
    with file, contextlib.suppress(OSError, ValueError):
        while line := file.readline(REPLY):
            replies.put(line)
    replies.put(b"")


def reply_of(line, key):
    """The reply to the question with this `key`, a dict, or None."""
    try:
        reply = json.loads(line)
        return reply if reply["key"] == key else None
    except (ValueError, TypeError, KeyError):
        return None  # it talks nonsense
