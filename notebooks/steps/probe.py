"""How many rules does a server keep? Chapter 05 asks after each step.

`app` is an application that misbehaves on demand, `CASES` says what is
sent and what must come back, and `held` asks a running server.
"""

import contextlib
import re
import socket
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

TEXT = ("Content-Type", "text/plain")
STRINGS = (
    "REQUEST_METHOD PATH_INFO SERVER_NAME SERVER_PORT SERVER_PROTOCOL"
)


BEGUN = Path(tempfile.gettempdir(), "begun")  # one for all workers
CLOSED = Path(tempfile.gettempdir(), "closed")


class Closing:
    """A body that leaves a sign when it is closed."""

    def __iter__(self):
        return iter([b"open"])

    def close(self):
        CLOSED.touch()


def app(environ, start_response):
    """Do what the path says, right or wrong."""
    path = environ["PATH_INFO"]
    if path == "/twice":
        start_response("200 OK", [TEXT])
    headers = {
        "/long": [TEXT, ("Content-Length", "3")],
        "/short": [TEXT, ("Content-Length", "9")],
        "/inject": [TEXT, ("X-Name", "Ada\r\nX-Admin: yes")],
        "/hop": [TEXT, ("Connection", "upgrade")],
        "/empty": [],
    }.get(path, [TEXT])
    status = "204 No Content" if path == "/empty" else "200 OK"
    write = start_response(status, headers)
    if path == "/write":
        write(b"first ")
    if path == "/fail":
        raise KeyError("on purpose")
    if path == "/slow":
        BEGUN.touch()
        time.sleep(1)
    if path == "/late":
        return late(start_response)
    if path == "/body":
        return [environ["wsgi.input"].read()]
    return {
        "/environ": [(faults(environ) or "good").encode()],
        "/name": [environ["PATH_INFO"].encode("latin-1")],
        "/two": iter([b"one", b"two"]),
        "/text": ["not bytes"],
        "/close": Closing(),
        "/closed": [str(CLOSED.exists()).encode()],
        "/long": [b"123456"],
        "/short": [b"123"],
        "/empty": [],
    }.get(path, [b"hello"])


def late(start_response):
    """Yield nothing, then change one's mind."""
    yield b""
    try:
        raise KeyError("late")
    except KeyError:
        start_response("503 Sorry", [TEXT], sys.exc_info())
        yield b"sorry"


def faults(environ):
    """Return what is wrong with `environ`, as a str; empty: nothing."""
    checks = {
        "dict": type(environ) is dict,
        "version": environ.get("wsgi.version") == (1, 0),
        "scheme": environ.get("wsgi.url_scheme") == "http",
        "strings": all(
            type(environ.get(k)) is str for k in STRINGS.split()
        ),
        "errors": hasattr(environ.get("wsgi.errors"), "write"),
        "header": environ.get("HTTP_X_TEA") == "mint",
        "flags": "wsgi.multithread" in environ,
    }
    return " ".join(name for name, good in checks.items() if not good)


def get(path, *fields, method="GET"):
    """Return a request for `path` as bytes, with more header `fields`."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close"]
    return "\r\n".join([*lines, *fields, "", ""]).encode("latin-1")


def post(body, *fields):
    """Return a request that sends `body` (bytes) to /body."""
    return get("/body", *fields, method="POST") + body


def answer(status, body=".*", head=".*"):
    """Return a pattern for an answer; bodies may come in chunks."""
    return rf"HTTP/1\.[01] {status} {head}\r\n\r\n{body}"


def chunks(body):
    return rf"(?:{body}|[0-9a-f]+\r\n{body}\r\n0\r\n\r\n)"


CHUNKED = "Transfer-Encoding: chunked"
CASES = {
    "answers": (get("/"), answer(200, chunks("hello"))),
    "environ": (
        get("/environ", "X-Tea: mint"),
        answer(200, chunks("good")),
    ),
    "decodes the path": (get("/n%61me"), answer(200, chunks("/name"))),
    "headers wait": (get("/late"), answer(503, chunks("sorry"))),
    "no second start": (get("/twice"), answer(500)),
    "write first": (get("/write"), answer(200, ".*first .*hello.*")),
    "bytes only": (get("/text"), answer(500)),
    "one line a header": (get("/inject"), answer(500)),
    "hop-by-hop": (get("/hop"), answer(500)),
    "app fails": (get("/fail"), answer(500)),
    "iterable object": (get("/close"), answer(200, chunks("open"))),
    "has closed": (get("/closed"), answer(200, chunks("True"))),
    "Date": (get("/"), answer(200, head=".*Date: .*")),
    "cuts a long body": (get("/long"), answer(200, "123")),
    "HEAD": (get("/", method="HEAD"), answer(200, "")),
    "204": (get("/empty"), answer(204, "")),
    "two blocks": (get("/two"), answer(200, ".*one.*two.*")),
    "body": (
        post(b"tea", "Content-Length: 3"),
        answer(200, chunks("tea")),
    ),
    "chunked body": (
        post(b"2\r\nte\r\n1\r\na\r\n0\r\n\r\n", CHUNKED),
        answer(200, chunks("tea")),
    ),
    "100-continue": (
        get("/body", "Expect: 100-continue", "Content-Length: 3"),
        r"HTTP/1\.1 100 Continue\r\n\r\n.*",
    ),
    "two requests": (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/"),
        r"HTTP/1\.1 200 .*HTTP/1\.1 200 .*",
    ),
    "no Host": (
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        answer(400),
    ),
    "nonsense": (b"tea, please\r\n\r\n", answer(400)),
    "space before colon": (get("/", "X-Tea : mint"), answer(400)),
    "folded line": (get("/", "X-Tea: mint", " and more"), answer(400)),
    "bare line feed": (b"GET / HTTP/1.1\nHost: x\n\n", answer(400)),
    "two lengths": (
        post(b"tea", "Content-Length: 3", "Content-Length: 3"),
        answer(400),
    ),
    "odd length": (post(b"tea", "Content-Length: +3"), answer(400)),
    "length and chunks": (
        post(b"0\r\n\r\n", "Content-Length: 3", CHUNKED),
        answer(400),
    ),
    "bad chunk": (post(b"0x3\r\ntea\r\n0\r\n\r\n", CHUNKED), answer(400)),
    "endless line": (get("/" + "x" * 20_000), answer("4[13][41]")),
    "many headers": (
        get("/", *["X-Tea: mint"] * 2000),
        answer("4[03][01]"),
    ),
}


def talk(url, data, seconds=5):
    """Send `data` (bytes); return all that comes, as bytes."""
    parts, address = [], urlsplit(url)
    address = (address.hostname, address.port)
    with (
        contextlib.suppress(OSError),  # an end without good-byes
        socket.create_connection(address, timeout=seconds) as client,
    ):
        client.sendall(data)
        with contextlib.suppress(OSError):  # the server has closed
            client.shutdown(socket.SHUT_WR)  # that was all
        while part := client.recv(65536):
            parts.append(part)
    return b"".join(parts)


def held(server):
    """Return the names of the CASES that a running `server` holds."""
    names = []
    for name, (request, expected) in CASES.items():
        reply = talk(server.url, request).decode("latin-1")
        if re.fullmatch(expected, reply, re.DOTALL):
            names.append(name)
    return names
