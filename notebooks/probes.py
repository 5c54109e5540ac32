"""What does a server do when somebody breaks a rule? Chapter 11 asks.

The file is two things. Put before a server, under the name `wsgi.py`, its
`app` does what the path says, right or wrong. In the notebook, `words`
puts all of `PROBES` to a running server, over plain sockets.
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
BEGUN = Path(tempfile.gettempdir(), "begun")  # one for all workers
CLOSED = Path(tempfile.gettempdir(), "closed")
CHUNKS = b"3\r\ntea\r\n0\r\n\r\n"
PATIENCE = 1.5  # seconds, until we say that a server hangs


def app(environ, start_response):
    """Do what the path says, right or wrong."""
    path, body = environ["PATH_INFO"], environ["wsgi.input"]
    headers = {
        "/line-end": [TEXT, ("X-Name", "Ada\r\nX-Admin: yes")],
        "/length": [TEXT, ("Content-Length", "3")],
        "/hop": [TEXT, ("Keep-Alive", "timeout=5")],
    }.get(path, [TEXT])
    if path == "/twice":
        start_response("200 OK", headers)
    start_response("200 OK", headers)
    if path == "/first":
        return apologise(start_response, [])
    if path == "/late":
        return apologise(start_response, [b""])
    if path == "/read":
        return [body.read(int(environ.get("CONTENT_LENGTH") or 13))]
    if path == "/past":
        return [body.read(9), *body]
    if path == "/readline":
        return [body.readline(3)]
    if path == "/slow":
        BEGUN.touch()
        time.sleep(2)
    if path == "/closed":
        return [was_closed()]
    return {
        "/str": ["tea"],
        "/length": [b"123456"],
        "/fail": Failing(),
        "/header": [environ.get("HTTP_X_TEA", "").encode()],
        "/method": [environ["REQUEST_METHOD"].encode()],
    }.get(path, [b"tea"])


def apologise(start_response, blocks):
    """Yield `blocks`, then change one's mind about the status."""
    yield from blocks
    try:
        raise KeyError("on purpose")
    except KeyError:
        start_response("503 Sorry", [TEXT], sys.exc_info())
    yield b"sorry"


class Failing:
    """A body that fails after a block; a file tells that it was closed."""

    def __iter__(self):
        CLOSED.unlink(missing_ok=True)
        yield b"tea"
        raise KeyError("on purpose")

    def close(self):
        CLOSED.touch()


def was_closed():
    """Return b"closed", or b"open" if it is not so within a second."""
    deadline = time.monotonic() + 1
    while not CLOSED.exists():
        if time.monotonic() > deadline:
            return b"open"
        time.sleep(0.01)
    return b"closed"


def get(path, *fields, method="GET"):
    """Return a request for `path` with more header `fields`, as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close"]
    return "\r\n".join([*lines, *fields, "", ""]).encode()


def post(path, *fields):
    return get(path, *fields, method="POST")


# Name: what is sent, in parts, and what may come, a word and a pattern for
# the answer. The first pattern that fits gives the word.
PROBES = {
    "str": (
        [get("/str")],
        {"ok": "500 .*", "cut off": ".* CUT OFF", "empty": "200 .*\n\n"},
    ),
    "line end": (
        [get("/line-end")],
        {"ok": "500 .*", "two lines": "200 .*\nX-Admin: yes\n.*"},
    ),
    "twice": ([get("/twice")], {"ok": "500 .*", "taken": "200 .*tea"}),
    "6 for 3": (
        [get("/length")],
        {
            "ok": "200 .*\n\n123",
            "all 6": "200 .*123456",
            "2 answers": "500 .*200 OK.*",
        },
    ),
    "hop": (
        [get("/hop")],
        {
            "ok": "500 .*",
            "passed": ".*\nKeep-Alive: .*",
            "dropped": "200 .*",
        },
    ),
    "first": ([get("/first")], {"ok": "503 .*sorry", "no body": "503 .*"}),
    "late": ([get("/late")], {"ok": "503 .*sorry", "200": "200 .*"}),
    "fails": (
        [get("/fail")],
        {"ok": "200 .*tea CUT OFF", "looks whole": "200 .*tea"},
    ),
    "close()": ([get("/closed")], {"ok": "200 .*closed", "no": "200 .*"}),
    "readline": (
        [post("/readline", "Content-Length: 8") + b"mint tea"],
        {"ok": "200 .*\n\nmin", "all 8": "200 .*\n\nmint tea"},
    ),
    "past end": (
        [post("/past", "Content-Length: 3") + b"tea"],
        {"ok": "200 .*\n\ntea", "hangs": "HANGS.*"},
    ),
    "chunks": (
        [post("/read", "Transfer-Encoding: chunked") + CHUNKS],
        {"ok": ".*\n\ntea", "raw": ".*\n\n3\ntea\n0.*", "empty": ".*"},
    ),
    "100": (
        [
            post("/read", "Content-Length: 3", "Expect: 100-continue"),
            b"tea",
        ],
        {"ok": "100 .*200 .*tea", "none": "200 .*tea"},
    ),
    "Date": ([get("/")], {"ok": "200 .*\nDate: .*", "none": "200 .*"}),
    "HEAD": (
        [get("/", method="HEAD")],
        {"ok": "200 .*\n\n( CUT OFF)?", "a body": "200 .*tea"},
    ),
    "repeated": (
        [get("/header", "X-Tea: mint", "X-Tea: rose")],
        {"ok": "200 .*mint, ?rose", "the last": "200 .*rose"},
    ),
    "brew": (
        [get("/method", method="brew")],
        {"ok": "200 .*brew", "refused": "400 .*"},
    ),
}


def words(server):
    """Put all PROBES to a running server; return name: word, a dict.

    The word is "ok", or says what came instead; "?" is an answer that
    nobody expected.
    """
    url = urlsplit(server.url)
    found = {}
    for name, (parts, patterns) in PROBES.items():
        reply = plain(talk((url.hostname, url.port), parts))
        fits = (w for w, p in patterns.items() if matches(p, reply))
        found[name] = next(fits, "?")
    return found


def matches(pattern, reply):
    return re.fullmatch(pattern, reply, re.DOTALL)


def talk(address, parts):
    """Send `parts`, each when an answer to the one before has come.

    Returns all that came until the server closed the connection, as str,
    or "HANGS" if it did not in time.
    """
    answers = []
    with (
        contextlib.suppress(ConnectionError),  # an end without good-byes
        socket.create_connection(address, timeout=PATIENCE) as client,
    ):
        for part in parts[:-1]:
            client.sendall(part)
            with contextlib.suppress(TimeoutError):
                answers.append(client.recv(65536))
        client.sendall(parts[-1])
        try:
            while answer := client.recv(65536):
                answers.append(answer)
        except TimeoutError:
            return "HANGS"
    return b"".join(answers).decode("latin-1")


def plain(reply):
    """Return `reply` without versions, chunk sizes and carriage returns.

    It ends with " CUT OFF" if a client would notice that a part lacks.
    """
    reply = re.sub(r"HTTP/1\.[01] ", "", reply)
    head, _, body = reply.partition("\r\n\r\n")
    while head.endswith("100 Continue"):
        more, _, body = body.partition("\r\n\r\n")
        head += "\n\n" + more
    whole = True
    if "Transfer-Encoding: chunked" in head:
        whole = body.endswith("0\r\n\r\n")
        body = re.sub(r"[0-9A-Fa-f]+\r\n(.*?)\r\n", r"\1", body)
    elif length := re.search(r"Content-[Ll]ength: (\d+)", head):
        whole = len(body) >= int(length[1])
    reply = f"{head}\n\n{body}".replace("\r\n", "\n")
    return reply if whole else f"{reply} CUT OFF"
