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

from tools.processes import processes_in

ROOT = Path(__file__).resolve().parent.parent.parent


def end_processes(folder):
    """End the `processes_in` a folder, and those that they start meanwhile:
    politely, and after 3 seconds by force."""
    for process in (first := processes_in(folder)):
        process.terminate()
    psutil.wait_procs(first, timeout=3)
    while left := processes_in(folder):
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=3)


def start_guard(folder):
    """Start a process that waits for the end of this one, however it comes,
    then ends the `processes_in` the folder and removes it.

    It waits for the end of its input, a pipe whose other end only we have.
    """
    end, _ = os.pipe()  # the other end stays open as long as we live
    command = [sys.executable, "-m", __name__, str(folder)]
    Popen(command, cwd=ROOT, stdin=end, start_new_session=True)
    os.close(end)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.stdin.read()
    end_processes(folder)
    shutil.rmtree(folder, ignore_errors=True)
