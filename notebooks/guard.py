"""The guard of serving.py on Windows, which has no process groups.

It makes a folder in sys.argv[1], and prints its path; waits until its input
ends; kills all processes that got the folder as their TMPDIR; removes it.
"""

import contextlib
import os
import shutil
import sys
import tempfile
import time

import psutil


def guarded(folder):
    """The processes that have `folder` as TMPDIR, a list."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == folder:
                found.append(process)
        except psutil.Error:
            pass  # it has ended, or is somebody else's
    return found


if __name__ == "__main__":
    folder = tempfile.mkdtemp(prefix="server-", dir=sys.argv[1])
    print(folder, flush=True)
    sys.stdin.read()
    while found := guarded(folder):  # one that ends may have a new child
        for process in found:
            with contextlib.suppress(psutil.Error):  # it has ended
                process.kill()
        psutil.wait_procs(found, timeout=1)
    for _ in range(100):  # Windows removes no file that is still open
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            break
        time.sleep(0.1)
