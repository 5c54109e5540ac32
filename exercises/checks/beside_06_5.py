"""Beside the answer to exercise 5 of sheet 06: processes with a child.

Whatever an answer leaves behind ends with it: it reads from a pipe.
"""

import os
import time
from pathlib import Path

import psutil

from answer import running

POLITE = "cat pipe & echo $! >child; wait"
FINISHES = f"trap 'sleep 0.7; exit 7' TERM; {POLITE}"
STUBBORN = f"trap 'sleep 2; exit 7' TERM; {POLITE}"
DEAF = "trap '' TERM; echo $$ >child; exec cat pipe"  # before we look
CHILD_IS_STUBBORN = f'sh -c "{DEAF}" & wait'.replace("$$", r"\$\$")
LEAVES_A_CHILD = "cat pipe & echo $! >child; exit 3"
KEPT = []  # a generator that is forgotten runs its `finally`


def work_in(folder):
    """Let all of them run in `folder`, a str, and have their pipe there."""
    os.chdir(folder)
    os.mkfifo("pipe")
    os.open("pipe", os.O_RDWR)  # until this process ends


def wait_until(condition, seconds=4):
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


def has_a_group():
    """Whether what it starts is in another group than we are."""
    KEPT.append(running(["cat", "pipe"]))
    process = KEPT[-1].__enter__()
    try:
        return os.getpgid(process.pid) != os.getpgrp()
    finally:
        process.kill()
        process.wait()


def end(script, error=None, **options):
    """Run a script; the status of its end, and what is wrong with it."""
    Path("child").unlink(missing_ok=True)  # of the one before
    wrong, stays = [], script.endswith("wait")
    try:
        with running(["sh", "-c", script], **options) as process:
            wait_until(
                lambda: (stays and child()) or process.poll() is not None,
                8,
            )
            number, begin = child(), time.monotonic()
            if error:
                raise error
        if error:
            wrong.append("no error")
    except (ZeroDivisionError, KeyboardInterrupt):
        pass
    if time.monotonic() - begin > 4:  # nobody here needs so long
        wrong.append("it waits too long")
    if number and not wait_until(lambda: gone(number)):
        wrong.append("a child is left")
    return process.returncode, wrong


def two():
    """The statuses of two at once."""
    command = ["cat", "pipe"]
    with running(command) as first, running(command) as second:
        pass
    return [first.returncode, second.returncode]
