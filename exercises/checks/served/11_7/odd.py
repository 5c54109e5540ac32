"""Servers at ports of their own, which answer a HEAD in odd ways."""

import re
import socket
import threading
import time
from contextlib import suppress

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
FOUR = HEAD[:-2] + b"Content-Length: 4\r\n\r\n"
CHUNKED = HEAD[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = HEAD[:-2] + b"X-Tea: %s\r\n\r\n" % (20_000 * b"a")
MISSING = HEAD.replace(b"200 OK", b"404 Not Found")
# For each its pieces, and the seconds between two of them.
SERVERS = {
    "late": ([HEAD, b"mint"], 0.2),
    "one byte": ([FOUR, b"\n"], 0.05),
    "no text": ([HEAD + b"\xff"], 0.05),
    "empty line": ([HEAD + b"mint\r\n\r\n"], 0.05),
    "long head": ([LONG, b"mint"], 0.05),
    "slow": ([HEAD[:9], HEAD[9:-9], HEAD[-9:-1], HEAD[-1:], b"t"], 0.6),
    "pieces": ([HEAD[:-9], HEAD[-9:-1], HEAD[-1:]], 0.2),
    "chunked": ([CHUNKED], 0.05),
    "last chunk": ([CHUNKED + b"0\r\n\r\n"], 0.05),
    "missing": ([MISSING], 0.05),
    "half": ([HEAD[:-2]], 0.05),
    "mute": ([], 0),
}
# What a strict server answers: a HEAD for /, with a Host in HTTP/1.1.
ASKED = rb"HEAD / HTTP/1\.(0\r|1\r(?is:.*\nhost:))"
REFUSED = b"HTTP/1.1 400 Bad Request\r\n\r\nWho asks whom for what?"


def answer(client, pieces, pause):
    """Answer the request of a client, and another one, if it sends it."""
    asked = b""
    while b"\r\n\r\n" not in asked and (more := client.recv(1000)):
        asked += more
    if not re.match(ASKED, asked):
        client.sendall(REFUSED)
        return
    for piece in pieces:
        client.sendall(piece)
        time.sleep(pause)
    client.setblocking(False)
    second = asked.partition(b"\r\n\r\n")[2]
    with suppress(BlockingIOError):
        second += client.recv(1000)
    if second:
        client.sendall(REFUSED)


def serve(listener, pieces, pause):
    while True:
        client, _ = listener.accept()
        with client, suppress(OSError):  # it may leave early
            answer(client, pieces, pause)


ports = {}
for name, how in SERVERS.items():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, *how)).start()
    ports[name] = listener.getsockname()[1]
print(ports)
