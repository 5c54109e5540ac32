"""The helper that starts servers from cells, and how it ends them."""

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests

from notebooks.linking import link
from notebooks.serving import (
    Server,
    in_memory,
    run,
    serve,
    start,
    wait_until,
)
from tests.helpers import gone
from tools.kernels import Kernels
from tools.needs import NO_POSIX, POSIX
from tools.processes import processes_in

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
GUNICORN = "gunicorn --no-control-socket -b 127.0.0.1:0"
# Stays, and has a child that stays, whatever they are asked.
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if len(sys.argv) == 1:
    subprocess.Popen([sys.executable, __file__, "child"])
    print("ready")
time.sleep(60)
"""
# A cell that tells what it has started, then stays inside its block.
CELL = """
import json, os, time
from pathlib import Path
from notebooks.serving import {how}
with {how}({command!r}) as server:
    while not Path(server.folder, "log").exists() or {few}:
        time.sleep(0.01)
    told = [server.process.pid, server.folder, server.url]
    Path({told!r} + "~").write_text(json.dumps(told))
    os.rename({told!r} + "~", {told!r})
    {then}
"""


@pytest.fixture(scope="module", autouse=True)
def stubborn(root, tmp_path_factory):
    """A server that ignores SIGTERM, and its end in another thread: that
    takes 5 seconds, in which the other tests can run."""
    script = tmp_path_factory.mktemp("stubborn") / "server.py"
    script.write_text(STUBBORN)
    block = start(f"python {shlex.quote(str(script))}")
    server = block.__enter__()
    wait_until(lambda: "ready" in server.log)
    wait_until(lambda: len(processes_in(server.folder)) == 2)

    def end():
        began = time.monotonic()
        block.__exit__(None, None, None)
        return time.monotonic() - began

    with ThreadPoolExecutor() as pool:
        yield server, pool.submit(end)


@pytest.fixture(scope="module")
def server(root):
    with serve(f"{GUNICORN} -w 2 --log-level debug wsgi:app") as server:
        yield server


def test_url_is_where_it_listens(server):
    assert server.url.startswith("http://127.0.0.1:")
    assert f"Listening at: {server.url} " in server.log


def test_get(server):
    assert server.get("/").text == "Hello, World!"
    assert server.get("/greet/Ada", headers={"X-A": "1"}).ok


def test_post(server):
    assert server.post("/echo", data=b"abc").content == b"abc"


def test_log_grows(server):
    assert "GET /nowhere/to/log" not in server.log
    server.get("/nowhere/to/log")
    wait_until(lambda: "GET /nowhere/to/log" in server.log)


def test_workers(server):
    pids = {worker.pid for worker in server.wait_for_workers(2)}
    assert len(pids) == 2
    assert server.get("/whoami").json()["pid"] in pids


def test_workers_that_do_not_come(server):
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.1 seconds"):
        server.wait_for_workers(3, seconds=0.1)
    assert time.monotonic() - began < 15  # and not 20


def test_address_is_that_of_the_url(server):
    host, port = server.address
    assert server.url == f"http://{host}:{port}"
    socket.create_connection(server.address, timeout=5).close()


def test_send_returns_what_comes(server):
    answer = server.send(b"GET / HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nHello, World!")


@pytest.fixture
def listener():
    """A bare socket that listens, and a Server that says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        server = Server(process=None, folder=None)
        server.url = "http://{}:{}".format(*listener.getsockname())
        yield listener, server


def test_send_and_get_give_up_in_time(listener):
    """Not after the 10 seconds that they have if nobody says more."""
    _, server = listener
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        server.send(b"Is anybody there?", timeout=0.1)
    assert time.monotonic() - began < 9
    began = time.monotonic()
    with pytest.raises(requests.Timeout):
        server.get("/", timeout=0.1)
    assert time.monotonic() - began < 9


def test_send_returns_all_until_the_server_closes(listener):
    listener, server = listener
    tea = b"tea, " * 50_000  # more than one recv gives
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(server.send, b"tea, please")
        connection, _ = listener.accept()
        with connection:
            assert connection.recv(99) == b"tea, please"
            connection.sendall(tea)
        assert answer.result(20) == tea


def test_what_came_before_a_reset_is_returned(listener):
    """Who closes with unread bytes before him resets the connection."""
    listener, server = listener
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(server.send, b"tea, please")
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"tea")
            connection.recv(1)
            wait_until(lambda: connection.recv(99, socket.MSG_PEEK))
        assert answer.result(20) == b"tea"


def test_proxies_are_ignored(server, monkeypatch):
    for name in "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy":
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert server.get("/").text == "Hello, World!"


def test_environment_is_kept_out(monkeypatch):
    """What would steer a server does not reach it."""
    for name in (
        *("PORT", "WEB_CONCURRENCY", "GUNICORN_CMD_ARGS", "HTTP_PROXY"),
        *("FLASK_DEBUG", "FLASK_RUN_PORT", "FLASK_SECRET_KEY", "TMPDIR"),
        *("PYTHONPATH", "PYTHONSTARTUP", "BIND", "WORKERS", "BASH_ENV"),
    ):
        monkeypatch.setenv(name, "hostile")
    monkeypatch.setenv("HOME", "/home of mine")
    env = dict(
        line.split("=", 1) for line in run("A=1 'B=two words' env").stdout.splitlines()
    )
    assert "hostile" not in env.values()
    assert env["HOME"] == "/home of mine"
    assert (env["A"], env["B"]) == ("1", "two words")


def test_run_returns_status_and_output():
    command = "sh -c 'echo out; echo err >&2; exit 3'"
    result = run(command)
    assert (result.args, result.returncode) == (command, 3)
    assert result.stdout == "out\nerr\n"


def test_a_command_gets_none_of_the_caller_s_input():
    code = "from notebooks.serving import run; print(run('cat').stdout)"
    caller = subprocess.run(
        [sys.executable, "-c", code],
        input="typed",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert caller.stdout == "\n"


def test_files_lie_in_a_folder_of_the_command():
    result = run("sh -c 'cat a.txt; pwd'", files={"a.txt": "some text\n"})
    text, folder = result.stdout.splitlines()
    assert text == "some text"
    assert "server-" in folder
    assert not Path(folder).exists()


def test_commands_run_in_this_folder():
    assert run("pwd").stdout == f"{os.getcwd()}\n"


def test_run_finds_this_python():
    code = "import sys; print(sys.prefix)"
    expected = run(f"{shlex.quote(sys.executable)} -c '{code}'").stdout
    assert run(f"python -c '{code}'").stdout == expected


def test_command_that_dies_says_why():
    command = f"{GUNICORN} no_such_module"
    with pytest.raises(RuntimeError) as error, serve(command):
        pass
    assert "ended with status 3:" in str(error.value)
    assert "No module named 'no_such_module'" in str(error.value)


def test_command_not_found():
    command = "no-such-command --help"
    with pytest.raises(RuntimeError) as error, serve(command):
        pass
    assert "no command 'no-such-command'" in str(error.value)


@pytest.mark.parametrize("command", [f"{GUNICORN} -w 0 wsgi:app", "sleep 9"])
def test_command_that_never_answers(command):
    began = time.monotonic()
    with pytest.raises(TimeoutError), start(command) as server:
        folder = server.folder
        get = server.get  # 5 seconds for each try are long here
        server.get = lambda *a, **o: get(*a, **o | {"timeout": 0.2})
        wait_until(server.answers, seconds=0.5)
    assert time.monotonic() - began < 20
    wait_until(lambda: gone(folder))


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "nobody listens\nI am here"),
        ("import socket; s = socket.create_server(('127.0.0.1', 0))", "timed out"),
    ],
)
def test_serve_says_why_nothing_answered(monkeypatch, code, why):
    """The last error, and all that the command has said."""

    def impatient(answers, seconds=None):
        """Wait a second, once the command is where it stays."""
        if seconds is None:
            wait_until(lambda: "I am here" in answers.__self__.log)
        wait_until(answers, seconds or 1)

    monkeypatch.setattr("notebooks.serving.wait_until", impatient)
    code = f"{code}\nprint('I am here')\nimport time; time.sleep(60)\n"
    deaf = serve("python deaf.py", {"deaf.py": code})
    with pytest.raises(TimeoutError, match=why), deaf:
        pass


def test_wait_until_times_out():
    began = time.monotonic()
    with pytest.raises(TimeoutError, match=r"0\.1 seconds"):
        wait_until(lambda: False, seconds=0.1)
    assert 0.1 <= time.monotonic() - began < 5


def test_wait_until_passes_errors_on():
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: 1 / 0)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_the_block_ends_everything(error):
    with pytest.raises(error), serve(f"{GUNICORN} wsgi:app") as server:
        raise error
    wait_until(lambda: gone(server.folder, server.url))


def test_a_child_that_the_server_forgot_ends_too():
    with start("sh -c 'sleep 60 & sleep 60 & wait'") as server:
        wait_until(lambda: len(processes_in(server.folder)) == 3)
    wait_until(lambda: gone(server.folder))


def test_the_folder_goes_while_a_server_still_writes_there():
    write = "while :; do for n in 1 2 3 4 5 6 7 8 9; do : > $n; done; done"
    left = []
    for _ in range(12):
        with start("sh -c 'sh write & wait'", {"write": write}) as server:
            wait_until(Path(server.folder, "9").exists)
        left += [server.folder] if Path(server.folder).exists() else []
    assert not left


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="is Linux's")
def test_what_a_server_shares_in_memory_goes_with_it(monkeypatch):
    """As the debugger of Flask does, from Python 3.14 on."""
    patient = lambda condition, *_: wait_until(condition)
    monkeypatch.setattr("notebooks.serving.wait_until", patient)
    code = "from multiprocessing import get_context as c; import time; "
    code += "n = c('spawn').Lock(); print(n._semlock.name); time.sleep(60)"
    command = f'python -c "{code}"'
    with ThreadPoolExecutor() as pool, start(command) as server:
        wait_until(lambda: "\n" in server.log)
        shared = server.log.strip().replace("/", "/dev/shm/sem.")
        assert shared in in_memory()
        (tracker,) = server.workers
        tracker.suspend()  # as if others were at work
        pool.submit(lambda: (time.sleep(0.3), tracker.resume()))
    left = os.path.exists(shared)
    Path(shared).unlink(missing_ok=True)
    assert not left


def test_two_servers_at_once():
    with serve(f"{GUNICORN} wsgi:app") as a:
        with serve(f"{GUNICORN} wsgi:app") as b:
            assert a.url != b.url
            assert a.get("/").text == b.get("/").text
        assert a.get("/").ok
    wait_until(lambda: gone(a.folder, a.url) and gone(b.folder, b.url))


class Kernel:
    """A kernel in the folder of run.sh, and a client that asks it."""

    def __init__(self):
        self.manager = Kernels(kernel_name="python3")
        self.manager.start_kernel(stderr=-3)  # subprocess.DEVNULL
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.pid = self.manager.provisioner.pid

    def status(self, cell):
        """Execute a cell; return "ok", or its error's name."""
        reply = self.client.execute_interactive(
            cell, timeout=60, output_hook=lambda message: None
        )
        return reply["content"].get("ename", "ok")

    def end(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel(root):
    kernel = Kernel()
    yield kernel
    kernel.end()


def kill(kernel):
    os.kill(kernel.pid, signal.SIGKILL)


def kill_as_nbval(kernel):
    os.killpg(kernel.pid, signal.SIGKILL)


def shut_down(kernel):
    kernel.manager.shutdown_kernel()


def restart(kernel):
    kernel.manager.restart_kernel(now=True)


def inside(kernel, told, how="serve", command=None, then="time.sleep(60)"):
    """Enter a block in a cell; return its server's pid, folder and url."""
    if command is None:
        command = f"{GUNICORN} -w 1 wsgi:app"
    few = "len(server.workers) < 1" if how == "serve" else "False"
    cell = CELL.format(how=how, command=command, told=str(told), few=few, then=then)
    kernel.client.execute(cell)
    wait_until(told.exists)
    return json.loads(told.read_text())


@pytest.mark.parametrize(
    "end",
    [kill, kill_as_nbval, shut_down, restart],
    ids=lambda f: f.__name__,
)
def test_when_the_kernel_ends_its_servers_end(kernel, tmp_path, end):
    _, folder, url = inside(kernel, tmp_path / "told")
    assert len(processes_in(folder)) >= 2
    end(kernel)
    wait_until(lambda: gone(folder, url))


def test_one_kernel_interrupted_failed_and_repeated(kernel, tmp_path):
    cell = f"with serve('{GUNICORN} wsgi:app') as server: server.get('/')"
    imports = "from notebooks.serving import serve"
    assert kernel.status(imports) == "ok"
    assert [kernel.status(cell) for _ in range(2)] == ["ok", "ok"]
    assert kernel.status("assert server.process.returncode == 0") == "ok"

    _, folder, url = inside(kernel, tmp_path / "a", then="1 / 0")
    wait_until(lambda: gone(folder, url))
    assert kernel.status("1") == "ok"

    _, folder, url = inside(kernel, tmp_path / "b")
    kernel.manager.interrupt_kernel()
    wait_until(lambda: gone(folder, url))
    assert kernel.status("1") == "ok"


def test_server_that_ignores_sigterm_is_killed(stubborn):
    server, ending = stubborn
    assert 5 <= ending.result(timeout=30) < 20
    wait_until(lambda: gone(server.folder))


def test_each_gunicorn_has_a_control_socket_of_its_own():
    with serve("gunicorn -b 127.0.0.1:0 wsgi:app") as server:
        wait_until(Path(server.folder, "gunicorn.ctl").exists)


def test_a_redirect_is_an_answer():
    """Where it leads to nobody listens, and it is not asked."""
    away = """
def app(environ, start_response):
    start_response("303 See Other", [("Location", "http://127.0.0.1:9/")])
    return []
"""
    command = "gunicorn -b 127.0.0.1:0 away:app"
    with serve(command, {"away.py": away}) as server:
        assert server.get("/", allow_redirects=False).status_code == 303


def test_a_log_may_have_bytes_that_are_no_text():
    assert run(r"printf 'caf\351'").stdout == "caf\ufffd"


def test_no_temporary_folder_is_a_clear_error(monkeypatch, tmp_path):
    missing = str(tmp_path / "missing")
    monkeypatch.setattr("tempfile.tempdir", missing)
    with pytest.raises(RuntimeError, match=r"no folder in .*missing"):
        run("true")


def test_a_command_may_signal_its_own_group():
    with start("sh -c 'kill -TERM 0'") as server:
        assert server.process.wait(timeout=20) == -signal.SIGTERM
        assert Path(server.folder).is_dir()
    assert not Path(server.folder).exists()


def test_no_connection_stays_open():
    """An open one would keep a server from ending."""
    with serve(f"{GUNICORN} --threads 2 wsgi:app") as server:
        reply = server.get("/")
        mine = psutil.Process().net_connections("tcp")
        to_it = [each.status for each in mine if each.raddr == server.address]
    assert psutil.CONN_ESTABLISHED not in to_it, reply


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, "http://127.0.0.1:8000/greet/Ada"),
        ({"BIND": "127.0.0.1:81"}, "http://127.0.0.1:81/greet/Ada"),
        (
            {"PREFIX": "/user/ada/"},
            "/user/ada/proxy/absolute/8000/greet/Ada",
        ),
        (
            {"PREFIX": "/user/ada/", "BIND": "127.0.0.1:81"},
            "/user/ada/proxy/absolute/81/greet/Ada",
        ),
    ],
)
def test_link(monkeypatch, environment, address):
    for name in "BIND", "JUPYTERHUB_SERVICE_PREFIX":
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        name = name.replace("PREFIX", "JUPYTERHUB_SERVICE_PREFIX")
        monkeypatch.setenv(name, value)
    found = link("/greet/Ada")
    assert found == address
    assert f'href="{address}"' in found._repr_html_()


def test_a_link_cannot_leave_its_html():
    assert "<b>" not in link("/greet/<b>")._repr_html_()
