"""A Python that lacks much of what Windows lacks: no fork, no groups, no sh.

    python -m tests.windows [options of pytest and notebooks]

runs the chapters and sheets that are to run on Windows with it, or those
that are named. That is not Windows; but who needs what Windows has not,
and says so in no tag, fails here already.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOR_WINDOWS = (
    *("notebooks/0[0-6]*.ipynb", "notebooks/11*.ipynb"),
    *("exercises/0[1-6]*.ipynb", "exercises/solutions/0[1-6]*.ipynb"),
)
# What requirements.txt does not install there.
HIDDEN = "gunicorn", "gevent", "pyuwsgi", "uwsgi", "k6", "hadolint"
SITE = """
import os, signal, socket, subprocess, sys
for name in "fcntl", "grp", "pwd", "termios":
    sys.modules[name] = None
for module, names in {
    os: "fork forkpty setpgid wait mkfifo",
    signal: "alarm pause SIGALRM SIGHUP SIGUSR1 SIGUSR2",
    socket: "SO_REUSEPORT",
}.items():
    for name in names.split():
        delattr(module, name)

begin = subprocess.Popen.__init__

def alone(self, *args, **options):  # no signal to a group reaches it
    options.setdefault("start_new_session", "process_group" not in options)
    begin(self, *args, **options)

subprocess.Popen.__init__ = alone
"""


def make_python(folder):
    """Make a virtual environment in `folder`, with the packages of ours but
    those that are HIDDEN; return its python, a Path."""
    venv.create(folder, symlinks=True)
    where = {"base": folder, "platbase": folder}
    for kind in "purelib", "platlib":
        ours = Path(sysconfig.get_path(kind))
        copy = Path(sysconfig.get_path(kind, "venv", where))
        for path in ours.iterdir():
            new = copy / path.name
            if not path.name.startswith(HIDDEN) and not new.exists():
                new.symlink_to(path)
    (copy / "windows_lacks.py").write_text(SITE)
    (copy / "windows_lacks.pth").write_text("import windows_lacks\n")
    python = Path(folder, "bin", "python")
    for name in "flask", "waitress-serve", "cheroot":
        text = Path(sysconfig.get_path("scripts"), name).read_text()
        script = python.with_name(name)
        script.write_text(f"#!{python}\n{text.partition(chr(10))[2]}")
        script.chmod(0o755)
    return python


def environment(python):
    """The environment for `python`, a dict: its commands alone, no sh."""
    return os.environ | {"PATH": str(python.parent)}


def main(arguments):
    """Run pytest with `arguments`, a list of str; return its status."""
    if not any(word.endswith(".ipynb") for word in arguments):
        for pattern in FOR_WINDOWS:
            arguments += sorted(map(str, ROOT.glob(pattern)))
    folder = tempfile.mkdtemp(prefix="windows-")
    try:
        python = make_python(folder)
        return subprocess.call(
            [python, "-m", "pytest", *arguments],
            cwd=ROOT,
            env=environment(python),
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
