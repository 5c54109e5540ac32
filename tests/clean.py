"""Every run of the tests has a folder of its own, and leaves nothing.

A plugin of pytest: pyproject.toml loads it for all tests and notebooks.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from tools.needs import POSIX
from tools.place import place
from tools.processes import processes_in

ROOT = Path(__file__).resolve().parent.parent
# What the user set up would change results: startup files, kernels, keys.
OTHERS = (
    "FLASK_",
    "GUNICORN_",
    "IPYTHON",
    "JUPYTER",
    "PYTHONSTARTUP",
    "PYTHONSAFEPATH",
    "BIND",
)
# Linux keeps this folder in memory: thousands of small files that come and go
# cost a disk's filesystem as much as half of the tests.
MEMORY, ROOM = "/dev/shm", 2**30  # bytes; a run needs less
# Whoever kills the run cannot tell it to remove its folder. So a shell waits
# for its end, and tries for a minute: a server may still write there.
WAIT = """trap '' HUP INT TERM; read end; n=60
until rm -rf "$1" || [ $n = 0 ]; do n=$((n - 1)); sleep 1; done"""
FOLDER = pytest.StashKey()  # of this run; the main process alone has it
JANITOR = pytest.StashKey()  # its subprocess.Popen
LEFT = pytest.StashKey()  # what was still there at the end


def has_room():
    """Whether this run's folder may be in MEMORY: nobody has said where by
    TMPDIR, it is there, with room, and programs in it may run."""
    if "TMPDIR" in os.environ or not os.path.ismount(MEMORY):
        return False
    found = os.statvfs(MEMORY)
    room = found.f_bavail * found.f_frsize
    closed = found.f_flag & os.ST_NOEXEC or not os.access(MEMORY, os.W_OK)
    return room >= ROOM and not closed


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Make this run's folder."""
    if hasattr(config, "workerinput"):
        return  # a worker of pytest-xdist works in its controller's folder
    name = "workbook-"
    short = MEMORY if has_room() else place(len(f"/{name}abcdefgh"))
    folder = Path(tempfile.mkdtemp(prefix=name, dir=short))
    folder = folder.resolve()
    config.stash[FOLDER] = folder
    if POSIX:
        janitor = subprocess.Popen(
            ["sh", "-c", WAIT, "sh", folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # nobody is to wait for its end
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        config.stash[JANITOR] = janitor
    for name in [name for name in os.environ if name.startswith(OTHERS)]:
        del os.environ[name]
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    for name in "CONFIG", "DATA", "RUNTIME":
        os.environ[f"JUPYTER_{name}_DIR"] = str(folder / "jupyter")
    os.environ["IPYTHONDIR"] = str(folder / "ipython")
    profile = folder / "ipython" / "profile_default"
    profile.mkdir(parents=True)  # kernels that start at once share it
    config_file = profile / "ipython_kernel_config.py"
    config_file.write_text("get_config().HistoryManager.enabled = False\n")
    os.environ["MPLCONFIGDIR"] = str(folder / "matplotlib")


@pytest.fixture(scope="session", autouse=True)
def root():
    """Work in the folder of run.sh, as a reader does; its Path."""
    os.chdir(ROOT)
    return ROOT


def left_in(folder):
    """What a test left in `folder`, a Path: its processes, and the folders
    of its servers; a list of str."""
    left = [str(path) for path in folder.glob("server-*")]
    for process in processes_in(folder):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue  # it has ended
        left.append(f"process {process.pid}: {command}")
    return left


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """The law "clean": 30 seconds after the last test nothing is left."""
    if FOLDER not in session.config.stash:
        return
    folder = session.config.stash[FOLDER]
    deadline = time.monotonic() + 30
    while (left := left_in(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left:
        session.config.stash[LEFT] = left
        session.exitstatus = 1


def pytest_terminal_summary(terminalreporter, config):
    """Say what is left."""
    if left := config.stash.get(LEFT, []):
        terminalreporter.section("not clean", red=True)
        terminalreporter.write_line(
            "The tests left this behind. Start servers in a `with` block "
            "of notebooks/serving.py, which ends them:"
        )
        terminalreporter.write_line("\n".join(left))


def pytest_unconfigure(config):
    """Remove the folder of this run."""
    if FOLDER in config.stash:
        shutil.rmtree(config.stash[FOLDER], ignore_errors=True)
    if JANITOR in config.stash:
        config.stash[JANITOR].communicate()
