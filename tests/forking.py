"""A Python that has imported Flask, and forks itself instead of a start.

A check gives an answer to a fresh Python, and starts Gunicorn, or a script,
anew for it. The tests judge thousands of kept answers, and most of what a
start costs are the imports: a fork costs a tenth. Learners, and the sheets
and chapters under nbval, have the fresh Python, and what it starts.
"""

import atexit
import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import types
from importlib import import_module
from pathlib import Path

from exercises import answering, asking

SERVERS = {"PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}  # in their environment
# Variables that a Python reads while it starts, and a fork does not.
READ_FIRST = "PYTHON", "LANG", "LC_", "LD_"
# Scripts of our Python, beside it; and any other that it is given as a file.
SCRIPTS = "gunicorn", "flask", "waitress-serve"
# What it has imported when it forks.
FIRST = "flask", "gunicorn.arbiter", "gunicorn.workers.gthread", "waitress"
# Gunicorn looks around while it is imported, and a command finds its own.
AGAIN = "gunicorn", "exercises", "notebooks", "tests", "tools"
ORDER = 100_000  # bytes at most


class Forked:
    """An answer's process: what an Answer uses of a subprocess.Popen."""

    def __init__(self, forks, connection, pid):
        self.forks, self.connection, self.pid = forks, connection, pid
        self.stdin = connection.makefile("wb")
        self.stdout = connection.makefile("rb")

    def terminate(self):
        """Ask the process to end what it has started, and to end."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self, timeout=None):
        """Wait for its end, however long that takes."""
        self.forks.ask({"wait": self.pid})
        self.connection.close()

    def kill(self):
        """Nothing: it has been waited for."""


class Program:
    """A command's process: what a Server uses of a subprocess.Popen."""

    def __init__(self, forks, words, pid):
        self.forks, self.args, self.pid = forks, words, pid
        self.returncode = None

    def poll(self):
        """How it has ended, an int, or None."""
        if self.returncode is None:
            self.returncode = self.forks.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout=float("inf")):
        """Wait until it has ended, for so many seconds: how, an int."""
        until = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired(self.args, timeout)
            time.sleep(0.01)
        return self.returncode

    def send_signal(self, number):
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self):
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self):
        """End it."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """The Python that forks; `more` (dict) comes into its environment."""

    def __init__(self, more=None):
        self.control, theirs = socket.socketpair()
        self.one_asks = threading.Lock()
        kept = {k: v for k, v in os.environ.items() if k in asking.KEPT}
        self.env = kept | (more or {})
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking"],
            cwd=asking.ROOT,
            env=self.env,
            stdin=theirs,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()

    def ask(self, order, fds=()):
        """Send a dict and files; return what comes, an int or None."""
        with self.one_asks:
            order = json.dumps(order).encode()
            assert len(order) < ORDER
            socket.send_fds(self.control, [order], fds)
            return json.loads(self.control.recv(64))

    def start(self):
        """Fork; return the Forked, which waits for its first question."""
        ours, theirs = socket.socketpair()
        with theirs:
            pid = self.ask({"fork": "answer"}, [theirs.fileno()])
        return Forked(self, ours, pid)

    def popen(self, words, **options):
        """Start a command, as subprocess.Popen does; return its process. It
        is forked if it is a script's, and a fork has its environment."""
        script = script_of(words, options.get("executable"))
        if not script or read_first(options["env"]) != read_first(self.env):
            return subprocess.Popen(words, **options)
        order = {"fork": script, "env": options["env"]}
        order["group"] = options["process_group"]
        order["cwd"] = options["cwd"] or os.getcwd()
        pid = self.ask(order, [options["stdout"].fileno()])
        return Program(self, words, pid)

    def end(self):
        """End it, and all that it has forked."""
        self.control.close()
        self.process.wait()


def script_of(words, program):
    """The path of a script that our Python runs, and its arguments, a list of
    str; None if a command, its `words` and `program`, runs something else."""
    folder = Path(sys.executable).parent
    if program in [str(folder / name) for name in SCRIPTS]:
        return [program, *words[1:]]
    if program == str(folder / "python") and len(words) > 1:
        return words[1:] if words[1].endswith(".py") else None
    return None


def read_first(env):
    """The variables of an environment that are READ_FIRST, a dict."""
    return {k: v for k, v in env.items() if k.startswith(READ_FIRST)}


def main():
    """Fork when a file comes, wait for the process whose number comes."""
    for name in FIRST:
        import_module(name)

    gc.freeze()  # no fork looks through what was here before it
    control, children = socket.socket(fileno=os.dup(0)), set()
    while (received := socket.recv_fds(control, ORDER, 1))[0]:
        order, fds, *_ = received
        order, reply = json.loads(order), None
        if fds:
            reply = os.fork()
            group = order.get("group", reply)
            if reply == 0:
                control.close()
                os.setpgid(0, group)
                if order["fork"] != "answer":
                    return run(order, fds[0])
                answer(fds[0])
            with contextlib.suppress(OSError):  # it may have been quicker
                os.setpgid(reply, group)
            os.close(fds[0])
            children.add(reply)
        elif "wait" in order:
            os.waitpid(order["wait"], 0)
            children.remove(order["wait"])
        else:
            pid, status = os.waitpid(order["poll"], os.WNOHANG)
            if pid:
                reply = os.waitstatus_to_exitcode(status)
                children.remove(pid)
        control.sendall(json.dumps(reply).encode())
    for number in children:
        with contextlib.suppress(OSError):  # or its guard ends it, in another group
            os.killpg(number, signal.SIGKILL)


def forget(*packages):
    """Let what was imported of these packages be imported anew."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in packages:
            del sys.modules[name]


def answer(connection):
    """Be an answer's process; `connection` is a file's number."""
    for number in 0, 1:
        os.dup2(connection, number)
    os.close(connection)
    forget("notebooks")  # an answer looks for them in its folder
    answering.answer_questions()


def run(order, log):
    """Be a command's process, which writes to the file number `log`."""
    null = os.open(os.devnull, os.O_RDONLY)
    for number, source in enumerate((null, log, log)):
        os.dup2(source, number)
    os.close(null)
    os.close(log)
    forget(*AGAIN)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = order["fork"]
    sys.orig_argv[1:] = sys.argv  # with these a reloader starts it anew
    path = os.path.abspath(sys.argv[0])
    sys.path[0] = os.path.dirname(os.path.realpath(path))  # as Python sets it
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    module.__file__ = path
    code = compile(Path(path).read_bytes(), path, "exec")
    try:
        exec(code, vars(module))  # noqa: S102, it is the script
    except SystemExit as ended:
        if isinstance(ended.code, int):  # end without freeing all memory
            threading._shutdown()
            atexit._run_exitfuncs()
            sys.stdout.flush()
            os._exit(ended.code)
        raise


if __name__ == "__main__":
    main()
