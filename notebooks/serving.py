"""Start a server from a cell, ask it, stop it: built in chapter 06."""

import contextlib
import glob
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from subprocess import PIPE, Popen
from urllib.parse import urlsplit

import psutil
import requests

# All of our environment that a server gets. More of it would steer it.
KEPT = "PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH"
KEPT += "SYSTEMROOT", "USERPROFILE"  # of Windows, which needs them
KEPT += ("OBJC_DISABLE_INITIALIZE_FORK_SAFETY",)  # of macOS
# The guard makes a folder, waits until its input ends, as it does when we
# end, however we end, asks its process group to end, removes the folder (a
# server may still write there: it tries nine times), and kills the group.
# (A Unix socket in the folder has a path of 103 bytes at most, on macOS;
# with LC_ALL=C a shell counts bytes, not letters.)
GUARD = """trap '' HUP INT PIPE TERM; LC_ALL=C
cd "$1" && { [ ${#1} -le 76 ] || cd /tmp; } || exit
folder=$(mktemp -d "$PWD/server-XXXXXX") || exit
echo "$folder"; read end; kill 0
for try in 1 2 3 4 5 6 7 8 9; do rm -rf "$folder" && break; done
kill -9 0"""
GUARD = ["sh", "-c", GUARD, "sh"]
GROUPS = hasattr(os, "setpgid")
if not GROUPS:  # as on Windows: there a guard looks for the processes
    script = str(Path(__file__).with_name("guard.py"))
    GUARD = [sys.executable, "-X", "utf8", script]


class Server:
    """A running command: its `process` (subprocess.Popen) and its `url`."""

    def __init__(self, process, folder):
        self.process, self.folder, self.url = process, folder, None
        self.listener = None  # a psutil.Process, once it answers
        self.error = "nobody listens"  # why it does not answer, so far

    @property
    def log(self):
        """All that the command has printed until now, one str."""
        return Path(self.folder, "log").read_text("utf-8", "replace")

    @property
    def workers(self):
        """The child processes, a list of psutil.Process."""
        parent = self.listener or psutil.Process(self.process.pid)
        return parent.children()

    def wait_for_workers(self, number, seconds=20):
        """Wait until it has this `number` of workers, and return them;
        TimeoutError after `seconds`."""
        wait_until(lambda: len(self.workers) == number, seconds)
        return self.workers

    @property
    def address(self):
        """Its host and port, as socket.create_connection takes them."""
        url = urlsplit(self.url)
        return url.hostname, url.port

    def send(self, data, timeout=10):
        """Send `data` over a socket; return all that comes until the
        server closes it, in bytes. TimeoutError if nothing has come for
        `timeout` seconds."""
        answer = b""
        with socket.create_connection(self.address, timeout) as client:
            client.sendall(data)
            with contextlib.suppress(ConnectionError):  # a reset is an end
                while part := client.recv(65536):
                    answer += part
        return answer

    def get(self, path, method="GET", timeout=10, **options):
        """Ask for `path`; return the requests.Response, or raise its error
        (requests.RequestException) after `timeout` seconds."""
        with requests.Session() as session:
            session.trust_env = False  # HTTP_PROXY is not for 127.0.0.1
            session.headers["Connection"] = "close"  # no connection stays
            url = self.url + path
            return session.request(method, url, timeout=timeout, **options)

    def post(self, path, **options):
        """Like `get` with the method POST; the body is `data`, in bytes."""
        return self.get(path, method="POST", **options)

    def answers(self):
        """Return whether it answers HTTP; RuntimeError if it has ended."""
        if (status := self.process.poll()) is not None:
            raise RuntimeError(f"ended with status {status}:\n{self.log}")
        with contextlib.suppress(psutil.Error):
            processes = [psutil.Process(self.process.pid)]
            if not GROUPS:  # on Windows, `python` starts the real Python
                processes += processes[0].children(recursive=True)
            return any(map(self.answers_from, processes))
        return False

    def answers_from(self, process):
        """Return whether `process`, a psutil.Process, answers HTTP."""
        try:
            for each in process.net_connections("tcp"):
                if each.status == psutil.CONN_LISTEN:
                    self.listener = process
                    self.url = "http://{}:{}".format(*each.laddr)
                    options = {"stream": True, "allow_redirects": False}
                    with self.get("/", timeout=5, **options):
                        return True
        except (psutil.Error, requests.RequestException) as error:
            self.error = error
        return False


def group(pid):
    """Options of Popen: join a guard's process group; 0 is a new one."""
    if GROUPS:
        return {"process_group": pid}
    return {"creationflags": getattr(subprocess, "CREATE_NO_WINDOW", 0)}


@contextlib.contextmanager
def start(command, files=None):
    """Run `command`, as typed in a terminal; yield a Server; end it all.

    It runs in this folder, or in one of its own with `files` (name: text).
    """
    with contextlib.ExitStack() as ends:  # the last to start ends first
        guard = [*GUARD, tempfile.gettempdir()]
        guard = Popen(guard, stdin=PIPE, stdout=PIPE, **group(0))
        ends.callback(guard.communicate)
        folder = os.fsdecode(guard.stdout.readline().rstrip())
        if not folder:
            raise RuntimeError(f"no folder in {tempfile.gettempdir()}")
        log = ends.enter_context(open(Path(folder, "log"), "ab"))
        for name, text in (files or {}).items():
            Path(folder, name).write_text(text, "utf-8", newline="")
        env = {k: v for k, v in os.environ.items() if k in KEPT}
        beside = str(Path(sys.executable).parent)
        env["PATH"] = os.pathsep.join([beside, env["PATH"]])
        env |= {"TMPDIR": folder, "XDG_RUNTIME_DIR": folder}
        env |= {"PYTHONUNBUFFERED": "1"}  # no print waits in a buffer
        env |= {"PYTHONUTF8": "1"}  # and Windows writes what others write
        words = shlex.split(command)
        while "=" in words[0]:  # NAME=value, as in a shell
            name, _, value = words.pop(0).partition("=")
            env[name] = value
        program = shutil.which(words[0], path=env["PATH"])
        if program is None:
            raise RuntimeError(f"no command {words[0]!r} on the PATH")
        shared = in_memory()
        process = Popen(
            words,
            executable=program,
            cwd=folder if files else None,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **group(guard.pid),
        )
        ends.callback(settle, shared)
        ends.callback(stop, process)
        yield Server(process, folder)


def stop(process):
    """Ask `process` (a Popen) to end; kill it if it has not in 5 seconds."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def in_memory():
    """The files that Pythons share in memory: on Linux, a set of str."""
    return set(glob.glob("/dev/shm/sem.mp-*"))


def settle(before):
    """Give a resource tracker a second to remove what was not there
    `before`; the guard kills it."""
    with contextlib.suppress(TimeoutError):
        wait_until(lambda: in_memory() <= before, 1)


@contextlib.contextmanager
def serve(command, files=None):
    """`start` a server; yield its Server when it answers over HTTP."""
    with start(command, files) as server:
        try:
            wait_until(server.answers)
        except TimeoutError as error:
            why = f"{error}: {server.error}\n{server.log}"
            raise TimeoutError(why) from None
        yield server


def run(command, files=None):
    """`start` a command that ends; return a subprocess.CompletedProcess."""
    with start(command, files) as server:
        status = server.process.wait(timeout=20)
        return subprocess.CompletedProcess(command, status, server.log)


def wait_until(condition, seconds=20):
    """Wait until `condition()` is true; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {seconds} seconds")
        time.sleep(0.01)
