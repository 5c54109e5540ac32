"""Beside the answer to exercise 4 of sheet 06: servers to wait for."""

import contextlib
import socket
import sys
import threading
import time
from subprocess import Popen

from answer import wait_ready

CLOSE = "Connection: close"
LONG = "import time; time.sleep(30)"


def serve(listener, status):
    """Answer all who come to a socket."""
    with listener:
        listener.listen()
        while True:
            client, _ = listener.accept()
            with client, contextlib.suppress(OSError):
                client.recv(65536)
                text = f"HTTP/1.1 {status}\r\n{CLOSE}\r\n\r\n"
                client.sendall(text.encode())


def bound():
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    return sock


def url(sock):
    return "http://{}:{}/".format(*sock.getsockname())


def wait(sock, code, seconds):
    """What it raises, or `ready`; and whether it took too long."""
    begin = time.monotonic()
    with Popen([sys.executable, "-c", code]) as process:
        try:
            wait_ready(process, url(sock), seconds)
            said = "ready"
        except (RuntimeError, TimeoutError) as error:
            said = type(error).__name__
        finally:
            took = time.monotonic() - begin
            process.kill()
    return said, "late" if took > 3 else "in time"


def ready(status, after=0):
    """It listens, and answers, after that many seconds."""
    sock = bound()
    if not after:
        sock.listen()
    options = {"daemon": True, "args": (sock, status)}
    server = threading.Thread(target=serve, **options)
    timer = threading.Timer(after, server.start)
    timer.daemon = True
    timer.start()
    return wait(sock, LONG, 5)[0]


def ended(code):
    """Nobody listens, and the process runs `code`, and ends."""
    with bound() as sock:
        return wait(sock, code, 4)


def nobody():
    """Nobody listens, and the process runs."""
    with bound() as sock:
        return wait(sock, LONG, 0.4)


def silent():
    """It listens, and hangs up after four seconds without a word."""
    sock = bound()
    sock.listen()
    timer = threading.Timer(4, sock.close)
    timer.daemon = True
    timer.start()
    return wait(sock, LONG, 0.4)
