"""What several tests ask: is a process gone, is a server? What does pytest
say of a notebook?"""

import os
import socket
import subprocess
import sys
from pathlib import Path

import nbformat
import psutil
from nbformat.v4 import new_code_cell, new_notebook

from tools.processes import processes_in

ROOT = Path(__file__).resolve().parent.parent
# Of pytest on notebooks; two plugins that take a second and do nothing there.
NBVAL = "--nbval", "--nbval-current-env"
NBVAL += "-p", "no:anyio", "-p", "no:hypothesispytest"


def has_ended(process):
    """Whether a psutil.Process has ended, perhaps unseen by the one who
    should wait for it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def gone(folder, url=None):
    """Whether nothing is left of the server that had this folder, a str,
    and listened at this url: no process, no folder, no listener."""
    if url:
        port = int(url.rpartition(":")[2])
        with socket.socket() as client:
            client.settimeout(5)
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return not Path(folder).exists() and not processes_in(folder)


def write(folder, name, cells, *tags):
    """Write a notebook of code cells, list of str, that have been run; the
    first of them has these `tags`."""
    cells = [new_code_cell(text, execution_count=1) for text in cells]
    cells[0].metadata.tags = [*tags]
    nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")


def run_pytest(folder, plugin, *options):
    """What pytest prints, with a plugin of ours, of the notebooks in a
    folder, a str."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", plugin, *NBVAL, *options],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,  # on a busy machine
    )
    return done.stdout
