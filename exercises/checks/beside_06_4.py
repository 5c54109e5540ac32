"""Beside the answer to exercise 4 of sheet 06: servers to wait for.

All cases begin at once, when this is loaded: some of them take a second.
"""

import contextlib
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE, Popen

from answer import wait_ready


def python(code):
    """A process, which reads from a pipe: it ends when this one does."""
    return Popen([sys.executable, "-c", code], stdin=PIPE)


def bound():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def says(status, *headers):
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers, "", ""]
    return lambda client: client.sendall("\r\n".join(lines).encode())


def silent(client):
    time.sleep(4)


def slow(client):
    time.sleep(1.2)
    says("200 OK")(client)


def endless(client):
    says("200 OK")(client)
    for _ in range(40):
        time.sleep(0.1)
        client.sendall(b"tea ")


def greets(client):
    client.sendall(b"SSH-2.0-tea\r\n")


def falls_silent(asked):
    """Greets the first client, late, and no other; notes who has asked."""
    first = iter([1.3])

    def answer(client):
        asked.append(client)
        time.sleep(next(first, 4))
        greets(client)

    return answer


def changes_its_mind():
    """Greets the first client, and answers the next one."""
    first = iter([greets])
    return lambda client: next(first, says("200 OK"))(client)


def serve(sock, answer, after):
    """Be a server, which lets `answer` speak to each client."""
    time.sleep(after)
    sock.listen()

    def meet(client):
        with client, contextlib.suppress(OSError):
            if b" /tea " in client.recv(65536):
                answer(client)

    while True:
        client, _ = sock.accept()
        threading.Thread(target=meet, args=(client,), daemon=True).start()


def wait(answer, process=None, seconds=3, after=0):
    """What it raises, or "ready"; with "late" if it took so long."""
    sock, process = bound(), process or RUNS
    url = "http://{}:{}/tea".format(*sock.getsockname())
    if answer:
        if not after:
            sock.listen()
        options = {"daemon": True, "args": (sock, answer, after)}
        threading.Thread(target=serve, **options).start()
    begin = time.monotonic()
    try:
        wait_ready(process, url, seconds)
        said = "ready"
    except (RuntimeError, TimeoutError) as error:
        said = type(error).__name__
    took = time.monotonic() - begin
    limit = 2.5
    if said == "TimeoutError":
        limit = max(seconds + 1.2, 1.6 * seconds)
    return f"{said}, late" if took > limit else said


def wait_in_silence():
    """What comes of a server that falls silent; again, if it has greeted so
    late, on a busy machine, that nobody has asked it twice."""
    for _ in range(2):
        asked = []
        came = wait(falls_silent(asked), seconds=2)
        if asked[1:]:
            break
    return came


def last_of(case):
    """What comes of a case. Who is late gets it again, for some seconds: a
    busy machine is late now and then, and a wrong answer each time."""
    begin = time.monotonic()
    came = case()
    while came.endswith("late") and time.monotonic() < begin + 4:
        came = case()
    return came


RUNS, ENDED = python("input()"), python("exit(1)")
ENDED.wait()
NOWHERE = bound()  # nobody listens there
ELSEWHERE = "Location: http://{}:{}/".format(*NOWHERE.getsockname())
CASES = {
    "it answers 200 OK": lambda: wait(says("200 OK")),
    "it answers 404 Not Found": lambda: wait(says("404 Not Found")),
    "it answers 500 Oh No": lambda: wait(says("500 Oh No")),
    "it answers 503 Busy": lambda: wait(says("503 Busy")),
    "it answers 302 Found": lambda: wait(says("302 Found", ELSEWHERE)),
    "it listens after a moment": lambda: wait(says("200 OK"), after=0.3),
    "it takes a second to answer": lambda: wait(slow),
    "its body never ends": lambda: wait(endless),
    "it has ended": lambda: wait(None, ENDED),
    "it ends in a moment": lambda: wait(
        None, python("import time; time.sleep(0.8)")
    ),
    "it has ended, another answers": lambda: wait(says("200 OK"), ENDED),
    "nobody listens": lambda: wait(None, seconds=0.3),
    "it says nothing": lambda: wait(silent, seconds=0.3),
    "it speaks no HTTP": lambda: wait(greets, seconds=0.3),
    "it speaks no HTTP, then HTTP": lambda: wait(changes_its_mind()),
    "it speaks no HTTP, then nothing, seconds=2": wait_in_silence,
}
POOL = ThreadPoolExecutor(len(CASES))
CAME = {name: POOL.submit(last_of, case) for name, case in CASES.items()}


def when(name):
    """What came of a case: see `wait`."""
    try:
        return CAME[name].result(8)
    except TimeoutError:
        return "it still waits"
