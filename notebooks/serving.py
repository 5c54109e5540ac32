"""Start a server from a cell, ask it, and stop it.

Chapter 06 builds this file, step by step.
"""

import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import requests

# All that a server gets of our environment: more (PORT, say) would steer it.
KEPT = "PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH"
# `read` ends when the kernel does, even by kill -9. `kill 0`: all my group.
GUARD = 'read end; rm -rf "$1"; kill -9 0'


class Server:
    """A command that runs: its `process` (subprocess.Popen) and `url`."""

    def __init__(self, process, folder):
        self.process, self.folder, self.url = process, folder, None

    @property
    def log(self):
        """All that the command has printed until now, as one str."""
        return Path(self.folder, "log").read_text()

    @property
    def workers(self):
        """The child processes, as a list of psutil.Process."""
        return psutil.Process(self.process.pid).children()

    def get(self, path, method="GET", timeout=10, **options):
        """Ask for `path`; return a requests.Response in `timeout` seconds."""
        with requests.Session() as session:
            session.trust_env = (
                False  # no HTTP_PROXY on the way to 127.0.0.1
            )
            url = self.url + path
            return session.request(method, url, timeout=timeout, **options)

    def post(self, path, **options):
        """Like `get`, but POST; `data` is the body, as bytes."""
        return self.get(path, method="POST", **options)

    def answers(self):
        """Return whether it answers HTTP; RuntimeError if it has ended."""
        if (status := self.process.poll()) is not None:
            raise RuntimeError(f"ended with status {status}:\n{self.log}")
        with contextlib.suppress(psutil.Error, requests.RequestException):
            process = psutil.Process(self.process.pid)
            for socket in process.net_connections("tcp"):
                if socket.status == psutil.CONN_LISTEN:
                    self.url = "http://{}:{}".format(*socket.laddr)
                    return self.get("/").status_code > 0
        return False


@contextlib.contextmanager
def start(command):
    """Run `command`, as typed in a terminal; yield a Server, then end it."""
    with tempfile.TemporaryDirectory(prefix="server-") as folder:
        env = {
            name: os.environ[name] for name in KEPT if name in os.environ
        }
        env["PATH"] = f"{os.path.dirname(sys.executable)}:{env['PATH']}"
        env |= {"TMPDIR": folder, "XDG_RUNTIME_DIR": folder}
        env |= {
            "PYTHONUNBUFFERED": "1"
        }  # what it prints is logged at once
        guard = subprocess.Popen(
            ["sh", "-c", GUARD, "sh", folder],
            stdin=subprocess.PIPE,
            process_group=0,
        )
        try:
            with open(Path(folder, "log"), "wb") as log:
                process = subprocess.Popen(
                    ["env", *shlex.split(command)],  # env reads NAME=value
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=guard.pid,
                )
            try:
                yield Server(process, folder)
            finally:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=5)
        finally:
            os.killpg(
                guard.pid, signal.SIGKILL
            )  # the guard, and who is left
            guard.communicate()
        process.wait()


@contextlib.contextmanager
def serve(command):
    """Start a server; yield its Server when it answers HTTP; stop it."""
    with start(command) as server:
        wait_until(server.answers)
        yield server


def run(command):
    """Run a command that ends; return a subprocess.CompletedProcess."""
    with start(command) as server:
        status = server.process.wait(timeout=20)
        return subprocess.CompletedProcess(command, status, server.log)


def wait_until(condition, seconds=20):
    """Wait until `condition()` is true; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so within {seconds} seconds")
        time.sleep(0.01)


def mask(log):
    """Return `log` (str) with N for dates, process ids and ports."""
    log = re.sub(r"\[\d{4}-[^]]*\] \[\d+\]", "[date] [pid]", log)
    return re.sub(r"(127\.0\.0\.1:|pid: ?|\()\d+", r"\1N", log)
