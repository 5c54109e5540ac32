"""The server as processes: how it starts, stops, replaces a worker, and
what it does not wait for."""

import contextlib
import json
import select
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from notebooks.serving import run, serve, start, wait_until
from tests.helpers import has_ended
from tests.small_server.helpers import (
    COMMAND,
    answers,
    ask,
    command,
    connect,
    rest,
    serving,
)
from tests.small_server.pep import pep
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
ENVIRON = b"GET /environ HTTP/1.1\r\nHost: a\r\n"
# A server that gives a request on its way five seconds instead of 0.2.
PATIENT = (
    "from small_server import __main__ as server, connection as c; "
    "c.IN_FLIGHT = 5; server.main()"
)

# How it starts.


WRONG_COMMANDS = {
    "": "required: app",
    "wsgi": "not callable: wsgi",
    "wsgi:": "not callable: wsgi:",
    "wsgi:__name__": "not callable: wsgi:__name__",
    "wsgi:app --workers 0": "need 1 or more",
    "wsgi:app --threads 0": "need 1 or more",
    "wsgi:app --workers many": "invalid int",
    "wsgi:app --timeout 0": "invalid seconds value: '0'",
    "wsgi:app --keep-alive ages": "invalid seconds value: 'ages'",
    "wsgi:app --graceful-timeout nan": "invalid seconds value: 'nan'",
    "wsgi:app --bind nowhere": "cannot listen at nowhere",
    "wsgi:app --bind 127.0.0.1:99999": "cannot listen",
    "wsgi:app --bind 192.0.2.1:0": "cannot listen at 192.0.2.1:0",
}
WRONG_APPS = {
    "wsgi:app:b": "invalid format: 'wsgi:app:b'",
    "./wsgi.py:app": "invalid format: './wsgi.py:app'",
    "no_such:app": "No module named 'no_such'",
    "wsgi:no_such": "'wsgi' has no attribute 'no_such'",
    "tests.small_server.broken:app": "RuntimeError: this module is broken",
}


@pytest.mark.parametrize("arguments", WRONG_COMMANDS)
def test_what_is_wrong_with_the_command_takes_a_line(arguments):
    check_refused(arguments, 2, WRONG_COMMANDS[arguments])


@pytest.mark.parametrize("arguments", WRONG_APPS)
def test_what_is_wrong_with_the_app_takes_a_traceback(arguments):
    check_refused(arguments, 1, WRONG_APPS[arguments])


def check_refused(arguments, status, text):
    """The command ends so, says this, and has not listened."""
    result = run(f"{COMMAND} {arguments}")
    assert result.returncode == status
    assert text in result.stdout
    assert ("Traceback" in result.stdout) == (status == 1)
    assert "Listening" not in result.stdout


def test_it_says_where_it_listens_and_nobody_else_can_listen_there():
    with serve(command("app")) as server:
        assert f"Listening at {server.url}\n" in server.log
        port = server.address[1]
        result = run(f"python -m small_server wsgi:app --bind 127.0.0.1:{port}")
    assert result.returncode == 2
    assert "Address already in use" in result.stdout
    assert "Traceback" not in result.stdout


@pep(31, 81)
def test_one_thread_serves_one_client_at_a_time():
    """Nobody can keep it: it says close."""
    options = "--threads 1 --workers 1 --bind 0"  # a port alone
    with serve(command("app", options)) as server:
        (answer,) = answers(ask(server, ENVIRON + b"\r\n"))
        assert json.loads(answer.body)["multi"] == [False] * 3
        assert answer.all_of("connection") == ["connection: close"]
        assert server.url.startswith("http://127.0.0.1:")


@pep(33)
def test_a_variable_of_the_deployer_is_in_the_environ():
    """But what a request says is stronger."""
    pairs = "workbook.tea=mint=1", "EMPTY", "A=B", "REQUEST_METHOD=C"
    options = " ".join(f"--environ {pair}" for pair in pairs)
    request = ENVIRON + b"workbook.tea: b\r\nA: c\r\n\r\n"
    with serve(command("app", options)) as server:
        (answer,) = answers(ask(server, request, end=True))
    seen = json.loads(answer.body)
    assert seen["workbook.tea"] == "mint=1"
    assert (seen["EMPTY"], seen["A"], seen["HTTP_A"]) == ("", "B", "c")
    assert seen["REQUEST_METHOD"] == "GET"


# How it stops.


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_stop_answers_who_asks_and_waits_for_nobody_else(name):
    with serving() as server, connect(server) as idle:
        idle.sendall(HELLO)
        assert b"Hello" in idle.recv(999)
        with connect(server), ThreadPoolExecutor() as pool:
            slow = ask_slowly(server, pool)
            server.process.send_signal(getattr(signal, name))
            idle.settimeout(3)  # no keep-alive is waited for
            assert idle.recv(1) == b""
            for answer in slow:
                assert answer.result().ok
                assert answer.result().headers["Connection"] == "close"
            assert server.process.wait(timeout=20) == 0
        with pytest.raises(OSError):
            connect(server)
        assert "Traceback" not in server.log


def ask_slowly(server, pool):
    """Wait until four requests are being answered; return their futures."""
    before = server.log.count("called /slow")
    slow = [pool.submit(server.get, "/slow?0.5") for _ in range(4)]
    wait_until(lambda: server.log.count("called /slow") == before + 4)
    return slow


def test_who_comes_after_a_stop_is_refused_at_once():
    def refused():
        try:
            connect(server).close()
        except ConnectionResetError:  # the backlog closed with it
            return False
        except ConnectionRefusedError:
            return True

    with serving() as server, ThreadPoolExecutor() as pool:
        before = server.log.count("called /slow")
        slow = pool.submit(server.get, "/slow?2")
        wait_until(lambda: server.log.count("called /slow") > before)
        server.process.terminate()
        wait_until(refused)
        assert not slow.done()
        assert slow.result().ok


def test_a_request_that_is_on_its_way_at_a_stop_is_answered():
    patient = command("app").replace("-m small_server", f"-c '{PATIENT}'")
    with serve(patient) as server, connect(server) as client:
        assert server.get("/hello").ok  # who came before is inside
        server.process.terminate()
        time.sleep(0.3)
        client.sendall(HELLO)
        assert b"Hello" in client.recv(999)
        assert server.process.wait(timeout=20) == 0


def test_a_stop_does_not_wait_for_ever():
    """An app that does not end is ended by the system."""
    with (
        serve(command("app", "--graceful-timeout 1")) as server,
        ThreadPoolExecutor() as pool,
    ):
        stuck = pool.submit(server.get, "/slow?60")
        wait_until(lambda: "called /slow" in server.log)
        began = time.monotonic()
        server.process.terminate()
        assert server.process.wait(timeout=4) == 0
        assert time.monotonic() - began > 0.5
        with pytest.raises(requests.ConnectionError):
            stuck.result()


# How a worker ends, and another takes its place.


def test_a_worker_that_stops_answers_who_asked_it():
    with serving() as server:
        old = server.workers
        with ThreadPoolExecutor() as pool:
            slow = ask_slowly(server, pool)
            old[0].terminate()
            assert all(answer.result().ok for answer in slow)
        wait_until(lambda: old[0] not in server.workers)
        server.wait_for_workers(2)
        assert server.get("/hello").text == "Hello"


def test_a_worker_that_is_killed_is_replaced():
    with serving() as server:
        old = server.workers
        old[0].kill()
        line = f"worker {old[0].pid} has ended with -9\n"
        wait_until(lambda: line in server.log)
        server.wait_for_workers(2)
        assert old[0] not in server.workers
        for _ in range(5):
            assert server.get("/hello").text == "Hello"


def test_workers_that_die_at_once_are_not_replaced_at_once():
    with start(command("dies:app")) as server:
        wait_until(lambda: "has ended with 1" in server.log)
        began = time.monotonic()
        before = server.log.count("has ended with 1")
        time.sleep(0.5)
        more = server.log.count("has ended with 1") - before
        assert more <= 1 + (time.monotonic() - began) / 0.1
        server.process.terminate()
        assert server.process.wait(timeout=3) == 0


def test_workers_end_with_their_parent():
    with serving() as server, connect(server) as idle:
        workers = server.workers
        idle.sendall(HELLO)
        server.process.kill()
        wait_until(lambda: all(map(has_ended, workers)), 4)


# What it does not wait for.


def test_slow_clients_lock_nobody_out():
    with serving() as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(50)]
        for byte in b"GET /hello HT":
            for client in clients:
                client.sendall(bytes([byte]))
            began = time.monotonic()
            assert server.get("/hello").text == "Hello"
            assert time.monotonic() - began < 3
        for client in clients:
            client.sendall(b"TP/1.1\r\nHost: a\r\n\r\n")
            assert b"Hello" in client.recv(999)


def test_a_request_that_is_too_slow_is_refused():
    """It has a time to arrive in, even if a byte always comes."""
    with (
        serve(command("app", "--keep-alive 2 --timeout 2")) as server,
        connect(server) as idle,
        connect(server) as slow,
    ):
        began = time.monotonic()
        while not select.select([slow], [], [], 0.1)[0]:
            slow.sendall(b"a")
            assert time.monotonic() - began < 9
        assert time.monotonic() - began > 1.5
        (answer,) = answers(rest(slow))
        assert answer.status == "408 Request Timeout"
        assert idle.recv(1) == b""


def test_a_thread_outlives_the_log():
    """The only one goes on, though it has nowhere to write to."""
    options = "--keep-alive 1 --threads 1"
    with serve(command("closes_the_log", options)) as server:
        for _ in range(4):
            assert server.get("/").status_code == 500
