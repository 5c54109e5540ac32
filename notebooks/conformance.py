"""What does a server do when somebody breaks a rule? It is asked here.

The file is two things. Its `app` does what the path says, right or wrong;
chapter 11 puts it before servers under the name `wsgi.py`. In a notebook,
`passed_cases` (chapter 05) and `ask_questions` (chapter 11) put what
stands in the two tables to a running server, over plain sockets.
"""

import contextlib
import re
import socket
import sys
import tempfile
import time
from pathlib import Path

TEXT = ("Content-Type", "text/plain")
BEGUN = Path(tempfile.gettempdir(), "begun")  # one for all workers
CLOSED = Path(tempfile.gettempdir(), "closed")
PATIENCE = 2.5  # seconds until we say "hangs"; uWSGI gives up after 4


# The app.


def app(environ, start_response):
    """Do what the path says, right or wrong."""
    path, body = environ["PATH_INFO"], environ.get("wsgi.input")
    status = "204 No Content" if path == "/empty" else "200 OK"
    headers = {
        "/line-end": [TEXT, ("X-Name", "Ada\r\nX-Admin: yes")],
        "/length": [TEXT, ("Content-Length", "3")],
        "/hop": [TEXT, ("Keep-Alive", "timeout=5")],
        "/empty": [],
    }.get(path, [TEXT])
    if path == "/twice":
        start_response(status, headers)
    write = start_response(status, headers)
    if path == "/write":
        write(b"first ")
    if path == "/raise":
        raise KeyError("on purpose")
    if path == "/slow":
        BEGUN.touch()
        time.sleep(4)  # a busy machine may be late with its signal
    length = int(environ.get("CONTENT_LENGTH") or len(CHUNKS))
    answers = {
        "/str": lambda: ["tea"],
        "/length": lambda: [b"123456"],
        "/empty": lambda: (),
        "/two": lambda: iter([b"one", b"two"]),
        "/first": lambda: change_mind(start_response, []),
        "/late": lambda: change_mind(start_response, [b""]),
        "/close": lambda: Body(fails=False),
        "/fail": lambda: Body(fails=True),
        "/closed": lambda: [was_closed()],
        "/body": lambda: [body.read()],
        "/read": lambda: [body.read(length)],
        "/past": lambda: [body.read(9), *body],
        "/readline": lambda: [body.readline(3)],
        "/environ": lambda: [faults(environ).encode() or b"good"],
        "/header": lambda: [environ.get("HTTP_X_TEA", "").encode()],
        "/method": lambda: [environ["REQUEST_METHOD"].encode()],
        "/name": lambda: [path.encode("latin-1")],
    }
    return answers.get(path, lambda: [b"tea"])()


def change_mind(start_response, blocks):
    """Yield `blocks`, then change one's mind about the status."""
    yield from blocks
    try:
        raise KeyError("on purpose")
    except KeyError:
        start_response("503 Sorry", [TEXT], sys.exc_info())
    yield b"sorry"


class Body:
    """A block, then perhaps a failure; a file tells that it was closed."""

    def __init__(self, fails):
        self.fails = fails

    def __iter__(self):
        CLOSED.unlink(missing_ok=True)
        yield b"tea"
        if self.fails:
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


def faults(environ):
    """Return what is wrong with `environ`, as a str; empty: nothing."""
    names = "REQUEST_METHOD PATH_INFO SERVER_NAME SERVER_PORT"
    strings = map(environ.get, [*names.split(), "SERVER_PROTOCOL"])
    checks = {
        "dict": type(environ) is dict,
        "version": environ.get("wsgi.version") == (1, 0),
        "scheme": environ.get("wsgi.url_scheme") == "http",
        "strings": all(type(each) is str for each in strings),
        "errors": hasattr(environ.get("wsgi.errors"), "write"),
        "header": environ.get("HTTP_X_TEA") == "mint",
        "flags": "wsgi.multithread" in environ,
    }
    return " ".join(name for name, good in checks.items() if not good)


# What is asked. An answer is compared as `plain` returns it.


def get(path, *fields, method="GET"):
    """Return a request for `path` with more header `fields`, as bytes."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x", "Connection: close"]
    return "\r\n".join([*lines, *fields, "", ""]).encode()


def post(path, body, *fields):
    """Return a request that sends `body` (bytes) to `path`."""
    return get(path, *fields, method="POST") + body


CHUNKS = b"3\r\ntea\r\n0\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"
TWO_CHUNKS = b"2\r\nte\r\n1\r\na\r\n0\r\n\r\n"
THREE = "Content-Length: 3"
EXPECT = "Expect: 100-continue"
HEAD_ONLY = "200 .*\n\n( CUT OFF)?"  # it may announce the length

# Name: what is sent, and a pattern for the answer of a good server.
CASES = {
    "answers": (get("/"), "200 .*\n\ntea"),
    "environ": (get("/environ", "X-Tea: mint"), "200 .*\n\ngood"),
    "decodes the path": (get("/n%61me"), "200 .*\n\n/name"),
    "headers wait": (get("/late"), "503 .*\n\nsorry"),
    "no second start": (get("/twice"), "500 .*"),
    "write first": (get("/write"), "200 .*\n\nfirst tea"),
    "bytes only": (get("/str"), "500 .*"),
    "one line a header": (get("/line-end"), "500 .*"),
    "hop-by-hop": (get("/hop"), "500 .*"),
    "app fails": (get("/raise"), "500 .*"),
    "iterable object": (get("/close"), "200 .*\n\ntea"),
    "has closed": (get("/closed"), "200 .*\n\nclosed"),
    "Date": (get("/"), "200 .*\nDate: .*"),
    "cuts a long body": (get("/length"), "200 .*\n\n123"),
    "HEAD": (get("/", method="HEAD"), HEAD_ONLY),
    "204": (get("/empty"), "204 .*\n\n"),
    "two blocks": (get("/two"), "200 .*\n\nonetwo"),
    "body": (post("/body", b"tea", THREE), "200 .*\n\ntea"),
    "chunked body": (post("/body", TWO_CHUNKS, CHUNKED), "200 .*\n\ntea"),
    "100-continue": (
        post("/body", b"tea", THREE, EXPECT),
        "100 .*200 .*\n\ntea",
    ),
    "two requests": (
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/"),
        "200 .*tea.*200 .*tea",
    ),
    "no Host": (
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
        "400 .*",
    ),
    "nonsense": (b"tea, please\r\n\r\n", "400 .*"),
    "space before colon": (get("/", "X-Tea : mint"), "400 .*"),
    "folded line": (get("/", "X-Tea: mint", " and more"), "400 .*"),
    "bare line feed": (b"GET / HTTP/1.1\nHost: x\n\n", "400 .*"),
    "two lengths": (post("/body", b"tea", THREE, THREE), "400 .*"),
    "odd length": (post("/body", b"tea", "Content-Length: +3"), "400 .*"),
    "length and chunks": (
        post("/body", b"0\r\n\r\n", THREE, CHUNKED),
        "400 .*",
    ),
    "bad chunk": (
        post("/body", b"0x3\r\ntea\r\n0\r\n\r\n", CHUNKED),
        "400 .*",
    ),
    "endless line": (get("/" + "x" * 20_000), "4[13][41] .*"),
    "many headers": (get("/", *["X-Tea: mint"] * 2000), "4[03][01] .*"),
}

# Name: what is sent, and what may come: a word, and its pattern. The first
# pattern that fits gives the word.
QUESTIONS = {
    "str": (
        get("/str"),
        {"ok": "500 .*", "cut off": ".* CUT OFF", "empty": "200 .*\n\n"},
    ),
    "line end": (
        get("/line-end"),
        {"ok": "500 .*", "two lines": "200 .*\nX-Admin: yes\n.*"},
    ),
    "twice": (get("/twice"), {"ok": "500 .*", "taken": "200 .*tea"}),
    "6 for 3": (
        get("/length"),
        {
            "ok": "200 .*\n\n123",
            "all 6": "200 .*123456",
            "2 answers": "500 .*200 OK.*",
        },
    ),
    "hop": (
        get("/hop"),
        {
            "ok": "500 .*",
            "passed": ".*\nKeep-Alive: .*",
            "dropped": "200 .*",
        },
    ),
    "first": (get("/first"), {"ok": "503 .*sorry", "no body": "503 .*"}),
    "late": (get("/late"), {"ok": "503 .*sorry", "200": "200 .*"}),
    "fails": (
        get("/fail"),
        {"ok": "200 .*tea CUT OFF", "looks whole": "200 .*tea"},
    ),
    "close()": (get("/closed"), {"ok": "200 .*closed", "no": "200 .*"}),
    "readline": (
        post("/readline", b"mint tea", "Content-Length: 8"),
        {"ok": "200 .*\n\nmin", "all 8": "200 .*\n\nmint tea"},
    ),
    "past end": (
        post("/past", b"tea", THREE),
        {"ok": "200 .*\n\ntea", "hangs": "HANGS.*"},
    ),
    "chunks": (
        post("/read", CHUNKS, CHUNKED),
        {"ok": ".*\n\ntea", "raw": ".*\n\n3\ntea\n0.*", "empty": ".*"},
    ),
    "100": (
        post("/read", b"tea", THREE, EXPECT),
        {"ok": "100 .*200 .*tea", "none": "200 .*tea"},
    ),
    "Date": (get("/"), {"ok": "200 .*\nDate: .*", "none": "200 .*"}),
    "HEAD": (
        get("/", method="HEAD"),
        {"ok": HEAD_ONLY, "a body": "200 .*tea"},
    ),
    "repeated": (
        get("/header", "X-Tea: mint", "X-Tea: rose"),
        {"ok": "200 .*mint, ?rose", "the last": "200 .*rose"},
    ),
    "brew": (
        get("/method", method="brew"),
        {"ok": "200 .*brew", "refused": "400 .*"},
    ),
}


# Who asks. `server` is a Server of serving.py, with our app.


def passed_cases(server):
    """Return the names of the CASES that a running server passes."""
    return [
        name
        for name, (request, pattern) in CASES.items()
        if fits(pattern, patient_reply(server, request))
    ]


def ask_questions(server):
    """Put all QUESTIONS to a running server; return name: word, a dict.

    The word is "ok", or says what came instead; "?" is an answer that
    nobody expected.
    """
    found = {}
    for name, (request, patterns) in QUESTIONS.items():
        reply = patient_reply(server, request)
        words = (word for word in patterns if fits(patterns[word], reply))
        found[name] = next(words, "?")
    return found


def fits(pattern, reply):
    return re.fullmatch(pattern, reply, re.DOTALL)


def patient_reply(server, request):
    """As `reply_to`, but ask again if it hangs: it, or a busy machine?"""
    reply = reply_to(server, request)
    return reply_to(server, request) if reply == "HANGS" else reply


def reply_to(server, request):
    """Send `request`, bytes; return what comes until the server closes, as
    `plain` has it, or "HANGS" if our PATIENCE ends before.

    With EXPECT, the body waits as long for an answer to the head.
    """
    head, end, body = request.partition(b"\r\n\r\n")
    answer = b""
    with (
        contextlib.suppress(ConnectionError),  # an end without good-byes
        socket.create_connection(server.address, PATIENCE) as client,
    ):
        if EXPECT.encode() in head:
            client.sendall(head + end)
            with contextlib.suppress(TimeoutError):
                answer = client.recv(65536)
            request = body
        client.sendall(request)
        try:
            while part := client.recv(65536):
                answer += part
        except TimeoutError:
            return "HANGS"
    return plain(answer.decode("latin-1"))


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
        data, size = "", 1
        while size and (line := re.match(r"[0-9A-Fa-f]+\r\n", body)):
            size, body = int(line[0], 16), body[line.end() :]
            data, body = data + body[:size], body[size + 2 :]
        whole, body = size == 0, data + body
    elif length := re.search(r"Content-[Ll]ength: (\d+)", head):
        whole = len(body) >= int(length[1])
    reply = f"{head}\n\n{body}".replace("\r\n", "\n")
    return reply if whole else f"{reply} CUT OFF"
