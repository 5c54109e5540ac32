"""Processes that a check lets run nothing, for a while."""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from exercises.commands import has_stopped, is_at_rest, stopped
from notebooks.serving import wait_until
from tools.needs import POSIX

# Has a thread that starts a command, whose input nobody has opened yet:
# until then, nothing stops this thread.
SLOW = """
import os, threading, time
opens = [(os.POSIX_SPAWN_OPEN, 0, "door", os.O_RDONLY, 0)]
args = "/bin/true", ["true"], {}
thread = threading.Thread(
    target=os.posix_spawn, args=args, kwargs={"file_actions": opens}
)
print("begun", flush=True)
thread.start()
time.sleep(60)
"""


@pytest.fixture
def slow(tmp_path):
    """Start such a process: a psutil.Process, and its named pipe."""
    door = tmp_path / "door"
    os.mkfifo(door)
    words = [sys.executable, "-c", SLOW]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, cwd=tmp_path, stdout=pipe) as process:
        try:
            process.stdout.readline()
            yield psutil.Process(process.pid), door
        finally:
            process.kill()
            with contextlib.suppress(OSError):  # nobody is at it any more
                os.close(os.open(door, os.O_WRONLY | os.O_NONBLOCK))


@pytest.mark.skipif(
    not (POSIX and Path("/proc/self/task").exists()),
    reason="threads in /proc are Linux's",
)
def test_who_is_stopped_has_no_thread_that_goes_on(slow):
    """It could take a client, if it waits in `accept`."""
    process, door = slow

    def begins():
        return process.children() and any(
            psutil.Process(each.id).status() == psutil.STATUS_DISK_SLEEP
            for each in process.threads()
        )

    wait_until(begins)
    inside, leave = threading.Event(), threading.Event()

    def stop():
        with stopped(process):
            inside.set()
            leave.wait(30)

    thread = threading.Thread(target=stop, daemon=True)
    thread.start()
    wait_until(lambda: process.status() == psutil.STATUS_STOPPED)
    assert not inside.wait(0.5)
    door.write_bytes(b"")
    assert inside.wait(20)
    leave.set()
    thread.join()
    wait_until(lambda: not has_stopped(process))


def test_who_cannot_be_seen_to_rest_is_not_waited_for(monkeypatch):
    """As on macOS, which has no /proc: there we would wait in vain."""
    runs = psutil.Process()  # this one
    if Path("/proc/self/task").exists():
        assert not is_at_rest(runs)
    monkeypatch.setattr(Path, "glob", lambda *_: [])
    assert is_at_rest(runs)
    assert not has_stopped(runs)
