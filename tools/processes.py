"""Find what was started for a folder, however far away it has gone."""

import os
from pathlib import Path

import psutil


def processes_in(folder):
    """Return the processes whose TMPDIR is `folder` (a Path), or in it, but
    for this one; a list of psutil.Process.

    A child inherits its TMPDIR, so this finds also whom no chain of parents
    leads to. Those of other users are not found.
    """
    found = []
    for process in psutil.process_iter():
        try:
            place = process.environ().get("TMPDIR", "")
        except psutil.Error:
            continue  # it has ended, or is somebody else's
        inside = Path(place).is_relative_to(folder)
        if inside and process.pid != os.getpid():
            found.append(process)
    return found
