"""An answer in this Python: in a browser, which can start no other.

It is asked as in a process of its own (`asking.py`), by the same code
(`answering.py`), and what it changes in this Python is put back: modules,
streams, folder, environment. An answer that does not end is interrupted.
What this does not stop is one that breaks Python itself.
"""

import builtins
import contextlib
import io
import os
import random
import signal
import sys
import time
import types

from exercises import asking
from exercises.answering import failure, reply_to
from exercises.client import ask

# Modules that an answer gets as they lie in their files, whatever a cell
# has done to those that the kernel has.
OURS = "answer", "exercises", "my_flask_app", "notebooks", "wsgi"


class Here(asking.Answer):
    """An Answer that is run in this Python."""

    def __init__(self, text):
        self.text, self.logged = text, ""
        self.module, self.beside = types.ModuleType("answer"), {"ask": ask}
        self.module.__file__ = os.path.abspath("answer.py")
        self.until = time.monotonic() + asking.ALL * asking.SECONDS
        self.modules = dict(sys.modules)
        forget_ours()
        sys.modules["answer"] = self.module

    def end(self):
        """Bring back the kernel's modules."""
        forget_ours()
        sys.modules.update(self.modules)

    def send(self, how, text, seconds):
        """Ask a question; return the reply, a dict, or None, and whether
        it has not come in so many `seconds`."""
        begun = time.monotonic()
        with kept():
            try:
                interrupt_in(max(seconds, 0.01))
                reply = reply_to(how, text, self.module, self.beside)
            except KeyboardInterrupt:
                reply = None
            finally:
                interrupt_in(None)
        late = time.monotonic() - begun >= seconds
        return (None, True) if late else (reply, False)


def forget_ours():
    """Let Python load the modules of the project anew."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in OURS:
            del sys.modules[name]


@contextlib.contextmanager
def kept():
    """Put back at the end what an answer may change when it is asked. It
    cannot read or exit, and what it prints goes nowhere."""
    streams, traces = (sys.stdin, sys.stdout, sys.stderr), sys.gettrace()
    reads, leaves = builtins.input, os._exit
    folder, environ, path = os.getcwd(), dict(os.environ), sys.path[:]
    sys.stdin, sys.stdout = io.StringIO(), io.StringIO()
    builtins.input, os._exit = no_input, sys.exit
    try:
        yield
    finally:
        sys.settrace(traces)
        sys.stdin, sys.stdout, sys.stderr = streams
        builtins.input, os._exit = reads, leaves
        sys.path[:] = path
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)


def no_input(*prompt):
    """What `input` does where nobody can type."""
    raise EOFError("EOF when reading a line")


def interrupt_in(seconds):
    """Interrupt an answer in so many seconds, a float, and then every 10
    milliseconds; with None, no more."""
    from in_browser import interrupt_in  # site/lite, where that is there

    default = signal.default_int_handler
    signal.signal(signal.SIGINT, interrupt if seconds else default)
    interrupt_in(seconds, again=0.01)


def interrupt(number, frame):
    """Raise KeyboardInterrupt in an answer, and not in what asks it."""
    answers = []
    while frame and frame.f_code is not reply_to.__code__:
        answers.append(frame)
        frame = frame.f_back
    if frame and answers and answers[-1].f_code is not failure.__code__:
        # What the answer or we call from now on is not traced, only these.
        sys.settrace(lambda *_: None)
        for running in answers:
            running.f_trace = insist
        raise KeyboardInterrupt


def insist(frame, event, arg):
    """Raise KeyboardInterrupt at one of the next lines of an answer, which may
    have caught the first: by chance, as it catches at some of its lines and not
    at others. After that, Python calls this no more (docs: `sys.settrace`)."""
    if event == "line" and random.random() < 0.5:
        raise KeyboardInterrupt
    return insist
