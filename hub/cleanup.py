"""End what a learner, or the hub itself, has left.

The mark is TMPDIR: all that the hub starts has it in the hub's folder,
and all that a learner starts, in a cell or a terminal, in the learner's.
"""

import os
import shutil
import sys
from pathlib import Path
from subprocess import Popen

import psutil


def processes_of(folder):
    """Return the processes with a TMPDIR in `folder`, but for this one;
    a list of psutil.Process."""
    found = []
    for process in psutil.process_iter():
        try:
            place = process.environ().get("TMPDIR", "")
        except psutil.Error:
            continue  # it has ended, or is somebody else's
        if (
            Path(place).is_relative_to(folder)
            and process.pid != os.getpid()
        ):
            found.append(process)
    return found


def end_processes(folder):
    """End the `processes_of` a folder, and those that they start meanwhile:
    politely, and after 3 seconds by force."""
    for process in (first := processes_of(folder)):
        process.terminate()
    psutil.wait_procs(first, timeout=3)
    while left := processes_of(folder):
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=3)


def start_guard(folder):
    """Start a process that waits for the end of this one, however it comes,
    then ends the `processes_of` the folder and removes it.

    It waits for the end of its input, a pipe whose other end only we have.
    """
    end, _ = os.pipe()  # the other end stays open as long as we live
    command = [sys.executable, __file__, str(folder)]
    Popen(command, stdin=end, start_new_session=True)
    os.close(end)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.stdin.read()
    end_processes(folder)
    shutil.rmtree(folder, ignore_errors=True)
