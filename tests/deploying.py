"""What the tests of deploy/ share: a copy of the project, the image's command
in it, and a check that has to fail when a line is gone."""

import json
import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
ROOM = "classroom/hub/zero-to-jupyterhub.yaml"
# Two views more: one tells what the app sees of its visitor, the other has
# visitors wait for a file, but for no more than 10 seconds.
MORE = """
import os, time
from flask import request
@app.get("/seen")
def seen():
    return f"{request.remote_addr} {request.url_root} {len(request.data)}"
@app.get("/held")
def held():
    until = time.monotonic() + 10
    while not os.path.exists("let-go") and time.monotonic() < until:
        time.sleep(0.01)
    return "let go"
"""
# A thread has answered before it logs, and it may rest between both.
LATE_LINES = """
import time

LATE = "/greet", "/visits", "/metrics"


class LateLog(AccessLog):
    def access(self, resp, req, environ, request_time):
        if environ["PATH_INFO"].startswith(LATE):
            time.sleep(1)
        super().access(resp, req, environ, request_time)


logger_class = LateLog
"""
SETTINGS = {
    "FLASK_SECRET_KEY": "k",
    "FLASK_TRUSTED_HOSTS": '["shop.example"]',
    "FLASK_PROXY_FIX": '{"x_for": 1, "x_proto": 1}',
    "BIND": "127.0.0.1:0",
}
# A visitor, as the one proxy before us says, with forged headers before.
VISITOR = {
    "Host": "shop.example",
    "X-Forwarded-For": "6.6.6.6, 203.0.113.7",
    "X-Forwarded-Proto": "http, https",
}
FORGED = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Prefix": "/evil"}


def project(folder):
    """Copy into a folder what the image has; return the folder."""
    for name in "deploy", "templates":
        # Another test may just be writing what Python has compiled.
        compiled = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=compiled)
    for name in "my_flask_app.py", "wsgi.py":
        shutil.copy(ROOT / name, folder)
    (folder / ROOM).parent.mkdir(parents=True)
    shutil.copy(ROOT / ROOM, folder / ROOM)
    with open(folder / "wsgi.py", "a") as wsgi:
        wsgi.write(MORE)
    return folder


def with_late_lines(folder):
    """Copy it, and let a thread log late what it has answered."""
    with open(project(folder) / "deploy/gunicorn.conf.py", "a") as conf:
        conf.write(LATE_LINES)
    return folder


def command(folder, **changes):
    """The command of the image in this folder, with changed settings."""
    cmd = shlex.join(json.loads(steps(folder)["CMD"]))
    there = f"cd {shlex.quote(str(folder))} && exec {cmd}"
    settings = (SETTINGS | changes).items()
    words = " ".join(f"{k}={shlex.quote(v)}" for k, v in settings)
    return f"{words} sh -c {shlex.quote(there)}"


def steps(folder):
    """The instructions of the Dockerfile, a dict; of several, the last."""
    recipe = (folder / "deploy/Dockerfile").read_text().replace("\\\n", "")
    return dict(re.findall(r"(?m)^([A-Z]+) +(.*)", recipe))


def conf(folder):
    pytest.importorskip("gunicorn", reason="gunicorn is not installed")
    return runpy.run_path(str(folder / "deploy/gunicorn.conf.py"))


def rows(checks):
    pairs = [(check, *row) for check, table in checks.items() for row in table]
    return pytest.mark.parametrize(("check", "path", "piece"), pairs)


# As when a key of the manifests is gone, or something does not come to be.
BROKEN = AssertionError, LookupError, TypeError, ValueError, TimeoutError
BROKEN += (yaml.YAMLError, pytest.fail.Exception)


def fails_without(check, folder, path, piece):
    """Assert that the check fails when this piece of the file is gone."""
    text = (project(folder) / path).read_text()
    assert piece in text
    text = text.replace(piece, "", 1)
    if path.endswith(".py"):
        compile(text, path, "exec")  # it shall not fail for a reason so cheap
    (folder / path).write_text(text)
    with pytest.raises(BROKEN):
        check(folder)
