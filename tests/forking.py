"""A Python that has imported Flask, and forks itself for each answer.

A check gives an answer to a fresh Python. The tests judge hundreds of kept
answers, and a fork costs them a tenth of what a start costs. Learners, and
the sheets under nbval, have the fresh Python.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys

from exercises import answering, asking


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
        self.forks.ask(b"%d\n" % self.pid)
        self.connection.close()

    def kill(self):
        """Nothing: it has been waited for."""


class Forks:
    """The Python that forks: its `start()` returns a Forked."""

    def __init__(self):
        self.control, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.forking"],
            cwd=asking.ROOT,
            env={k: v for k, v in os.environ.items() if k in asking.KEPT},
            stdin=theirs,
            stdout=subprocess.DEVNULL,
        )
        theirs.close()

    def ask(self, order, fds=()):
        """Send a line and files; return the line that comes, bytes."""
        socket.send_fds(self.control, [order], fds)
        return self.control.recv(64)

    def start(self):
        """Fork; return the Forked, which waits for its first question."""
        ours, theirs = socket.socketpair()
        with theirs:
            pid = int(self.ask(b"fork\n", [theirs.fileno()]))
        return Forked(self, ours, pid)

    def end(self):
        """End it, and all that it has forked."""
        self.control.close()
        self.process.wait()


def main():
    """Fork when a file comes, reap the process whose number comes."""
    import flask  # noqa: F401, for the answers

    control, children = socket.socket(fileno=os.dup(0)), set()
    while (received := socket.recv_fds(control, 64, 1))[0]:
        order, fds, *_ = received
        if fds:
            number = os.fork()
            if number == 0:
                control.close()
                answer(fds[0])
            with contextlib.suppress(OSError):  # it may have been quicker
                os.setpgid(number, number)
            os.close(fds[0])
            children.add(number)
        else:
            number = int(order)
            os.waitpid(number, 0)
            children.remove(number)
        control.sendall(b"%d\n" % number)
    for number in children:
        os.killpg(number, signal.SIGKILL)


def answer(connection):
    """Be an answer's process; `connection` is a file's number."""
    os.setpgid(0, 0)
    for number in 0, 1:
        os.dup2(connection, number)
    os.close(connection)
    for name in [*sys.modules]:  # an answer looks for them in its folder
        if name.startswith("notebooks"):
            del sys.modules[name]
    answering.answer_questions()


if __name__ == "__main__":
    main()
