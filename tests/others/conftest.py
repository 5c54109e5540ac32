"""What these tests share: a home of their own, servers, clients."""

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from notebooks.serving import KEPT, serve

# The server that we wrote, and a peer: the same apps, the same clients.
SERVERS = {
    "small_server": "python -m small_server --bind 127.0.0.1:0",
    "gunicorn": "gunicorn --worker-class gthread --threads 100 "
    "--bind 127.0.0.1:0 --no-control-socket",
}
# Programs that are not Python's, and the package of Debian with each.
DEBIAN = {
    "ab": "apache2-utils",
    "curl": "curl",
    "git": "git",
    "h2load": "nghttp2-client",
    "hey": "hey",
    "litmus": "litmus",
    "wrk": "wrk",
}
SECONDS = 120  # that a client may take


def pytest_configure(config):
    """Announce our mark."""
    words = "gunicorn_fails(why): this app fails on Gunicorn"
    config.addinivalue_line("markers", words)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty home, a Path, for apps and clients. Of our environment they
    get what any server gets: a proxy, or settings of git, pip or boto3,
    stay outside."""
    for name in list(os.environ):
        if not name.startswith(("PYTEST", "TMPDIR", *KEPT)):
            monkeypatch.delenv(name)
    beside = str(Path(sys.executable).parent)
    path = os.pathsep.join([beside, os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    folder = tmp_path / "a home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    return folder


@pytest.fixture(params=SERVERS)
def serving(request, home):
    """A context manager that serves an app of apps/, by this server: it
    takes the app, "module:name", and options of small_server, a str."""
    mark = request.node.get_closest_marker("gunicorn_fails")
    if mark and request.param == "gunicorn":
        how = {"raises": AssertionError, "strict": True}
        request.applymarker(pytest.mark.xfail(reason=mark.args[0], **how))

    @contextlib.contextmanager
    def serving(app, options=""):
        name = request.param
        options = options if name == "small_server" else ""
        command = f"{SERVERS[name]} {options} tests.others.apps.{app}"
        with serve(command) as server:
            try:
                yield server
            finally:  # pytest shows it where a test has failed
                print(server.log[-5000:])
            assert "Traceback" not in server.log

    return serving


@pytest.fixture
def browser():
    """A requests.Session: it keeps cookies and connections."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def run(home):
    """A function that runs a client to its end, in the home."""

    def run(*words):
        if not shutil.which(words[0]):
            package = DEBIAN.get(words[0])
            pytest.skip(f"{words[0]} is missing: sudo apt install {package}")
        done = subprocess.run(
            [str(word) for word in words],
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    return run
