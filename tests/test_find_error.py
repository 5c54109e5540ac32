"""A pasted log is read by what it says, not by what differs in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from notebooks.find_error import (
    FRAMES,
    NEAR,
    cells,
    errors,
    find,
    forms,
    main,
    near,
    report,
)
from tools.index import ERROR, ERRORS
from tools.workbook import NOTEBOOKS, chapters, read, rows, shown, tagged

LOG = """\
[2026-11-02 09:14:31 +0100] [4711] [CRITICAL] WORKER TIMEOUT (pid:4718)
Traceback (most recent call last):
  File "/srv/shop/.venv/lib/python3.13/site-packages/flask/app.py", line 917
SystemExit: 1
[2026-11-02 09:14:32 +0100] [4711] [ERROR] Worker (pid:4718) was sent SIGKILL! \
Perhaps out of memory?
[2026-11-02 09:15:01 +0100] [4711] [CRITICAL] WORKER TIMEOUT (pid:4720)
"""
PASTED = {
    "no-module": "ModuleNotFoundError: No module named 'flask_teapot'",
    "port-taken": "[ERROR] Connection in use: ('0.0.0.0', 5000)",
    "no-return": "The view function for \u2018home\u2019 did not return a valid response",
    "no-secret-key": "RuntimeError: The session is unavailable because no secret "
    "key was set.  Set the secret_key",
    "old-url-quote": "ImportError: cannot import name 'url_quote' from "
    "'werkzeug.urls' (/a b/werkzeug/urls.py)",
    "template-not-found": "jinja2.exceptions.TemplateNotFound: a/b.html",
    "permission-denied": "\x1b[31mconnect()\x1b[0m to unix:/run/shop.sock failed (13: "
    "Permission denied) while connecting to upstream, client: 127.0.0.1",
    "build-error-values": "werkzeug.routing.exceptions.BuildError: Could not build "
    "url for endpoint 'tea' with values ['a']. Did you forget to specify values "
    "['kind']?",
    "old-werkzeug-version": "cannot import name '__version__' from 'werkzeug' (/a.py)",
    "nginx-arguments": 'directive "proxy_set_header" is not terminated by ";" in /a:3',
    "sqlite-locked": "SQLITE3.OPERATIONALERROR: DATABASE IS\nLOCKED",
    "no-json-type": "<p>Did not attempt to load JSON data because the request "
    "Content-Type was not &#39;application/json&#39;.</p>",
    "nginx-unknown": '{"log":"nginx: [emerg] unknown directive \\"pass\\" in /a:1\\n"}',
    "template-undefined": r"b'\njinja2.exceptions.UndefinedError: \'cup\' is\n"
    r"undefined\n'",
    "client-refused": 'connection to server at "localhost" (::1), port 5432 failed: '
    "Connection refused",
    "gunicorn-chdir": "chdir(): No such file or directory [core/uwsgi.c line 2525]",
    "own-name": "ImportError: cannot import name 'Flask' from partially initialized "
    "module 'flask' (most likely due to a circular import) (/srv/flask.py)",
    "view-argument": "    return self.view_functions[rule.endpoint](**req.view_args)\n"
    "TypeError: tea() got an unexpected keyword argument 'kind'",
    "pytest-plugin": "pytest: error: unrecognized arguments: --nbval",
    "python-home": "ModuleNotFoundError: No module named 'encodings'",
    "ipython-exit": "An exception has occurred, use %tb to see the full traceback.\n\n"
    "SystemExit: 1",
    "gil-enabled": "<frozen importlib._bootstrap>:488: RuntimeWarning: The global "
    "interpreter lock (GIL) has been enabled to load module 'tea', which has not "
    "declared that it can run safely without the GIL. To override this behavior",
    "recursion": "RecursionError: maximum recursion depth exceeded in comparison",
    "name-not-known": "Max retries exceeded with url: / (Caused by NameResolutionError("
    "\"Failed to resolve 'shop' ([Errno -2] Name or service not known)\"))",
    "no-json-body": "werkzeug.exceptions.BadRequest: 400 Bad Request: The browser "
    "(or proxy) sent a request that this server could not understand.",
    "uwsgi-buffer-size": "invalid request block size: 4437 (max 4096)...skip",
    "uwsgi-request-block": "invalid request block size: 21327 (max 4096)...skip",
    "waitress-none": "    app_iter = self.channel.server.application(env, "
    "start_response)\nTypeError: 'NoneType' object is not callable",
    "executable-path": "[/etc/systemd/system/a.service:9] Executable path is not "
    "absolute, ignoring: gunicorn -b 0.0.0.0:8000 shop:app",
    "unit-chdir": "a.service: Changing to the requested working directory failed: "
    "Permission denied\na.service: Failed at step CHDIR spawning /srv/gunicorn: "
    "Permission denied\ncode=exited, status=200/CHDIR",
    "unit-user": "a.service: Failed to determine user credentials: No such process\n"
    "a.service: Failed at step USER spawning /srv/gunicorn: No such process",
    "command-not-found": "a.service: Failed to execute command: No such file or "
    "directory\na.service: Failed at step EXEC spawning /srv/gunicorn: No such file",
    "nbval-no-output": "Notebook cell execution failed\n"
    "Cell 2: Timeout of 5 seconds exceeded waiting for output.",
    "nbval-timeout": "Notebook cell execution failed\n"
    "Cell 2: Timeout of 1 seconds exceeded executing cell",
    "nbval-exception": "Notebook cell execution failed\n"
    "Cell 2: Cell execution caused an exception",
    "nbval-differs": "Notebook cell execution failed\nCell 1: Cell outputs differ\n"
    "Traceback:\n Unexpected output fields from running code: {'stderr'}",
    "docker-port": "driver failed programming external connectivity on endpoint a "
    "(e0): Bind for 0.0.0.0:5000 failed: port is already allocated.",
    "template-end": "Encountered unknown tag 'endblock'. You probably made a nesting "
    "mistake. Jinja is expecting this tag, but currently looking for 'elif' or 'else' "
    "or\n'endif'. The innermost block that needs to be closed is 'if'.",
    "template-tag": "Encountered unknown tag 'load'. Jinja was looking for the "
    "following tags: 'endblock'. The innermost block that needs to be closed is "
    "'block'.",
    "shared-connection": "(psycopg2.OperationalError) SSL error: decryption failed or "
    "bad record mac\n[SQL: SET LOCAL statement_timeout TO 60000]",
    "dead-kernel": "[I 2023-08-25 17:12:15.769 ServerApp] AsyncIOLoopKernelRestarter: "
    "restarting kernel (1/5), keep random ports\n[W 2023-08-25 17:12:15.769 ServerApp] "
    "kernel e2dcf2e8-1352-4305-957d-eedf1d33904a restarted\nThe kernel for "
    "Untitled.ipynb appears to have died. It will restart automatically.",
    "jupyter-build": "RuntimeError: JupyterLab failed to build",
    "gunicorn-cannot-bind": "[2020-11-19 00:53:50] [2] [ERROR] Can't connect to ('', 9)",
    "image-pull": 'Failed to pull image "a/b": rpc error: code = Unknown desc = Error '
    "response from daemon: pull access denied for a/b, repository does not exist or "
    "may require 'docker login': denied: requested access to the resource is denied\n"
    "Error: ErrImagePull",
    "pool-limit": "TimeoutError\nQueuePool limit of size 5 overflow 10 reached, "
    "connection timed out, timeout 30.00",
    "plugin-postgres": "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: "
    "sqlalchemy.dialects:postgres",
    "metric-twice": "ValueError: Duplicated timeseries in CollectorRegistry: "
    "{'tea_total', 'tea_created', 'tea'}",
    "multiproc-dir": "ValueError: env PROMETHEUS_MULTIPROC_DIR is not set or not a "
    "directory",
    "statsd-sending": "[WARNING] Error sending message to statsd",
    "nginx-broken-pipe": "writev() failed (32: Broken pipe) while sending request to "
    "upstream, client: 10.0.0.1",
    "nginx-send-timeout": "upstream timed out (110: Connection timed out) while "
    "sending request to upstream, client: 10.0.0.1",
    "limiter-memory": "UserWarning: Using the in-memory storage for tracking rate "
    "limits as no storage was explicitly specified.",
    "gunicorn-no-value": "gunicorn: error: argument -b/--bind: expected one argument",
    "python-no-file": "python: can't open file '/app/app.py': [Errno 2] No such file "
    "or directory",
    "nginx-pid": 'nginx: [error] open() "/run/nginx.pid" failed (2: No such file or '
    "directory)",
    "nginx-limit": "2024/02/02 02:02:02 [error] 7#7: *9 limiting requests, excess: "
    '5.120 by zone "login", client: 10.0.0.1',
    "nginx-static": '[error] 30#30: *1 open() "/srv/shop/static/app.css" failed (13: '
    "Permission denied), client: 172.17.0.1, server: _",
    "pg-hba": 'FATAL:  no pg_hba.conf entry for host "10.0.0.5", user "shop", database '
    '"shop", SSL off',
    "pg-peer": 'FATAL:  Peer authentication failed for user "shop"',
    "pg-schema": "psycopg2.errors.InsufficientPrivilege: permission denied for schema "
    "public\nLINE 2: CREATE TABLE users (",
    "pg-starting": "FATAL:  the database system is starting up",
    "shared-library": "ImportError: libpq.so.5: cannot open shared object file: No such "
    "file or directory",
    "migrate-folder": "alembic.util.exc.CommandError: Path doesn't exist: 'migrations'."
    "  Please use the 'init' command to create a new scripts folder.",
    "csp": "Refused to execute inline script because it violates the following Content "
    "Security Policy directive: \"script-src 'self'\".",
    "kernel-start": "RuntimeError: Kernel didn't respond in 60 seconds",
    "websocket-on-wsgi": "WebSocket connection to 'wss://a/b' failed: Error during "
    "WebSocket handshake: Unexpected response code: 400",
    "not-executable": "exec /app/entrypoint.sh: permission denied",
}
# What was not known once, or was told a wrong cause.
MENDED = rows(Path(__file__).with_name("mended.csv"))
UNKNOWN = (
    "shop.py: no tea is left",
    "[INFO] Booting worker with pid: 4718",
    "KeyError: 'name'",
    "GET / HTTP/1.1 200 -",
    "ZeroDivisionError: division by zero",
    "SystemExit: 15",
    "shop.errors.NotFoundError: 'cup' doesn't exist",
    "train.py: error: argument --epochs: invalid int value: 'ten'",
    "tar: invalid option -- 'k'",
    "PHP Parse error:  syntax error, unexpected '}' in /var/www/shop.php on line 79",
    "ImportError: Could not import 'shop.login' for API setting 'CLASSES'.",
    "TypeError: __init__() got an unexpected keyword argument 'is_target'",
    "TypeError: __init__() missing 1 required positional argument: 'name'",
    "TypeError: split() takes 0 positional arguments but 2 were given",
    "Exception on worker [main] while fetching",
    "curl: (22) The requested URL returned error: 404",
    "Max retries exceeded with url: / (Caused by NameResolutionError('no name'))",
    "TypeError: 'NoneType' object is not callable",
)

# What people type who do not paste, and what is found first.
TYPED = {
    "worker timeout": "worker-timeout",
    "WORKER TIMEOUT": "worker-timeout",
    "`WORKER TIMEOUT`": "worker-timeout",
    "connection in use": "port-taken",
    "address already in use": "port-taken",
    "worker failed to boot": "reload-failed",
    "perhaps out of memory": "perhaps-out-of-memory",
    "failed to find attribute app": "no-attribute",
    "504 gateway timeout": "gateway-timeout",
    "permission denied": "control-server-permission",
    "timeout worker": "worker-timeout",
    "OperationalError": "sqlite-locked",
}
SAYS_NOTHING = (
    *("error", "the server", "hello world", "python", "configuration"),
    *("the app does not start", "error in the server", "the port is closed"),
    *("", "the server failed", "worker\ntimeout", "worker timeout " * 6),
)


def slugs(text, known=None):
    return [found.error["slug"] for found in find(text, known)]


def test_a_log_is_read_in_its_order():
    """Each message once, where it comes first."""
    found = find(LOG)
    assert slugs(LOG) == ["worker-timeout", "system-exit", "perhaps-out-of-memory"]
    assert LOG[found[0].begin : found[0].end] == "[CRITICAL] WORKER TIMEOUT"
    assert found[0].begin < LOG.index("Traceback")


@pytest.mark.parametrize(("slug", "text"), PASTED.items())
def test_it_is_found_as_people_paste_it(slug, text):
    assert slugs(f"$ flask run\n{text}\n$ ") == [slug]


@pytest.mark.parametrize("case", MENDED, ids=lambda case: case["text"][:40])
def test_it_is_found_since_it_was_mended(case):
    assert slugs(f"$ flask run\n{case['text']}\n$ ") == [case["slug"]]


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_known_is_not_found(text):
    assert not slugs(text)


@pytest.mark.parametrize(("text", "slug"), TYPED.items())
def test_a_few_words_lead_to_messages_that_have_them(text, slug):
    rows = near(text)
    assert rows[0]["slug"] == slug and len(rows) <= 3
    assert slugs(text) == []  # it is no message itself


@pytest.mark.parametrize("text", SAYS_NOTHING)
def test_common_words_lead_nowhere(text):
    assert near(text) == []


def test_a_message_with_a_cell_comes_before_one_of_others():
    for text in TYPED:
        sources = [bool(row["source"]) for row in near(text)]
        assert sources == sorted(sources)


def test_each_message_is_found_in_what_its_cells_show():
    shows = {}
    for path in chapters():
        for cell, slug in tagged(read(path).cells, ERROR):
            shows[slug] = f"{shows.get(slug, '')}\n{shown(cell)}"
    here = [e["slug"] for e in rows(ERRORS) if not e["source"]]
    lost = [slug for slug in here if slug not in slugs(shows[slug])]
    assert not lost


def test_each_wording_leads_to_its_own_message():
    known = errors()  # read once
    wrong = {
        form: found
        for error in known
        for form in forms(error)
        if (found := slugs(form.replace("...", "a"), known)) != [error["slug"]]
    }
    assert not wrong


def test_the_more_exact_message_wins():
    known = [
        {"slug": slug, "message": message, "also": "", "source": ""}
        for slug, message in {
            "any": "No module named '...'",
            "tea": "No module named 'tea'",
        }.items()
    ]
    found = find("No module named 'tea'\nNo module named 'cup'", known)
    assert [one.error["slug"] for one in found] == ["tea", "any"]


def test_the_report_says_line_cause_cure_and_cell():
    said = report(LOG)
    name, cell = cells()["worker-timeout"][0]
    assert "Line 1: " in said and "Line 4: SystemExit: 1" in said
    assert said.count("Cause: ") == said.count("Cure: ") == 3
    assert f"See it in: notebooks/{name}, cell {cell}" in said
    assert any(c.id == cell for c in read(NOTEBOOKS / name).cells)
    assert max(map(len, said.splitlines())) <= 75


def test_what_only_says_that_something_failed_comes_last():
    log = (
        "ERROR in app: Exception on / [GET]\nTypeError: The view function for 'a' did "
    )
    said = report(log + "not return a valid response")
    assert said.index("Line 2: ") < said.index("Line 1: ")
    assert {error["slug"] for error in errors()} >= FRAMES


def test_the_report_says_what_was_not_run_here():
    said = report(
        "NAME  READY  STATUS            RESTARTS\nshop  0/1    CrashLoopBackOff"
    )
    assert "\nNot run here, seen by others: https://" in said
    assert "See it in" not in said


def command(text, *files):
    return subprocess.run(
        [sys.executable, "-m", "notebooks.find_error", *files],
        cwd=NOTEBOOKS.parent,
        input=text,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_command_reads_what_is_pasted():
    done = command(LOG)
    assert done.returncode == 0 and report(LOG) == done.stdout.strip()


def test_the_command_says_what_has_the_words():
    done = command("worker timeout\n")
    assert done.returncode == 1 and done.stdout.startswith(f"{NEAR}\n\nMessage: ")
    name, cell = cells()["worker-timeout"][0]
    assert f"notebooks/{name}, cell {cell}" in done.stdout


def test_the_command_says_when_it_knows_nothing(monkeypatch, capsys, tmp_path):
    log = tmp_path / "a log.txt"
    statuses = []
    for text in UNKNOWN[0].encode(), b"\xff\xfe", b" \n":
        log.write_bytes(text)
        monkeypatch.setattr(sys, "argv", ["find_error", str(log)])
        statuses.append(main())
    monkeypatch.setattr(sys, "argv", ["find_error", str(tmp_path / "none")])
    statuses.append(main())
    said = capsys.readouterr()
    assert statuses == [1, 1, 2, 2]
    assert f"None of the {len(errors())} messages" in said.out
    assert "nothing was pasted" in said.err and "No such file" in said.err
