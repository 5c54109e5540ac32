"""run.sh: what it asks of Gunicorn, what it refuses, how it ends."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE, Popen, run

import psutil
import pytest

from notebooks.serving import serve, start, wait_until
from tests.helpers import has_ended
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
SERVED = "wsgi.py", "my_flask_app.py", "templates"
TELL = """
import json, os, sys
print(json.dumps([os.getpid(), os.getcwd(), sys.argv[1:], dict(os.environ)]))
"""
# Each of these would change the address or the number of workers.
HOSTILE = (
    "PORT=9 WEB_CONCURRENCY=9 FORWARDED_ALLOW_IPS='*' "
    "GUNICORN_CMD_ARGS='-b 0.0.0.0:0 -w 9'"
)
BAD_WORKERS = [
    *("", "0", "-1", "+1", "65", "100", "08", "1.5", "1e3", "abc"),
    *("4 ", " 4", "4 5", "4 -b 0.0.0.0:0", "*", "$(id)", "a[$(id)]"),
]
BAD_BIND = [
    *("", ":", ":8000", "8000", "127.0.0.1", "127.0.0.1:", "[::1]"),
    *("127.0.0.1:-1", "127.0.0.1:65536", "-h:80", "127.0.0.1:99999"),
    *("127.0.0.1:123456", "127.0.0.1:http", "127.0.0.1:$(id)"),
    *("http://127.0.0.1:8000", "unix:", "fd://3", "::1:8000", "*:8000"),
    *("127.0.0.1 :8000", "127.0.0.1:8000 -w 9", "127.0.0.1:1,0.0.0.0:2"),
]


@pytest.fixture(scope="module")
def checkout(root, tmp_path_factory):
    """run.sh at a path that is hard to quote, and beside it its files."""
    folder = tmp_path_factory.mktemp("it's a café, yes")
    shutil.copy(root / "run.sh", folder)
    for name in SERVED:  # a copied read-only folder could not be removed
        (folder / name).symlink_to(root / name)
    return folder


@pytest.fixture
def path(tmp_path):
    """A PATH where `gunicorn` tells how it was called, and ends."""
    fake = tmp_path / "bin" / "gunicorn"
    fake.parent.mkdir()
    python = shlex.join([sys.executable, "-S", "-c", TELL])
    fake.write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    fake.chmod(0o755)
    return f"{fake.parent}:{os.environ['PATH']}"


def call(path, *arguments, script="run.sh", cwd=None, **variables):
    """Run the script with these variables and no others; return the
    fake's (pid, cwd, argv, env), and the pid that was started."""
    command = ["bash", str(script), *arguments]
    env = {"PATH": path, **variables}
    with Popen(command, env=env, cwd=cwd, stdout=PIPE) as process:
        output = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    return *json.loads(output), process.pid


def arguments(path, *more, **variables):
    """How run.sh calls gunicorn, as one would type it."""
    return shlex.join(call(path, *more, **variables)[2])


def bash(*command, **env):
    """Run bash with this environment; return its CompletedProcess."""
    return run(
        ["bash", *command],
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(script="run.sh", **env):
    """The one line with which run.sh refuses this environment."""
    result = bash(script, **env)
    assert result.returncode == 2, result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, "say it in one line"
    return result.stderr


def test_bash_can_read_it():
    result = bash("-n", "run.sh")
    assert result.returncode == 0, result.stderr


def test_default_command(path):
    assert arguments(path) == "-w 4 -b 127.0.0.1:8000 wsgi:app"


@pytest.mark.parametrize("workers", ["1", "8", "10", "64"])
def test_workers(path, workers):
    expected = f"-w {workers} -b 127.0.0.1:8000 wsgi:app"
    assert arguments(path, WORKERS=workers) == expected


@pytest.mark.parametrize(
    "bind",
    [
        "127.0.0.1:1",
        "127.0.0.1:65535",
        "localhost:08000",
        "app.example.org:80",
        "[::1]:8000",
        "unix:/tmp/a b.sock",
    ],
)
def test_bind(path, bind):
    assert call(path, BIND=bind)[2] == ["-w", "4", "-b", bind, "wsgi:app"]


def test_more_arguments_pass_as_they_are(path):
    more = ["--name", "two  words", "--reload", "*", ""]
    assert call(path, *more)[2][-6:] == ["wsgi:app", *more]


def test_it_works_from_any_folder(path, checkout, tmp_path):
    link = tmp_path / "serve me"
    link.symlink_to(checkout / "run.sh")
    for script in checkout / "run.sh", link:
        assert call(path, script=script, cwd="/")[1] == str(checkout)
    assert call(path, script=link.name, cwd=tmp_path)[1] == str(checkout)


def test_gunicorn_takes_its_place(path):
    gunicorn, *_, started = call(path)
    assert gunicorn == started, "`exec` it, so that signals reach it"


def test_control_socket_is_off(path):
    env = call(path)[3]
    assert "--no-control-socket" in env["GUNICORN_CMD_ARGS"].split()


def test_without_a_hub_there_is_no_prefix(path):
    assert "SCRIPT_NAME" not in call(path)[3]


PREFIX = "/user/ada/proxy/absolute"


@pytest.mark.parametrize(
    ("bind", "public", "line"),
    [
        ("127.0.0.1:8000", "", f"Open {PREFIX}/8000/greet/Ada\n"),
        (
            "127.0.0.1:81",
            "https://h.example/user/ada/",
            f"Open https://h.example{PREFIX}/81/greet/Ada\n",
        ),
        ("unix:/tmp/s", "", ""),
    ],
)
def test_on_a_hub_gunicorn_learns_the_prefix(path, bind, public, line):
    env = {"PATH": path, "BIND": bind, "JUPYTERHUB_PUBLIC_URL": public}
    result = bash("run.sh", JUPYTERHUB_SERVICE_PREFIX="/user/ada/", **env)
    assert result.stdout.startswith(line)
    env = json.loads(result.stdout.removeprefix(line))[3]
    port = bind.rpartition(":")[2]
    expected = f"{PREFIX}/{port}" if line else None
    assert env.get("SCRIPT_NAME") == expected


def test_on_a_hub_it_answers_below_the_prefix(checkout):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]  # was free
    script = shlex.quote(str(checkout / "run.sh"))
    hub = "JUPYTERHUB_SERVICE_PREFIX=/user/ada/"
    command = f"{hub} WORKERS=1 BIND=127.0.0.1:{port} bash {script}"
    with serve(command) as server:
        address = server.log.split()[1]
        assert server.get(address).text.endswith("Hello, Ada!</p>")
        assert server.get("/greet/Ada").status_code == 500


def test_secret_key_is_fresh_each_time(path):
    cases = {}, {}, {"FLASK_SECRET_KEY": ""}
    keys = {call(path, **case)[3]["FLASK_SECRET_KEY"] for case in cases}
    assert len(keys) == 3
    for key in keys:
        assert re.fullmatch("[0-9a-f]{64}", key)


def test_secret_key_is_kept_if_given(path):
    env = call(path, FLASK_SECRET_KEY="my own $key")[3]
    assert env["FLASK_SECRET_KEY"] == "my own $key"


@pytest.mark.parametrize("workers", BAD_WORKERS)
def test_bad_workers(workers):
    line = refused(WORKERS=workers)
    assert line.startswith(f"run.sh: WORKERS is '{workers}'")
    assert "Try: WORKERS=4 " in line


@pytest.mark.parametrize("bind", BAD_BIND)
def test_bad_bind(bind):
    line = refused(BIND=bind)
    assert line.startswith(f"run.sh: BIND is '{bind}'")
    assert "Try: BIND=127.0.0.1:8001 " in line


@pytest.fixture
def bare(checkout, tmp_path):
    """A PATH with the tools that run.sh needs, and nothing else."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for tool in "bash", "dirname", "od", "readlink", "tr":
        (folder / tool).symlink_to(shutil.which(tool))
    return str(folder)


def test_gunicorn_missing(bare, checkout):
    line = refused(str(checkout / "run.sh"), PATH=bare)
    assert line.startswith("run.sh: gunicorn is not installed")
    assert "pip install -r requirements.txt" in line


def test_gunicorn_of_the_virtual_environment_is_found(bare, path, checkout, tmp_path):
    copy = tmp_path / "run.sh"
    shutil.copy(checkout / "run.sh", copy)
    (tmp_path / ".venv").mkdir()
    shutil.move(tmp_path / "bin", tmp_path / ".venv" / "bin")
    assert call(bare, script=copy, cwd="/")[1] == str(tmp_path)


def ask_until_all_answer(server, number, ask=lambda: None):
    """Call `ask` until this number of workers have answered, several times
    at once; return their process ids, a set."""
    answered = set()

    def ask_both(_):
        ask()
        answered.add(server.get("/whoami").json()["pid"])

    def all_have_answered():
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(ask_both, range(12)))
        return len(answered) >= number

    wait_until(all_have_answered)
    return answered


@pytest.fixture(scope="module")
def server(checkout):
    """The real thing, three workers, although asked for something else."""
    script = shlex.quote(str(checkout / "run.sh"))
    own = "WORKERS=3 BIND=127.0.0.1:0"
    with serve(f"{HOSTILE} {own} bash {script}") as server:
        ask_until_all_answer(server, 3)
        yield server


def test_it_answers(server):
    reply = server.get("/")
    assert (reply.status_code, reply.text) == (200, "Hello, World!")
    assert reply.headers["Server"] == "gunicorn"


def test_it_listens_on_loopback_only(server):
    process = psutil.Process(server.process.pid)
    hosts = [
        connection.laddr.ip
        for connection in process.net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert hosts == ["127.0.0.1"]


def test_it_has_the_workers_asked_for(server):
    pids = {worker.pid for worker in server.workers}
    assert len(pids) == 3
    assert ask_until_all_answer(server, 3) == pids


def test_all_workers_share_one_key(server):
    cookies = server.get("/visits").cookies.get_dict()
    visits = set()

    def visit():
        visits.add(server.get("/visits", cookies=cookies).json()["visits"])

    ask_until_all_answer(server, 3, visit)
    assert visits == {2}, "a worker did not accept another one's session"


def test_a_session_counts_over_all_workers(server):
    cookies, visits = {}, []
    for _ in range(12):
        reply = server.get("/visits", cookies=cookies)
        cookies = reply.cookies.get_dict()
        visits.append(reply.json()["visits"])
    assert visits == list(range(1, 13))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_nothing_is_left(checkout, tmp_path, number):
    before = sorted(checkout.iterdir())
    script = shlex.quote(str(checkout / "run.sh"))
    own = f"HOME={shlex.quote(str(tmp_path))} WORKERS=2 BIND=127.0.0.1:0"
    with serve(f"PYTHONDONTWRITEBYTECODE=1 {own} bash {script}") as server:
        ask_until_all_answer(server, 2)  # one that starts loses signals
        workers = server.workers
        server.process.send_signal(number)
        assert server.process.wait(timeout=20) == 0
        wait_until(lambda: all(map(has_ended, workers)))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(server.address, timeout=5)
        files = [path.name for path in Path(server.folder).iterdir()]
    assert files == ["log"]
    assert list(tmp_path.iterdir()) == []
    assert sorted(checkout.iterdir()) == before


def test_it_serves_on_a_unix_socket(checkout):
    script = shlex.quote(str(checkout / "run.sh"))
    with tempfile.TemporaryDirectory() as folder:  # a short path
        address = f"{folder}/app.sock"
        command = f"WORKERS=1 BIND=unix:{address} bash {script}"
        with start(command) as server:
            wait_until(lambda: "Listening at" in server.log)
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(address)
                client.sendall(b"GET / HTTP/1.0\r\n\r\n")
                reply = client.makefile("rb").read()
            assert reply.endswith(b"\r\n\r\nHello, World!"), server.log
        assert not os.path.exists(address)
