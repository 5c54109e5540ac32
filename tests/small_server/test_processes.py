"""The server as processes: how it starts, stops, replaces a worker, and
what it does not wait for."""

import contextlib
import json
import signal
import socket
import struct
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import wait
from pathlib import Path
from shlex import quote

import psutil
import pytest
import requests

from notebooks.serving import run, serve, start, wait_until
from small_server.worker import Worker
from tests.helpers import has_ended
from tests.small_server.helpers import (
    COMMAND,
    again_if_late,
    answers,
    ask,
    command,
    connect,
    rest,
    send,
    serving,
    wait_for_both,
)
from tests.small_server.pep import ROOT, pep
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
HERE = quote(str(ROOT))
HELLO = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
ENVIRON = b"GET /environ HTTP/1.1\r\nHost: a\r\n"
POST = b"POST /environ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
# A server that gives a request on its way 20 seconds instead of 0.2.
PATIENT = (
    "from small_server import __main__ as server, connection as c; "
    "c.IN_FLIGHT = 20; server.main()"
)


def odd(text, options=""):
    """Serve the apps in a module that does `text` when it is imported."""
    files = {"odd.py": f"{text}\nfrom tests.small_server.apps import app\n"}
    return serve(f"PYTHONPATH={HERE} {COMMAND} {options} odd:app", files)


def stops_in_time(server):
    """Ask `server` to stop; whether it has, in peace, long before anybody
    whom it must not wait for."""
    server.process.terminate()
    return server.process.wait(timeout=20) == 0


def refused(server):
    """Whether nobody listens where `server` did."""
    try:
        connect(server).close()
    except ConnectionResetError:  # the backlog closed with it
        return False
    except ConnectionRefusedError:
        return True
    return False


# How it starts.


WRONG_COMMANDS = {
    "": "required: app",
    "wsgi": "not callable: wsgi",
    "wsgi:": "not callable: wsgi:",
    "wsgi:__name__": "not callable: wsgi:__name__",
    "wsgi:app --workers 0": "need 1 or more",
    "wsgi:app --threads 0": "need 1 or more",
    "wsgi:app --limit-body 0": "need 1 or more",
    "wsgi:app --limit-body 1M": "invalid int",
    "wsgi:app --workers many": "invalid int",
    "wsgi:app --timeout 0": "invalid seconds value: '0'",
    "wsgi:app --keep-alive ages": "invalid seconds value: 'ages'",
    "wsgi:app --graceful-timeout nan": "invalid seconds value: 'nan'",
    "wsgi:app --bind nowhere": "cannot listen at nowhere",
    "wsgi:app --bind 127.0.0.1:99999": "cannot listen",
    "wsgi:app --bind 192.0.2.1:0": "cannot listen at 192.0.2.1:0",
    "wsgi:app --bind ::1:0": "cannot listen at ::1:0",
    "wsgi:app --bind [127.0.0.1]:0": "cannot listen at [127.0.0.1]:0",
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


def test_it_listens_at_an_address_of_ipv6():
    """RFC 3875 has SERVER_NAME with brackets, REMOTE_ADDR without."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with start(command("app", "--bind [::1]:0")) as server:
        wait_until(lambda: "Listening at http://[::1]:" in server.log)
        port = int(server.log.split("[::1]:")[1].split()[0])
        with socket.create_connection(("::1", port), 5) as client:
            client.sendall(ENVIRON + b"Connection: close\r\n\r\n")
            (answer,) = answers(rest(client))
    seen = json.loads(answer.body)
    assert seen["SERVER_NAME"] == "[::1]"
    assert seen["SERVER_PORT"] == str(port)
    assert seen["REMOTE_ADDR"] == "::1"


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
    with serving("--keep-alive 60") as server, connect(server) as idle:
        idle.sendall(HELLO)
        assert b"Hello" in idle.recv(999)
        with connect(server), ThreadPoolExecutor() as pool:
            slow = ask_slowly(server, pool)
            server.process.send_signal(getattr(signal, name))
            assert idle.recv(1) == b""  # in less than 20 seconds
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
    """And not when the last has its answer, which here waits for a file."""
    with serving() as server, ThreadPoolExecutor() as pool:
        slow = pool.submit(server.get, "/drip", timeout=30)
        wait_until(lambda: "called /drip" in server.log)
        server.process.terminate()
        wait_until(lambda: refused(server), 15)
        Path(server.folder, "seen").touch()
        assert slow.result().text == "nowlater"


def test_a_request_that_is_on_its_way_at_a_stop_is_answered():
    patient = command("app").replace("-m small_server", f"-c '{PATIENT}'")
    with serve(patient) as server, connect(server) as client:
        assert server.get("/hello").ok  # who came before is inside
        server.process.terminate()
        wait_until(lambda: refused(server))  # both workers have heard of it
        client.sendall(HELLO)
        assert b"Hello" in client.recv(999)
        assert server.process.wait(timeout=20) == 0


def test_a_stop_does_not_wait_for_ever():
    """An app that does not end is ended by the system."""
    with (
        serve(command("app", "--graceful-timeout 1")) as server,
        ThreadPoolExecutor() as pool,
    ):
        stuck = pool.submit(server.get, "/slow?60", timeout=60)
        wait_until(lambda: "called /slow" in server.log)
        began = time.monotonic()
        server.process.terminate()
        assert server.process.wait(timeout=20) == 0
        assert time.monotonic() - began > 0.5
        with pytest.raises(requests.ConnectionError):
            stuck.result()


@pytest.mark.parametrize("path", ["/fork", "/fork/multiprocessing"])
def test_a_stop_does_not_wait_for_a_child_of_the_app(path):
    """Which has a copy of all sockets, and neither listens nor serves."""
    with serving() as server, connect(server) as idle:
        idle.sendall(HELLO)
        assert b"Hello" in idle.recv(999)
        assert server.get(path).ok
        (child,) = [p for w in server.workers for p in w.children()]
        assert stops_in_time(server)
        assert idle.recv(1) == b""
        assert refused(server)
        assert child.is_running() == (path == "/fork")


def test_a_child_of_the_app_answers_nobody():
    """It fails in the server; the client hears of its parent alone."""
    with serving() as server:
        for _ in range(20):
            assert server.get("/fork/fail").text == "forked"
        wait_until(lambda: not alive_children(server))


def alive_children(server):
    """The children of the workers that have not ended."""
    family = [child for w in server.workers for child in w.children()]
    return [child for child in family if not has_ended(child)]


def test_a_stop_does_not_wait_for_a_thread_of_an_import():
    """The system ends the parent, as it does workers."""
    thread = "import threading; threading.Thread(target=input).start()"
    thread = thread.replace("input", "threading.Event().wait")
    with odd(thread, "--graceful-timeout 1") as server:
        assert stops_in_time(server)


def test_a_stop_in_the_first_moments_is_one():
    """Each of its 120 servers ends, and no process complains."""
    with start(f"PYTHONPATH={HERE} python -m tests.small_server.early") as early:
        early.process.wait(timeout=180)
        assert early.log == "{0: 120}\n"


def test_a_stop_does_not_wait_for_a_worker_that_cannot_end():
    """Which is stopped, as by a debugger: the parent ends it."""
    with serving(options="--graceful-timeout 1") as server:
        server.workers[0].suspend()
        assert stops_in_time(server)


# (Some shells, such as dash, would not let a command ignore CHLD.)
IGNORES = """import os, signal, sys
for number in signal.SIGCHLD, signal.SIGALRM:
    signal.signal(number, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])"""


def test_signals_count_though_whoever_started_it_ignores_them():
    ignored = f"python -c {quote(IGNORES)} {command('app', '--graceful-timeout 1')}"
    with serve(ignored) as server, ThreadPoolExecutor() as pool:
        old = server.wait_for_workers(2)[0]
        old.kill()
        wait_until(lambda: old not in server.workers)
        server.wait_for_workers(2)
        pool.submit(server.get, "/slow?60")
        wait_until(lambda: "called /slow" in server.log)
        assert stops_in_time(server)


def test_it_serves_though_nobody_reads_its_log():
    quiet = f"sh -c 'exec {COMMAND} tests.small_server.apps:app 2>&-'"
    with serve(f"PYTHONPATH={HERE} {quiet}") as server:
        assert server.get("/hello").text == "Hello"
        server.get("/fail/ValueError")
        assert server.get("/hello").text == "Hello"


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
        assert stops_in_time(server)


def test_an_error_in_the_main_thread_of_a_worker_ends_it():
    """Its threads finish what they do, and another worker is started."""
    fails = "import signal; signal.signal(signal.SIGUSR1, lambda *_: 1 / 0)"
    with odd(fails) as server:
        wait_for_both(server)
        old = server.workers
        with ThreadPoolExecutor() as pool:
            slow = ask_slowly(server, pool)
            for worker in old:
                worker.send_signal(signal.SIGUSR1)
            assert all(answer.result().ok for answer in slow)
        for worker in old:
            line = f"worker {worker.pid} has ended with 1\n"
            wait_until(lambda line=line: line in server.log)
        assert "ZeroDivisionError" in server.log
        server.wait_for_workers(2)
        assert server.get("/hello").text == "Hello"
        assert stops_in_time(server)


def test_a_worker_that_can_start_no_thread_ends():
    large = "import threading; threading.stack_size(2**60)"
    files = {"odd.py": f"{large}\nfrom tests.small_server.apps import app\n"}
    with start(f"PYTHONPATH={HERE} {COMMAND} odd:app", files) as server:
        wait_until(lambda: "has ended with 1\n" in server.log)
        assert "can't start new thread" in server.log
        assert stops_in_time(server)


def test_a_worker_can_be_told_to_stop_in_its_first_millisecond():
    """The second one is, and with it neither the first nor the third."""
    early = "import os, signal; forks = []; os.register_at_fork("
    early += "before=lambda: forks.append('a fork'), after_in_child=lambda: "
    early += "len(forks) == 2 and os.kill(os.getpid(), signal.SIGTERM))"
    with odd(early) as server:
        wait_until(lambda: "has ended with 0\n" in server.log)
        server.wait_for_workers(2)
        assert server.get("/hello").text == "Hello"
        assert stops_in_time(server)
        assert server.log.count("has ended") == 1


def test_an_orphan_is_no_worker():
    """Of process 1, here of who adopts them, as Linux lets it."""
    if sys.platform != "linux":
        pytest.skip("only Linux has PR_SET_CHILD_SUBREAPER")
    adopts = "import ctypes; assert ctypes.CDLL(None).prctl(36, 1) == 0"
    with odd(adopts) as server:
        orphans = [psutil.Process(int(server.get("/orphan").text))]
        orphans += [psutil.Process(int(server.get("/orphan").text))]
        for orphan in orphans:
            assert orphan.ppid() == server.process.pid
            orphan.terminate()
            wait_until(lambda orphan=orphan: not orphan.is_running())
        victim = server.workers[0]
        victim.kill()
        wait_until(lambda: "has ended with -9" in server.log)
        assert server.log.count("has ended") == 1
        assert f"worker {victim.pid} has ended" in server.log


def test_workers_end_with_their_parent():
    with serving("--keep-alive 60") as server, connect(server) as idle:
        workers = server.workers
        idle.sendall(HELLO)
        server.process.kill()
        wait_until(lambda: all(map(has_ended, workers)))


def test_workers_end_with_their_parent_though_it_has_another_child():
    forks = "import signal; from tests.small_server.apps import fork; "
    forks += "signal.signal(signal.SIGUSR1, lambda *_: fork())"
    with odd(forks) as server:
        workers = server.wait_for_workers(2)
        server.process.send_signal(signal.SIGUSR1)
        server.wait_for_workers(3)
        server.process.kill()
        wait_until(lambda: all(map(has_ended, workers)))


# What it has room for.


def test_files_may_have_numbers_above_1023():
    """For which select has no room."""
    import resource  # Windows has none

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < 2000:
        pytest.skip(f"a process may open {hard} files here")
    many = "import os, resource; "
    many += "hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]; "
    many += "resource.setrlimit(resource.RLIMIT_NOFILE, (2000, hard)); "
    many += "held = [open(os.devnull) for _ in range(1100)]"
    with odd(many) as server:
        assert server.get("/hello").text == "Hello"
        assert stops_in_time(server)
        assert "Traceback" not in server.log


NO_ROOM = {
    "no folder": "import tempfile; tempfile.tempdir = '/no/such/folder'",
    "a full disk": "import resource; "
    "resource.setrlimit(resource.RLIMIT_FSIZE, (2**19, 2**19))",
}


@pytest.mark.parametrize("why", NO_ROOM)
def test_that_there_is_no_room_for_a_body_is_our_failure(why):
    """A small one needs none; and a client that leaves is no failure."""
    with odd(NO_ROOM[why]) as server:
        with connect(server) as client:
            client.sendall(BODY + b"half")
            reset = struct.pack("ii", 1, 0)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        (small,), said = send(server, BODY, bytes(10_000))
        assert small.status == "200 OK"
        assert "Traceback" not in said
        length = b"Content-Length: 1000000\r\n\r\n"
        (large,), said = send(server, POST, length, bytes(1_000_000))
        assert large.status == "500 Internal Server Error"
        assert "Error: [Errno " in said
        assert "called" not in said


@pytest.mark.parametrize(("length", "status"), [(10, 200), (11, 413)])
def test_the_limit_of_a_body_is_an_option(length, status):
    body = b"a" * length
    plain = b"Content-Length: %d\r\n\r\n%b" % (length, body)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n4\r\naaaa\r\n"
    chunked += b"%x\r\n%b\r\n0\r\n\r\n" % (length - 4, body[4:])
    with serve(command("app", "--limit-body 10")) as server:
        for body in plain, chunked:
            ((answer,), _) = send(server, POST, body)
            assert answer.status.startswith(f"{status} ")


# What it does not wait for.


def test_slow_clients_lock_nobody_out():
    """Who gives up waiting after 10 seconds, when they have 60."""
    with serving("--timeout 60") as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(server)) for _ in range(50)]
        for byte in b"GET /hello HT":
            for client in clients:
                client.sendall(bytes([byte]))
            assert server.get("/hello", timeout=10).text == "Hello"
        for client in clients:
            client.sendall(b"TP/1.1\r\nHost: a\r\n\r\n")
            assert b"Hello" in client.recv(999)


BODY = POST + b"Content-Length: 10000\r\n\r\n"
SLOW = {
    "a head that comes byte by byte": (b"GET /", b"a"),
    "a head that stands still": (b"GET /", b""),
    "a body that comes byte by byte": (BODY, b"a"),
    "a body that stands still": (BODY + bytes(9), b""),
}


def test_a_head_has_its_time_and_no_more():
    """A byte at its end gives it no second one."""
    with (
        serve(command("app", "--timeout 4")) as server,
        connect(server) as slow,
    ):
        slow.sendall(b"GET /")
        time.sleep(3)
        sent = time.monotonic()
        slow.sendall(b"a")
        assert b" 408 " in slow.recv(999)
        assert time.monotonic() - sent < 4


@pytest.mark.parametrize("what", SLOW)
def test_a_request_that_is_too_slow_is_refused(what):
    """Even if a byte always comes."""
    begin, byte = SLOW[what]
    with (
        serve(command("app", "--keep-alive 3 --timeout 2")) as server,
        connect(server) as idle,
        connect(server) as slow,
    ):
        began = time.monotonic()
        slow.sendall(begin)
        while not wait([slow], 0.1):
            slow.sendall(byte)
            assert time.monotonic() - began < 20
        assert time.monotonic() - began > 1.5
        (answer,) = answers(rest(slow))
        assert answer.status == "408 Request Timeout"
        assert idle.recv(1) == b""
        assert "called /environ" not in server.log


def test_a_body_that_goes_on_coming_has_the_time_it_takes():
    with serve(command("app", "--timeout 3")) as server, connect(server) as client:
        client.sendall(BODY)
        for _ in range(10):
            time.sleep(0.4)
            client.sendall(bytes(1000))
        (answer,) = answers(rest(client))
    assert answer.status == "200 OK"
    assert len(json.loads(answer.body)["body"]) == 10000


def test_an_answer_that_goes_on_leaving_has_the_time_it_takes():
    """But no more than `--timeout` when it stands still."""
    with serve(command("app", "--timeout 3")) as server:
        assert len(read_slowly(server, [0.1] * 40)) > 2**23
        assert len(read_slowly(server, [8])) < 2**23


def read_slowly(server, pauses):
    """Ask for a block of 8 MB; read a fortieth of it after each of the
    pauses, a list of seconds, and then the rest; return what came."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
        client.settimeout(20)
        client.connect(server.address)
        path = b"/give/a%20large%20block"
        client.sendall(b"GET " + path + b" HTTP/1.0\r\n\r\n")
        data = b""
        for pause in pauses:
            time.sleep(pause)
            data += client.recv(2**23 // 40, socket.MSG_WAITALL)
        return data + rest(client)


CLOSE = b"Connection: close\r\n"
ON_THE_WAY = {"a request": (b"", HELLO), "the end of a line": (CLOSE, b"\r\n")}


@pytest.mark.parametrize("what", ON_THE_WAY)
def test_an_answer_is_whole_though_more_is_on_its_way(what):
    """It ends the connection, as the only thread must; and a close with
    bytes unread would take back what the client has not yet read."""
    with serve(command("app", "--threads 1")) as server:
        got = ask_and_send_more(server, *ON_THE_WAY[what])
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert len(body) == 2**23


@again_if_late
def ask_and_send_more(server, option, late):
    """Ask for a block of 8 MB; send `late` when most of it has come."""
    large = b"GET /give/a%20large%20block HTTP/1.1\r\nHost: a\r\n"
    with connect(server) as client:
        client.sendall(large + option + b"\r\n")
        got = client.recv(2**16, socket.MSG_WAITALL)
        while len(got) < 5_000_000:
            got += client.recv(2**16)
        client.sendall(late)
        time.sleep(0.5)  # the server has given all to its system
        return got + rest(client)


def test_a_connection_stays_though_the_threads_are_yet_to_start():
    """Each takes time to start, and nobody may be sent away for that."""
    answers = []
    with serving() as server:

        def visit(_):
            with connect(server) as client:
                for _ in range(20):
                    client.sendall(HELLO)
                    answers.append(client.recv(999))

        with ThreadPoolExecutor(20) as pool:
            list(pool.map(visit, range(20)))
    assert sum(b"Connection: close" in answer for answer in answers) == 0
    assert sum(b"Hello" in answer for answer in answers) == 400


def test_a_thread_counts_from_before_it_starts(monkeypatch):
    """Or a connection ends by luck; one that cannot start does not count."""
    worker = Worker(None, None, max_threads=2)

    def cannot(thread):
        counted.append(len(worker.threads))
        raise RuntimeError("can't start new thread")

    counted = []
    monkeypatch.setattr(threading.Thread, "start", cannot)
    with pytest.raises(RuntimeError):
        worker.start_thread()
    assert (counted, worker.threads) == ([1], [])


def test_the_end_of_an_answer_does_not_wait_for_a_child_of_the_app():
    """It is the end of the connection, of which the child has a copy."""
    with serving() as server:
        data = ask(server, b"GET /fork HTTP/1.0\r\n\r\n")
        assert data.endswith(b"forked, and gone on")
        (child,) = [p for w in server.workers for p in w.children()]
        assert child.is_running()


def test_a_thread_outlives_the_log():
    """The only one goes on, though it has nowhere to write to."""
    options = "--keep-alive 1 --threads 1"
    with serve(command("closes_the_log", options)) as server:
        for _ in range(4):
            assert server.get("/").status_code == 500
