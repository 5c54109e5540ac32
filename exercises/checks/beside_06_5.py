"""Beside the answer to exercise 5 of sheet 06: processes with a child.

Whatever an answer leaves behind ends with it: it reads from a pipe.
"""

import os
import time
from pathlib import Path

import psutil

from answer import running

POLITE = "cat pipe & echo $! >child; wait"
FINISHES = f"trap 'sleep 0.3; exit 7' TERM; {POLITE}"
STUBBORN = "trap '' TERM; sleep 4 & echo $! >child; wait; exit 9"


def work_in(folder):
    """Let all of them run in `folder`, a str, and have their pipe there."""
    os.chdir(folder)
    os.mkfifo("pipe")
    os.open("pipe", os.O_RDWR)  # until this process ends


def wait_until(condition, seconds=3):
    """Wait until `condition()` is true; return whether it is."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()


def child():
    """The number of the child, or None, if it is not there yet."""
    try:
        return int(Path("child").read_text())
    except (FileNotFoundError, ValueError):
        return None


def gone(number):
    """Whether a process has ended, a zombie too."""
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def end(script, error=None, **options):
    """Run a script; the status of its end, and what is left."""
    Path("child").unlink(missing_ok=True)  # of the one before
    found, left = [], []
    try:
        with running(["sh", "-c", script], **options) as process:
            found.append(process)
            wait_until(lambda: process.poll() == 0 or child(), 8)
            number = child()
            if error:
                raise error
        if error:
            left.append("no error")
    except ZeroDivisionError:
        pass
    if number and not wait_until(lambda: gone(number)):
        left.append("a child")
    return found[0].returncode, left
