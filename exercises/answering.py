"""The answer's process: it runs an answer, and what a check asks of it.

`asking.py`, in the kernel, writes a line of JSON, [key, how, text], for
each question, and reads a line with the same key for each reply. What an
answer prints goes nowhere; what it raises is a part of the reply.
"""

import contextlib
import ctypes
import io
import json
import linecache
import os
import queue
import re
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
import types
from importlib import import_module
from pathlib import Path

from exercises.client import ask

ROOT = Path(__file__).resolve().parent.parent
PLAIN = bool, int, float, str, bytes
LENGTHS = str, bytes, list, tuple, dict, set
LONG = 500_000  # letters of a value that a check reads
LARGE = 50_000  # bytes of a file that an answer gets no copy of
AUTHORS = "classroom", "site", "tests", "tools"  # folders without learners
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER of Linux
# What Jupyter reads and Python does not, at the place of a SyntaxError.
MAGIC = r"(\w+ *= *)?[%!]+\w|\?|.*\w\?\??$"


def answer_questions():
    """Run an answer, and what is asked of it: a line of JSON for each."""
    if hasattr(os, "fork"):
        keep()
    questions, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    for number in 0, 1, 2:  # an answer may print, and ask for input
        os.dup2(null, number)
    lines = queue.SimpleQueue()
    threading.Thread(target=read, args=(questions, lines)).start()
    if hasattr(signal, "alarm"):
        signal.alarm(120)  # the end, whatever happens

    module = types.ModuleType("answer")
    module.__file__ = os.path.abspath("answer.py")  # templates: beside it
    sys.modules["answer"] = module
    beside = {"ask": ask}  # the names of the check
    twice = Twice()
    while True:
        key, how, text = lines.get()
        reply = reply_to(how, text, module, beside)
        if twice.came_back():
            reply = {"forked": True}
        print(json.dumps(reply | {"key": key}), file=replies, flush=True)


def read(questions, lines):
    """Put the lines of a file into a queue; end the process with them."""
    for line in questions:
        lines.put(json.loads(line))
    os._exit(0)


def keep():
    """Fork, and return in the child, which runs the answer. The parent
    waits for its end, or for SIGTERM, and ends what it has started, too.

    On Linux what a child leaves comes to this parent, however far away it
    has gone; elsewhere it is found by its TMPDIR.
    """
    adopts = False
    if sys.platform == "linux":
        adopts = ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0) == 0
    folder = os.path.realpath(tempfile.mkdtemp(prefix="answer-"))
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    like_the_project(Path(folder, "project"))
    # What comes before `sigwait` is not lost, as it would be for waitpid.
    signal.signal(signal.SIGCHLD, lambda *_: None)
    news = {signal.SIGTERM, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, news)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return

    for number in 0, 1:  # the child's alone, so that its end is seen
        os.close(number)
    import psutil  # meanwhile, so that no answer waits for it

    from tools.processes import processes_in

    while os.waitpid(child, os.WNOHANG) == (0, 0):
        if signal.sigwait(news) == signal.SIGTERM:
            os.kill(child, signal.SIGKILL)
    me, deadline = psutil.Process(), time.monotonic() + 5
    while time.monotonic() < deadline:  # it may fork faster than we kill
        if adopts and not has_children():
            break
        left = me.children(True) if adopts else processes_in(folder)
        for process in left:
            with contextlib.suppress(psutil.Error):  # it has ended
                process.kill()
        if not left:
            break
        psutil.wait_procs(left, timeout=0.5)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def has_children():
    """Whether this process has any, be it one that has ended. To ask this is
    quicker than to look through all processes of the machine."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def like_the_project(folder):
    """Go to `folder`, a new one, in which all lies where it lies in the
    project. So an answer finds what it finds in its sheet, and what it
    writes is gone with the folder.

    What is large, lies deeper than a folder, or in a folder of the
    project's authors, is there as a link.
    """
    folder.mkdir()
    for entry in os.scandir(ROOT):
        to = os.path.join(folder, entry.name)
        if entry.name.startswith(".") or not entry.is_dir():
            bring(entry, to)
            continue
        os.mkdir(to)
        large = 0 if entry.name in AUTHORS else LARGE
        with contextlib.suppress(OSError):  # it may be closed to us
            for inner in os.scandir(entry):
                bring(inner, os.path.join(to, inner.name), large)
    os.chdir(folder)
    places = {"", str(ROOT)}  # where Python finds the project's modules
    sys.path[:] = [str(folder) if p in places else p for p in sys.path]


def bring(entry, to, large=LARGE):
    """Copy what an os.DirEntry names, if it is a file and not `large`
    (bytes), link to all else. What cannot be read, or has just gone, is left
    out."""
    with contextlib.suppress(OSError):
        if entry.is_file() and entry.stat().st_size < large:
            shutil.copy2(entry, to)  # with its time, so that a .pyc fits
        else:
            os.symlink(entry, to)


class Twice:
    """Sees a fork of the answer's that comes back to answer, too."""

    def __init__(self):
        self.mine, self.forked = os.getpid(), False
        if hasattr(os, "fork"):
            self.seen, self.sees = os.pipe()  # a fork copies both ends
            os.register_at_fork(after_in_parent=self.note)

    def note(self):
        self.forked = True

    def came_back(self):
        """Whether two processes have run what was asked. The second one
        ends here; one that goes on by itself is waited for, three seconds, and
        one that has ended, or runs another program, closes its pipe."""
        if os.getpid() != self.mine:
            with contextlib.suppress(OSError):  # too late
                os.write(self.sees, b"2")
            os._exit(0)
        if not self.forked:
            return False
        os.close(self.sees)
        ready, _, _ = select.select([self.seen], [], [], 3)
        came = bool(ready) and os.read(self.seen, 1) == b"2"
        os.close(self.seen)
        self.seen, self.sees = os.pipe()
        self.forked = False
        return came


class Log(io.TextIOBase):
    """The end of what is written to stderr."""

    text = ""

    def write(self, text):
        self.text = (self.text + text)[-10_000:]
        return len(text)


def reply_to(how, text, module, beside):
    """The reply to one question, a dict that JSON can write.

    `module` is the answer's; `beside` are the names of the check, a dict
    to which this adds. They count for more than the answer's own.
    """
    file, names = module.__file__, vars(module)
    sys.stderr = log = Log()
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
            if len(reply["value"]) > LONG:
                raise TooLong
    except NotPlain as found:
        reply = {"kind": str(found)}
    except TooLong:
        reply = {"long": LONG}
    except BaseException as error:
        reply = failure(error, file)
    errors = re.findall(r"(?m)^[\w.]+(?:Error|Exception)\b.*", log.text)
    return reply | {"logged": errors[-1].rstrip(".")} if errors else reply


def names_of(module):
    """The names of a module of ours, {name: value}, whatever the answer
    may have put in its place."""
    for name in [*sys.modules]:
        if name.partition(".")[0] == "exercises":
            del sys.modules[name]
    sys.path.insert(0, str(ROOT))
    try:
        loaded = vars(import_module(module))
    finally:
        sys.path.remove(str(ROOT))
    return {k: v for k, v in loaded.items() if not k.startswith("_")}


def failure(error, file):
    """The reply to what raised `error`: how Python calls it, and the line
    of `file`, the answer's, where it came up; or the name that lacks."""
    if isinstance(error, ImportError) and error.name == "answer":
        return {"missing": re.search(r"name '(\w+)'", error.msg)[1]}
    words = words_of(error)
    steps = traceback.extract_tb(error.__traceback__)
    lines = [step.lineno for step in steps if step.filename == file]
    if isinstance(error, SyntaxError) and error.filename == file:
        lines = [error.lineno]
    name = type(error).__name__[:100]
    reply = {"raised": f"{name}: {words}" if words else name}
    reply["line"] = lines[-1] if lines else None
    if isinstance(error, SyntaxError) and lines:
        reply["jupyter"] = of_jupyter(
            error, linecache.getline(file, lines[-1])
        )
    if name == "AssertionError" and not words:
        steps = [step for step in steps if step.name != "assert_"]
        found = re.match(
            r"assert_\((.+)\)|assert (.+)", steps[-1].line or ""
        )
        if found:  # the first of wsgiref.validate, which the client calls
            reply["asserted"] = [found[1] or found[2], steps[-1].name]
    return reply


def words_of(error):
    """The words of an error, a str without its middle if it is long."""
    try:
        words = str(getattr(error, "msg", "") or error)
    except BaseException:  # an answer may have written it
        return ""
    return words if len(words) < 2000 else words[:1000] + words[-1000:]


def of_jupyter(error, line):
    """What Jupyter allows and a file does not, at a SyntaxError: the line
    of a magic, or `await`; a str, or None."""
    if re.match(MAGIC, line.strip()):
        return line.strip()
    outside = re.match(r"'(await|async \w+)' outside", error.msg)
    return outside and outside[1]


class NotPlain(Exception):  # noqa: N818
    """A value that `literal` does not write; its type is the argument."""


class TooLong(Exception):  # noqa: N818
    """A value that is written with more than LONG letters."""


def literal(value):
    """A plain value as Python writes it, a str. Not by its own __repr__,
    which an answer could write. Raises NotPlain, or TooLong, which need not
    be written for it."""
    if value is None or value is ...:
        return "None" if value is None else "..."
    if isinstance(value, LENGTHS) and len(value) > LONG:
        raise TooLong
    if isinstance(value, float) and not abs(value) < float("inf"):
        raise NotPlain(float.__repr__(value))
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
    if isinstance(value, set):
        items = ", ".join(sorted(map(literal, value)))
        return f"{{{items}}}" if items else "set()"
    raise NotPlain(type(value).__name__[:100])


if __name__ == "__main__":
    answer_questions()
