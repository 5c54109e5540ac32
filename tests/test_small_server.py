"""The WSGI server of chapter 05: on the wire, by the PEP, as processes.

Numbers in brackets are the items of PEP 3333, counted from its start, that
bind a server.
"""

import contextlib
import json
import re
import select
import signal
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from notebooks.serving import run, serve, start, wait_until
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
COMMAND = "python -m small_server --bind 127.0.0.1:0 --workers 2"

# One behaviour, one path. What it does besides its answer is in the log.
APPS = '''
import json, os, sys, time
from wsgiref.validate import validator
from werkzeug.middleware.lint import LintMiddleware
from my_flask_app import app as flask_app

strict = validator(flask_app)
linted = LintMiddleware(flask_app)
TEXT = [("Content-Type", "text/plain")]


class Blocks:
    """An iterable that tells of each step, and has no other attribute."""

    def __init__(self, name, blocks):
        self.name, self.blocks = name, iter(blocks)

    def __iter__(self):
        return self

    def __next__(self):
        log(self.name, "next")
        block = next(self.blocks)
        if isinstance(block, BaseException):
            raise block
        return block

    def close(self):
        log(self.name, "close")

    def __getattr__(self, name):
        log(self.name, "asked for", name)
        raise AttributeError(name)


def log(*words):
    line = " ".join(map(str, words)) + chr(10)
    sys.stdout.write(line)  # at once: print would mix the threads' lines
    sys.stdout.flush()


def app(environ, start):
    path = environ["PATH_INFO"]
    log("called", path)
    name = path[1:].replace("/", "_").replace("-", "_")
    function = globals().get(f"app_{name}", app_environ)
    return function(environ, start)


def app_hello(environ, start):
    start("200 OK", [*TEXT, ("Content-Length", "5")])
    return [b"Hello"]


def app_environ(environ, start):
    """All that the environ says, and the body."""
    told = {k: v for k, v in environ.items() if type(v) is str}
    told["body"] = environ["wsgi.input"].read().decode("latin-1")
    told["end"] = repr(environ["wsgi.input"].read(1))
    told["type"] = type(environ).__name__
    told["others"] = sorted(set(environ) - set(told))
    names = "multithread", "multiprocess", "run_once"
    told["multi"] = [environ[f"wsgi.{name}"] for name in names]
    told["version"] = repr(environ["wsgi.version"])
    start("200 OK", list(TEXT))
    return [json.dumps(told).encode()]


def app_input(environ, start):
    """Each way to read."""
    file = environ["wsgi.input"]
    got = [file.readline(2), file.readline(), file.readlines(1)]
    got += [next(iter(file)), file.read(2), file.read(), file.read(9)]
    environ["wsgi.errors"].write("snow \\u2603\\n")
    environ["wsgi.errors"].writelines(["a", "b\\n"])
    environ["wsgi.errors"].flush()
    environ.clear()  # an app may
    start("200 OK", list(TEXT))
    return [repr(got).encode()]


def app_write(environ, start):
    write = start("200 OK", list(TEXT))
    write(b"first ")
    write(b"")
    return [b"second"]


def app_late(environ, start):
    """start_response only when the first block is asked for."""
    def blocks():
        start("200 OK", list(TEXT))
        yield b""
        yield b"late"
    return blocks()


def app_change(environ, start):
    """After an empty block another status."""
    start("200 OK", list(TEXT))
    yield b""
    try:
        raise ValueError("changed my mind")
    except ValueError:
        start("503 Oh", [*TEXT, ("X-New", "1")], sys.exc_info())
    yield b"sorry"


def app_change_too_late(environ, start):
    start("200 OK", list(TEXT))
    yield b"begun"
    try:
        raise ValueError("too late")
    except ValueError:
        start("503 Oh", list(TEXT), sys.exc_info())
    yield b"never"


def app_twice(environ, start):
    start("200 OK", list(TEXT))
    start("200 OK", list(TEXT))
    return [b"never"]


def app_twice_after_a_bad_one(environ, start):
    try:
        start("bad", list(TEXT))
    except Exception:
        start("200 OK", list(TEXT))
    return [b"never"]


def app_mended(environ, start):
    try:
        start("bad", list(TEXT))
    except Exception:
        start("500 Mended", list(TEXT), sys.exc_info())
    return [b"mended"]


def app_never_started(environ, start):
    return [b"never"]


def app_bad(environ, start):
    """A status and headers as the query says."""
    from urllib.parse import unquote
    query = unquote(environ["QUERY_STRING"])
    status, headers = eval(query)
    start(status, headers)
    return [b"never"]


def app_returns(environ, start):
    start("200 OK", list(TEXT))
    return {"none": None, "str": ["text"], "int": [1], "empty": [],
            "blank": [b""], "one": [b"one"], "two": (b"t", b"wo"),
            "bytearray": [bytearray(b"x")],
            "lines": [b"\\r\\n\\n"]}[environ["QUERY_STRING"]]


def app_raises(environ, start):
    raise {"error": ValueError, "exit": SystemExit, "os": OSError,
           "key": KeyboardInterrupt}[environ["QUERY_STRING"]]("at once")


def app_raises_midway(environ, start):
    start("200 OK", list(TEXT))
    return Blocks("midway", [b"begun", ValueError("midway")])


def app_raises_first(environ, start):
    start("200 OK", list(TEXT))
    return Blocks("first", [b"", ValueError("first")])


def app_raises_in_close(environ, start):
    class Bad(list):
        def close(self):
            raise ValueError("in close")
    start("200 OK", [*TEXT, ("Content-Length", "4")])
    return Bad([b"done"])


def app_blocks(environ, start):
    start("200 OK", list(TEXT))
    return Blocks("blocks", [b"a", b"", b"b"])


def app_endless(environ, start):
    start("200 OK", list(TEXT))
    return Blocks("endless", iter(lambda: b"x" * 99999, 0))


def app_more(environ, start):
    start("200 OK", [*TEXT, ("CONTENT-length", "3")])
    return Blocks("more", [b"ab", b"cd", b"ef"])


def app_more_written(environ, start):
    write = start("200 OK", [*TEXT, ("Content-Length", "3")])
    write(b"abcd")
    return []


def app_less(environ, start):
    start("200 OK", [*TEXT, ("Content-Length", "9")])
    return [b"abc"]


def app_status(environ, start):
    start(f"{environ['QUERY_STRING']} Status", [])
    return [b"body"]


def app_own(environ, start):
    start("200 OK", [("Date", "today"), ("server", "me"), ("A", "\\xe9"),
                     ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
    return [b"x"]


def app_file(environ, start):
    file = open(__file__, "rb")
    file.seek(1)
    start("200 OK", list(TEXT))
    return environ["wsgi.file_wrapper"](file, 10)


def app_slow(environ, start):
    time.sleep(float(environ["QUERY_STRING"]))
    start("200 OK", list(TEXT))
    return [str(os.getpid()).encode()]


def app_drip(environ, start):
    """Wait between two blocks until the test has seen the first."""
    start("200 OK", list(TEXT))
    yield b"now"
    seen = os.path.join(os.environ["TMPDIR"], "seen")
    end = time.monotonic() + 4
    while not os.path.exists(seen) and time.monotonic() < end:
        time.sleep(0.01)
    yield b"later" if os.path.exists(seen) else b"in vain"
'''

# An app whose workers end as soon as they are forked.
DIES = """import os
os.register_at_fork(after_in_child=lambda: os._exit(1))
app = print
"""


def connect(server):
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=5)


def ask(server, *parts, end=False):
    """Send the parts, one after the other; return all that comes back
    until the server closes the connection."""
    with connect(server) as client:
        for part in parts:
            client.sendall(part)
            if len(parts) > 1:
                time.sleep(0.001)
        if end:
            client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


def get(server, path, method="GET", version="1.1", *fields):
    """Ask for a path; return the status, the fields, and the raw body."""
    lines = [f"{method} {path} HTTP/{version}", "Host: a", *fields]
    lines += ["Connection: close", "", ""]
    return split(ask(server, "\r\n".join(lines).encode("latin-1")))


def split(answer):
    head, _, body = answer.decode("latin-1").partition("\r\n\r\n")
    status, *lines = head.split("\r\n")
    assert status.startswith("HTTP/1.1 "), answer
    return status[9:], [line.lower() for line in lines], body


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("apps")
    (folder / "apps.py").write_text(APPS)
    (folder / "broken.py").write_text("1 / 0")
    (folder / "dies.py").write_text(DIES)
    return folder


@pytest.fixture(scope="module")
def server(root, folder):
    command = f"PYTHONPATH='{folder}' {COMMAND} apps:app"
    with serve(command) as server:
        wait_until(lambda: len(server.workers) == 2)
        yield server
        wait_until(server.answers)


POST = b"POST /refused HTTP/1.1\r\nHost: a\r\n"
GET = b"GET /refused HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
END = b"\r\n\r\n"


def cases(template, variants):
    """The template with each of the variants, which a | separates."""
    return [template.replace(b"%", one) for one in variants.split(b"|")]


LENGTHS = (
    b"+5|-5|-0|5, 5|5,5|0x5|5_0|5 5||five|5.0|5;|\xb2|\xd9\xa5|'5'|1e1"
)
SIZES = (
    b"+5|-5|0x5|5_|_5| 5|5 |\t5||g|;a|4|6|5,a|5 a|5\n|5;|5;=a|5;a=|5;a b"
)
SIZES += b'|5;a=\0|5;a=\x7f|5;a=b\rc|5;a\n|5;a="|5;a="b"c|5;a=="b"|5;\xe9'
TRAILERS = (
    b"Content-Length: 5|Host: b|Transfer-Encoding: chunked|a b: c|: c"
)
TRAILERS += b"|a : b| folded|a: \0|nothing|a: b\n|a: b\rc"
NAMES = b"A |A\t|A B||A\0|A\xe9|A,|A/"
NAMES += b"|[A]|A=|{A}|A@|A\x7f|(A)|A;B|'A\"|A\r|\rA|A\\"
HOSTS = (
    b"a b|a/b|a@b|a,b|a:b|a:1:2|http://a|[::1|::1|[]|a\\b|a?b|a#b|\xe9|:80"
)
HOSTS += b"|<a>|'a\"|a:123456|a:+1|[a]|a\tb"
LINES = rb"GET|GET /refused|GET  /refused HTTP/1.1|GET /refused  HTTP/1.1"
LINES += (
    b"| GET /refused HTTP/1.1|GET /refused HTTP/1.1 |GET\t/a\tHTTP/1.1"
)
LINES += (
    b"|GET /ref used HTTP/1.1|GET /refused http/1.1|GET /refused HTTP/1"
)
LINES += b"|GET /refused HTTP/1.10|GET /refused HTTP/11.1|GET /a HTTP/+1.1"
LINES += (
    b"|GET /refused HTTP/1.x|GET /refused HTTP 1.1|GET /refused FTP/1.1"
)
LINES += b"|GET HTTP/1.1|/refused|GET: /refused HTTP/1.1|G(T / HTTP/1.1|\0"
LINES += (
    b"|get /refused HTTP/1.1|G\xcbT /refused HTTP/1.1|GET\0 / HTTP/1.1"
)
LINES += (
    b"|GET /ref\0 HTTP/1.1|GET /ref\x7f HTTP/1.1|GET /ref\x0b HTTP/1.1"
)
LINES += b"|GET refused HTTP/1.1|GET a:80 HTTP/1.1|GET * HTTP/1.1|\r"
LINES += b"|OPTIONS ** HTTP/1.1|XOPTIONS * HTTP/1.1|GET ?a HTTP/1.1|GET\n/"
LINES += (
    b"|CONNECT /refused HTTP/1.1|CONNECT * HTTP/1.1|CONNECT a HTTP/1.1"
)
LINES += b"|CONNECT http://a/ HTTP/1.1|CONNECT a:b HTTP/1.1|GET # HTTP/1.1"
LINES += (
    b"|CONNECT :80 HTTP/1.1|GET http:///refused HTTP/1.1|GET /\r HTTP/1.1"
)
LINES += (
    b"|GET http:// HTTP/1.1|GET ftp://a/refused HTTP/1.1|\x16\x03\x01\2\0"
)
LINES += (
    b"|GET http:a HTTP/1.1|GET http://[a/ HTTP/1.1|GET http://a:b HTTP/1.1"
)
LINES += (
    b"|GET /a#\0 HTTP/1.1|GET http://u@ HTTP/1.1|GET https//a HTTP/1.1"
)
LINES += b"|GET http://a@b@c HTTP/1.1"
LINES += "|GET /café HTTP/1.1|GET /?é HTTP/1.1|GET /#é HTTP/1.1".encode()
LINES += b"|GET /caf\xe9 HTTP/1.1|GET http://a/\xe9 HTTP/1.1"
CODINGS = (
    b"gzip|gzip, chunked|chunked, chunked|chunked, gzip|xchunked|chunke"
)
CODINGS += (
    b"|identity|identity, chunked||,chunked|chunked,|chunked;a=b|'chunked'"
)
TWICE = b"%\r\nTransfer-Encoding: chunked"
CODINGS += b"|" + b"|".join(cases(TWICE, b"chunked|gzip|identity|"))
LENGTH = b"Content-Length: 5\r\n"
BOTH = b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"
CONTROLS = b"|".join(bytes([byte]) for byte in {*range(32), 127} - {9})

REFUSED = {
    400: [
        # Where does the body end?
        POST + BOTH,
        POST + LENGTH + BOTH.replace(LENGTH, b""),
        POST + BOTH.replace(b"chunked", b"gzip"),
        POST + LENGTH + LENGTH + b"\r\nhello",
        POST + LENGTH + b"content-length: 6\r\n\r\nhello!",
        BOTH.join([POST.replace(b"1.1", b"1.0"), b""]).replace(
            LENGTH, b""
        ),
        POST + b"Content-Length: " + b"9" * 5000 + END,
        POST + b"Content-Length: 99\r\n\r\nhello",
        *cases(POST + b"Content-Length: %\r\n\r\nhello", LENGTHS),
        *cases(CHUNKED + b"%\r\nhello\r\n0\r\n\r\n", SIZES),
        *cases(
            CHUNKED + b"5\r\nhello%0\r\n\r\n", b"|\n|\r|\r\r\n|o\r\n|\n\r"
        ),
        *cases(CHUNKED + b"0\r\n%\r\n\r\n", TRAILERS),
        CHUNKED + b"0\n\n",
        CHUNKED + b"F" * 16 + b"\r\n",
        CHUNKED + b"5;a=" + b"b" * 5000 + b"\r\nhello\r\n0\r\n\r\n",
        # Lines end with CR LF, and are not folded.
        (GET + END).replace(b"\r\n", b"\n"),
        (GET + END).replace(b"\r\n", b"\r"),
        (GET + END).replace(b"\r\n", b"\n\r"),
        *cases(b"%" + GET + b"\r\n", b"\n| |\r\n\r\n|\r\n |\0"),
        *cases(
            GET + b"A: b%C: d\r\n\r\n", b"\n|\r|\r\r\n|\r\n |\r\n\t|\n\r"
        ),
        *cases(GET + b"A: b%c\r\n\r\n", CONTROLS),
        *cases(GET + b"%: b\r\n\r\n", NAMES),
        *cases(b"%\r\nHost: a\r\n\r\n", LINES),
        GET + b"no colon\r\n\r\n",
        GET + b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
        *cases(b"GET /refused HTTP/1.1\r\nHost: %\r\n\r\n", HOSTS),
        *cases(b"GET /refused HTTP/1.0\r\nHost: %\r\n\r\n", HOSTS),
        *cases(
            b"GET /refused HTTP/1.1\r\n%\r\n",
            b"|Hosts: a\r\n|A: Host: a\r\n",
        ),
        *cases(GET + b"%: a\r\n\r\n", b"Host|HOST"),
        b"GET /refused HTTP/1.0\r\nA",
    ],
    413: [
        POST + b"Content-Length: 16777217\r\nExpect: 100-continue\r\n\r\n",
        POST + b"Content-Length: %d\r\n\r\nhello" % 10**17,
        CHUNKED + b"1000001\r\n",
        CHUNKED + b"5\r\nhello\r\nFFFFFFFFFFFFFFF\r\n",
    ],
    414: [
        GET.replace(b"refused", b"a" * 4096) + b"\r\n",
        b"GET /" + b"a" * 200_000,
    ],
    417: [POST + b"Expect: 200-ok\r\n" + LENGTH + b"\r\nhello"],
    431: [
        GET + b"A: " + b"b" * 8190 + END,
        GET + b"A: " + b"b" * 200_000,
        GET + b"A: b\r\n" * 100 + b"\r\n",
        CHUNKED + b"0\r\n" + b"A: b\r\n" * 101 + b"\r\n",
    ],
    501: cases(POST + b"Transfer-Encoding: %\r\n\r\n0\r\n\r\n", CODINGS),
    505: cases(GET.replace(b"1.1", b"%") + b"\r\n", b"2.0|0.9|3.1|9.9"),
}
CASES = [(status, case) for status in REFUSED for case in REFUSED[status]]


@pytest.mark.parametrize(
    ("status", "case"), CASES, ids=[repr(case)[-40:] for _, case in CASES]
)
def test_refused(server, status, case):
    """The right status, a closed connection; the app is not called."""
    answer = ask(server, case, GET, end=True)
    assert answer.startswith(b"HTTP/1.1 %d " % status), answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer
    assert "called /refused" not in server.log


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\n\r"])
def test_refused_at_once(server, end):
    """The server does not wait for an end of line that never comes."""
    began = time.monotonic()
    answer = ask(server, (GET + END).replace(b"\r\n", end))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert time.monotonic() - began < 4


def parsed(server, *parts):
    """Send one request; return what the app has seen of it."""
    status, _, body = split(ask(server, *parts, end=True))
    assert status == "200 OK", (status, body)
    return json.loads(body)


ENVIRON = b"GET /environ HTTP/1.1\r\nHost: a\r\n"
BODY = (
    b"POST /environ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
)
BODY += b"Connection: close\r\n\r\n"

ACCEPTED = [
    (ENVIRON + b"\r\n", {"HTTP_HOST": "a", "PATH_INFO": "/environ"}),
    (b"\r\n" + ENVIRON + b"\r\n", {"REQUEST_METHOD": "GET"}),
    (ENVIRON + b"A:\t b \t\r\n\r\n", {"HTTP_A": "b"}),
    (ENVIRON + b"A: \t\r\n\r\n", {"HTTP_A": ""}),
    (ENVIRON + b"A: b\tc: d\r\n\r\n", {"HTTP_A": "b\tc: d"}),
    (ENVIRON + b"A: caf\xc3\xa9\r\n\r\n", {"HTTP_A": "cafÃ©"}),
    (ENVIRON + b"a: 1\r\nA: 2\r\n\r\n", {"HTTP_A": "1,2"}),
    (ENVIRON + b"Cookie: a\r\nCookie: b\r\n\r\n", {"HTTP_COOKIE": "a; b"}),
    (ENVIRON + b"X-A.b|c~: d\r\n\r\n", {"HTTP_X_A.B|C~": "d"}),
    (ENVIRON + b"A-B: c\r\nA_B: forged\r\n\r\n", {"HTTP_A_B": "c"}),
    (
        ENVIRON + b"Transfer_Encoding: gzip\r\nA: b\r\n\r\n",
        {"HTTP_A": "b"},
    ),
    (ENVIRON + b"A: b\r\n" * 99 + b"\r\n", {"HTTP_A": ",".join("b" * 99)}),
    (ENVIRON + b"A: " + b"b" * 8185 + END, {"HTTP_A": "b" * 8185}),
    (ENVIRON + b"Content-Type: a/b\r\n\r\n", {"CONTENT_TYPE": "a/b"}),
    (
        b"GET /environ" + b"/" * 4000 + b" HTTP/1.1\r\nHost:\r\n\r\n",
        {"PATH_INFO": "/environ" + "/" * 4000, "HTTP_HOST": ""},
    ),
    *(
        (
            b"GET %b HTTP/1.1\r\nHost: b\r\n\r\n" % target,
            {"PATH_INFO": path, "QUERY_STRING": query, "HTTP_HOST": host},
        )
        for target, path, query, host in (
            (
                b"/caf%C3%A9%20/%2F?a=%20&b=?",
                "/cafÃ© //",
                "a=%20&b=?",
                "b",
            ),
            (b"/%zz%", "/%zz%", "", "b"),
            (b'/"<|>{}\\^`', '/"<|>{}\\^`', "", "b"),
            (b"//a//b/../c?", "//a//b/../c", "", "b"),
            (b"/a?b#c?d", "/a", "b", "b"),
            (b"http://a/b?c", "/b", "c", "a"),
            (b"HTTPS://A.b:8080?c", "/", "c", "A.b:8080"),
            (b"http://user:word@a", "/", "", "a"),
            (b"http://[::1]:80/b", "/b", "", "[::1]:80"),
            (b"/http://a/b", "/http://a/b", "", "b"),
        )
    ),
    *(
        (ENVIRON[:-3] + host + END, {"HTTP_HOST": host.decode()})
        for host in (
            b"a.b-c",
            b"a:80",
            b"1.2.3.4:5",
            b"[::1]:80",
            b"a%2Db",
        )
    ),
    (
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
        {"REQUEST_METHOD": "OPTIONS", "PATH_INFO": "*"},
    ),
    (
        b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
        {"REQUEST_METHOD": "CONNECT", "PATH_INFO": "a:443"},
    ),
    (
        b"M-SEARCH!1 /environ HTTP/1.1\r\nHost: a\r\n\r\n",
        {"REQUEST_METHOD": "M-SEARCH!1"},
    ),
    (
        b"GET /environ HTTP/1.0\r\n\r\n",
        {"SERVER_PROTOCOL": "HTTP/1.0", "HTTP_HOST": None, "body": ""},
    ),
    (
        b"GET /environ HTTP/1.2\r\nHost: a\r\n\r\n",
        {"SERVER_PROTOCOL": "HTTP/1.2"},
    ),
    (
        b"POST /environ HTTP/1.0\r\nContent-Length: 005\r\n\r\nhello",
        {"CONTENT_LENGTH": "005", "body": "hello", "end": "b''"},
    ),
    (
        ENVIRON + b"Content-Length: 0\r\n\r\n",
        {"CONTENT_LENGTH": "0", "body": "", "end": "b''"},
    ),
    (
        ENVIRON + b"Content-Length: 300000\r\n\r\n" + b"\r\n" * 150_000,
        {"CONTENT_LENGTH": "300000", "body": "\r\n" * 150_000},
    ),
    *(
        (
            BODY + chunks,
            {
                "body": "hello, world",
                "CONTENT_LENGTH": "12",
                "HTTP_TRANSFER_ENCODING": None,
                "end": "b''",
            },
        )
        for chunks in (
            b"5\r\nhello\r\n7\r\n, world\r\n" + LAST,
            b"c\r\nhello, world\r\n" + LAST,
            b"000C\r\nhello, world\r\n000" + END,
            b"C;a\r\nhello, world\r\n0;b=c" + END,
            b'C ; a = "b;\\"\xe9" ;c\r\nhello, world\r\n' + LAST,
            b"C\r\nhello, world\r\n0\r\nA: b\r\nContent-Type: c\r\n\r\n",
        )
    ),
    (
        BODY.replace(b"chunked", b"Chunked") + LAST,
        {"body": "", "CONTENT_LENGTH": "0"},
    ),
]


@pytest.mark.parametrize(
    ("case", "expected"),
    ACCEPTED,
    ids=[repr(c)[-40:] for c, _ in ACCEPTED],
)
def test_accepted(server, case, expected):
    """The app sees what was meant, however it arrives."""
    for parts in (
        [case],
        [case[:9], case[9:]],
        re.findall(b".{1,999}", case, re.DOTALL),
    ):
        seen = parsed(server, *parts)
        assert expected == {key: seen.get(key) for key in expected}


def test_byte_by_byte(server):
    case = BODY + b"5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n"
    parts = [bytes([byte]) for byte in case]
    assert parsed(server, *parts)["body"] == "hello"


def test_environ(server):
    """[17-23, 26-29, 31, 32]"""
    with connect(server) as client:
        client.sendall(ENVIRON + b"Connection: close\r\n\r\n")
        told = split(b"".join(iter(lambda: client.recv(65536), b"")))[2]
        port = client.getsockname()[1]
    expected = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/environ",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": server.url.rpartition(":")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "small_server",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": str(port),
        "HTTP_HOST": "a",
        "HTTP_CONNECTION": "close",
        "wsgi.url_scheme": "http",
        "body": "",
        "end": "b''",
        "type": "dict",
        "version": "(1, 0)",
        "multi": [True, True, False],
        "others": [
            *("wsgi.errors", "wsgi.file_wrapper", "wsgi.input"),
            *("wsgi.multiprocess", "wsgi.multithread", "wsgi.run_once"),
            "wsgi.version",
        ],
    }
    assert json.loads(told) == expected


def test_input_and_errors(server):
    """[16, 30, 35-39]"""
    head = b"POST /input HTTP/1.1\r\nHost: a\r\nContent-Length: 19\r\n"
    head += b"Connection: close\r\n\r\n"
    got = [b"a ", b"line\n", [b"b\n"], b"c\n", b"d\n", b"efghi\n", b""]
    answer = ask(server, head + b"a line\nb\nc\nd\nefghi\n")
    assert split(answer)[2] == repr(got)
    assert re.search(r"snow (☃|\\u2603)\nab\n", server.log)


def test_expect(server):
    """[77] 100 Continue comes once, if the body is not yet there."""
    head = b"POST /environ HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n"
    head += b"Connection: close\r\n"
    for framing, body in (
        (b"Content-Length: 5\r\n\r\n", b"hello"),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n" + LAST),
    ):
        with connect(server) as client:
            client.sendall(head + framing)
            assert client.recv(99) == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.sendall(body)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert json.loads(split(answer)[2])["body"] == "hello"
    nothing = ask(server, head + b"Content-Length: 0\r\n\r\n")
    old = head.replace(b"1.1", b"1.0") + b"Content-Length: 5\r\n\r\n"
    for answer in nothing, ask(server, old, b"hello"):
        assert split(answer)[0] == "200 OK"


def test_keep_alive_and_pipelining(server):
    request = b"GET /hello HTTP/1.%d\r\nHost: a\r\n%b\r\n"
    for minor, option in (1, b""), (0, b"Connection: Keep-Alive\r\n"):
        with connect(server) as client:
            for _ in range(3):
                client.sendall(request % (minor, option))
                answer = split(client.recv(65536))
                assert answer[2] == "Hello"
                assert ("connection: keep-alive" in answer[1]) == (
                    not minor
                )
            client.sendall(request % (1, b"") * 2)
            client.sendall(request % (1, b"Connection: a , Close\r\n") * 2)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
            assert answer.count(b"Hello") == 3
            assert answer.count(b"Connection: close") == 1
    for last in request % (0, b""), b"CONNECT a:1" + GET[12:] + b"\r\n":
        assert ask(server, last).count(b"Connection: close") == 1


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/write", "200 OK", "6\r\nfirst \r\n6\r\nsecond\r\n0\r\n\r\n"),
        ("/late", "200 OK", "4\r\nlate\r\n0\r\n\r\n"),
        ("/change", "503 Oh", "5\r\nsorry\r\n0\r\n\r\n"),
        ("/mended", "500 Mended", "mended"),
        ("/returns?empty", "200 OK", ""),
        ("/returns?blank", "200 OK", ""),
        ("/returns?one", "200 OK", "one"),
        ("/returns?two", "200 OK", "1\r\nt\r\n2\r\nwo\r\n0\r\n\r\n"),
        ("/returns?lines", "200 OK", "\r\n\n"),
        ("/change-too-late", "200 OK", "5\r\nbegun\r\n"),
        ("/raises-midway", "200 OK", "5\r\nbegun\r\n"),
        ("/raises-in-close", "200 OK", "done"),
        ("/more", "200 OK", "abc"),
        ("/more-written", "200 OK", "abc"),
        ("/less", "200 OK", "abc"),
        ("/status?204", "204 Status", ""),
        ("/status?304", "304 Status", ""),
    ],
)
def test_answers(server, path, status, body):
    """[3, 9, 11, 53-57, 61-63, 65, 66, 70]"""
    got, fields, text = get(server, path)
    assert (got, text) == (status, body)
    lengths = [f for f in fields if f.startswith("content-length: ")]
    if "chunked" in " ".join(fields) or status[:3] in ("204", "304"):
        assert lengths == []
    elif "more" not in path and "less" not in path:
        assert lengths == [f"content-length: {len(body)}"]


@pytest.mark.parametrize("query", ["empty", "blank", "one", "two"])
def test_answers_to_old_clients(server, query):
    """HTTP/1.0 knows no chunks: the connection ends with the body."""
    request = f"GET /returns?{query} HTTP/1.0\r\n"
    for option in "", "Connection: keep-alive\r\n":
        answer = ask(server, f"{request}{option}\r\n".encode(), end=True)
        _, fields, body = split(answer)
        assert body == {"one": "one", "two": "two"}.get(query, "")
        assert "transfer-encoding: chunked" not in fields
        keeps = bool(option) and query != "two"
        assert ("connection: keep-alive" in fields) == keeps


BAD_STARTS = [
    *("'OK', []", "'200', []", "'200OK', []", "'200 ', []", "200, []"),
    *("'200 OK\\r\\nA: b', []", "'200 O\\nK', []", "' 200 OK', []"),
    *("'100 Continue', []", "'099 OK', []", "'200 \\u2603', []"),
    *("'2000 OK', []", "b'200 OK', []", "'200 OK\\x7f', []"),
    *(
        "'200 OK', ()",
        "'200 OK', None",
        "'200 OK', type('List', (list,), {})()",
    ),
    *("'200 OK', [('A',)]", "'200 OK', [('A', 1)]", "'200 OK', ['AB', 1]"),
    *("'200 OK', [(b'A', b'b')]", "'200 OK', [('A', 'b\\r\\nC: d')]"),
    *("'200 OK', [('A', 'b\\n')]", "'200 OK', [('A', '\\x00')]"),
    *("'200 OK', [('A', '\\u2603')]", "'200 OK', [('A:', 'b')]"),
    *("'200 OK', [('A ', 'b')]", "'200 OK', [('', 'b')]"),
    *("'200 OK', [('A\\r\\nB', 'c')]", "'200 OK', [('Ä', 'b')]"),
    *("'200 OK', [('Content-Length', '-1')]",),
    *("'200 OK', [('Content-Length', '')]",),
    *("'200 OK', [('Content-Length', '1'), ('content-length', '1')]",),
    *(
        f"'200 OK', [('{name}', 'close')]"
        for name in (
            *("Connection", "keep-alive", "TRANSFER-ENCODING", "Upgrade"),
            *(
                "TE",
                "Trailers",
                "Proxy-Authenticate",
                "Proxy-Authorization",
            ),
        )
    ),
]


@pytest.mark.parametrize("start", BAD_STARTS)
def test_bad_starts(server, start):
    """[44-51] What an app may not say, it cannot: there is a 500."""
    query = "".join(f"%{byte:02x}" for byte in start.encode())
    check_failed(server, f"/bad?{query}")


@pytest.mark.parametrize(
    "path",
    [
        *("/twice", "/twice-after-a-bad-one", "/never-started"),
        *(
            "/raises-first",
            "/returns?none",
            "/returns?str",
            "/returns?int",
        ),
        *("/returns?bytearray", "/raises?error", "/raises?exit"),
        *("/raises?os", "/raises?key"),
    ],
)
def test_failures(server, path):
    """[4, 10, 59, 76]"""
    check_failed(server, path)


def check_failed(server, path):
    """A plain page without the reason, which is in the log."""
    before = server.log.count("Traceback (most recent call last)")
    status, fields, body = get(server, path)
    assert status == "500 Internal Server Error"
    assert body == "500 Internal Server Error: the app failed\n"
    assert f"content-length: {len(body)}" in fields
    assert "connection: close" in fields
    assert server.log.count("Traceback (most recent call last)") > before


@pytest.mark.parametrize(
    "path",
    ["/hello", "/write", "/endless", "/more", "/less", "/raises?error"],
)
def test_head(server, path):
    """No body, and where it is known what GET would say of it."""
    _, fields, body = get(server, path, "HEAD")
    assert body == ""
    expected = {"/hello": "5", "/more": "3", "/less": "9"}.get(path)
    if expected:
        assert f"content-length: {expected}" in fields
    assert "transfer-encoding: chunked" not in fields


def test_fields_of_the_answer(server):
    """[3, 52, 79]"""
    _, fields, _ = get(server, "/hello")
    assert fields[0] == "content-type: text/plain"
    assert "server: small_server" in fields
    date = next(field for field in fields if field.startswith("date: "))
    assert re.fullmatch(
        r"date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} gmt", date
    )
    _, fields, _ = get(server, "/own")
    own = ["date: today", "server: me", "a: é", "set-cookie: a=1"]
    own += ["set-cookie: b=2", "content-length: 1", "connection: close"]
    assert fields == own


def test_file_wrapper(server):
    """[92-97]"""
    assert (
        get(server, "/file")[2]
        .replace("\r\n", "")[1:]
        .startswith("import")
    )


def steps(server, name):
    return [
        line for line in server.log.splitlines() if line.startswith(name)
    ]


def test_close(server):
    """[15, 71-73] Once, at the end, after an error, without a client; and
    nothing else is asked of the iterable."""
    assert get(server, "/blocks")[2] == "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
    get(server, "/raises-midway")
    assert steps(server, "blocks ") == ["blocks next"] * 4 + [
        "blocks close"
    ]
    assert steps(server, "midway ")[-1] == "midway close"
    for _ in range(2):
        before = steps(server, "endless ").count("endless close")
        with connect(server) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            client.recv(9)
        wait_until(
            lambda before=before: (
                steps(server, "endless ").count("endless close")
                == before + 1
            )
        )
    before = len(steps(server, "more "))
    get(server, "/more")
    assert steps(server, "more ")[before:] == ["more next"] * 2 + [
        "more close"
    ]
    assert "BrokenPipe" not in server.log
    assert "ConnectionReset" not in server.log


def test_no_block_waits_for_the_next(server):
    """[65]"""
    with connect(server) as client:
        client.sendall(b"GET /drip HTTP/1.1\r\nHost: a\r\n\r\n")
        while b"now" not in client.recv(999):
            pass
        Path(server.folder, "seen").touch()
        assert b"later" in client.recv(999)


def test_wrong_lengths_are_logged(server):
    """[61, 62]"""
    get(server, "/less")
    assert "6 bytes less than the Content-Length says" in server.log
    get(server, "/more-written")
    assert "more than Content-Length" in server.log


# Each run thinks up the same requests, and leaves no folder behind.
set_hypothesis_home_dir(tempfile.gettempdir())


def thinks_up(count):
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        print_blob=False,
    )


def answers_in(data):
    """Take apart what came back; return (status, body) for each answer."""
    answers = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        status = re.fullmatch(rb"HTTP/1\.1 ([1-5][0-9]{2}) [ -~]+", line)
        assert end and status, line
        pairs = [re.fullmatch(rb"([\w-]+): ([ -~]*)", f) for f in lines]
        fields = {pair[1].lower(): pair[2] for pair in pairs}
        assert len(fields) == len(lines), lines  # none comes twice
        if status[1] == b"100":
            continue
        length = int(fields[b"content-length"])
        assert len(data) >= length
        answers.append((int(status[1]), data[:length]))
        data = data[length:]
        assert not data or fields.get(b"connection") != b"close"
    return answers


GOOD = st.sampled_from([case for case, _ in ACCEPTED if len(case) < 999])
BAD = st.sampled_from([case for _, case in CASES if len(case) < 999])
BITS = (
    "\r|\n|\0| |:|\t|\xff|0|;|,|\r\n|A|/|Host: b\r\n|chunked|\r\n\r\n||-"
)
BITS += (
    "|Content-Length: 5\r\n|Transfer-Encoding: chunked\r\n| HTTP/1.1\r\n"
)
EDIT = st.tuples(
    *(st.integers(0, 999), st.integers(0, 3)),
    st.sampled_from(BITS.encode("latin-1").split(b"|")),
)


@thinks_up(1000)
@given(st.one_of(GOOD, BAD), st.lists(EDIT, max_size=4))
@example(b"\r\n\r\n", [])
def test_noise(server, case, edits):
    """Whatever comes, only well-formed answers come back, each request
    has one, a refusal is the last, and nothing fails."""
    case = bytearray(case)
    for at, size, bit in edits:
        at %= len(case) + 1
        case[at : at + size] = bit
    before = server.log
    answers = answers_in(ask(server, bytes(case), end=True))
    statuses = [status for status, _ in answers]
    new = server.log[len(before) :]
    called = new.count("called ")
    assert statuses[:called] == [200] * called
    assert len(answers) - called in (0, 1)
    assert all(status >= 400 for status in statuses[called:])
    assert "Traceback" not in new


NAME = st.from_regex(r"X-[!#$%&'*+.^`|~0-9A-Za-z-]{1,9}", fullmatch=True)
VALUE = st.text(
    st.characters(max_codepoint=255, exclude_categories=["Cc"])
    | st.just("\t"),
    max_size=20,
)
PART = st.binary(min_size=1, max_size=40)


@st.composite
def requests_of(draw):
    """A good request in bytes, and what the app should see of it."""
    method = draw(st.from_regex("[!A-Z.|~-]{1,9}", fullmatch=True))
    method = "PUT" if method in ("CONNECT", "HEAD") else method
    query = draw(st.from_regex(r'[!"$-~]{0,20}', fullmatch=True))
    fields = draw(st.dictionaries(NAME, VALUE, max_size=4))
    expected = {"REQUEST_METHOD": method, "QUERY_STRING": query}
    lines = [f"{method} /environ?{query} HTTP/1.1", "Host: a"]
    for name, value in fields.items():
        lines.append(
            f"{name}:{draw(st.sampled_from(['', ' ', '  ']))}{value}"
        )
        key = "HTTP_" + name.upper().replace("-", "_")
        value = value.strip(" \t")
        if key in expected:
            value = f"{expected[key]},{value}"
        expected[key] = value
    parts = draw(st.lists(PART, max_size=4))
    body = b"".join(parts)
    expected["body"] = body.decode("latin-1")
    expected["CONTENT_LENGTH"] = str(len(body))
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
    else:
        lines.append("transfer-encoding: Chunked")
        zeros = draw(st.sampled_from(["", "0", "000"]))
        parts = [
            f'{zeros}{len(p):X};a="b"\r\n'.encode() + p + b"\r\n"
            for p in parts
        ]
        body = b"".join(parts) + zeros.encode() + b"0\r\nA: b\r\n\r\n"
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head, body, expected


@thinks_up(200)
@given(st.lists(requests_of(), min_size=1, max_size=3), st.data())
def test_good_requests(server, requests, data):
    """The app sees what was sent, each request alone, however it comes."""
    sent = b"".join(head + body for head, body, _ in requests)
    at = data.draw(st.integers(0, len(sent)))
    answers = answers_in(ask(server, sent[:at], sent[at:], end=True))
    assert len(answers) == len(requests)
    for (status, body), (*_, expected) in zip(
        answers, requests, strict=True
    ):
        assert status == 200
        seen = json.loads(body)
        assert expected == {key: seen.get(key) for key in expected}


@thinks_up(300)
@given(
    requests_of(),
    st.integers(0, 999),
    st.sampled_from([b"\n", b"\r", b"\0", b"\x0b", b"\x7f"]),
)
def test_one_bad_byte(server, request_of, at, byte):
    """Anywhere in a head, it keeps the request from the app."""
    head, body, _ = request_of
    at %= len(head) - 1
    called = server.log.count("called ")
    answer = ask(server, head[:at] + byte + head[at:] + body, end=True)
    assert [status for status, _ in answers_in(answer)] == [400]
    assert server.log.count("called ") == called


@pytest.mark.parametrize("app", ["strict", "linted"])
def test_flask_under_an_examiner(root, folder, app):
    """Every plain route, by the rules of wsgiref and of Werkzeug."""
    command = f"PYTHONWARNINGS=always PYTHONPATH='{folder}' {COMMAND}"
    with serve(f"{command} apps:{app}") as server:
        for path in ("/", "/greet/Ada", "/greet/caf%C3%A9?a=%20", "/hits"):
            assert server.get(path).ok
        for path in ("/visits", "/slow/0", "/whoami", "/stream"):
            assert server.get(path).ok
        assert server.get("/nowhere").status_code == 404
        assert server.get("/echo").status_code == 405
        assert server.get("/", method="OPTIONS").ok
        if app == "strict":  # Werkzeug misses the body of HEAD
            head = server.get("/", method="HEAD")
            assert (head.content, head.headers["Content-Length"]) == (
                b"",
                "13",
            )
        for data in b"", b"abc", b"x" * 60_000:
            assert server.post("/echo", data=data).content == data
            chunks = iter([data, b"end"] if data else [b"end"])
            assert (
                server.post("/echo", data=chunks).content == data + b"end"
            )
        assert server.log == f"Listening at {server.url}\n"


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ("", 2, "required: app"),
        ("wsgi", 2, "not callable: wsgi"),
        ("wsgi:", 2, "not callable: wsgi:"),
        ("wsgi:__name__", 2, "not callable: wsgi:__name__"),
        ("wsgi:app --workers 0", 2, "need 1 or more"),
        ("wsgi:app --threads 0", 2, "need 1 or more"),
        ("wsgi:app --workers many", 2, "invalid int"),
        ("wsgi:app --bind nowhere", 2, "cannot listen at nowhere"),
        ("wsgi:app --bind 127.0.0.1:99999", 2, "cannot listen"),
        ("wsgi:app --bind 192.0.2.1:0", 2, "cannot listen at 192.0.2.1:0"),
        ("wsgi:app:b", 1, "invalid format: 'wsgi:app:b'"),
        ("./wsgi.py:app", 1, "invalid format: './wsgi.py:app'"),
        ("no_such:app", 1, "No module named 'no_such'"),
        ("wsgi:no_such", 1, "'wsgi' has no attribute 'no_such'"),
        ("broken:app", 1, "ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_served(root, folder, arguments, status, text):
    """What is wrong with the command takes a line; with the app, more."""
    command = f"PYTHONPATH='{folder}' {COMMAND} {arguments}"
    result = run(command)
    assert result.returncode == status
    assert text in result.stdout
    assert ("Traceback" in result.stdout) == (status == 1)
    assert "Listening" not in result.stdout


def test_taken_port(server):
    port = server.url.rpartition(":")[2]
    result = run(
        f"python -m small_server wsgi:app --bind 127.0.0.1:{port}"
    )
    assert result.returncode == 2
    assert "Address already in use" in result.stdout
    assert "Traceback" not in result.stdout


def test_says_where_it_listens(server):
    assert f"Listening at {server.url}\n" in server.log


@contextlib.contextmanager
def serving(folder, options=""):
    """A server of its own, both of whose workers answer."""
    with serve(
        f"PYTHONPATH='{folder}' {COMMAND} {options} apps:app"
    ) as server:
        with ThreadPoolExecutor(8) as pool:

            def both_answer():
                answers = pool.map(server.get, ["/slow?0.02"] * 8)
                return len({answer.text for answer in answers}) == 2

            wait_until(both_answer)
        yield server


def test_stop(root, folder):
    """What is asked is answered; who asks nothing holds nobody up."""
    for number in signal.SIGTERM, signal.SIGINT:
        with serving(folder) as server, connect(server) as idle:
            idle.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"Hello" in idle.recv(999)
            fresh = connect(server)
            with ThreadPoolExecutor() as pool:
                slow = ask_slowly(server, pool)
                server.process.send_signal(number)
                idle.settimeout(3)  # no keep-alive is waited for
                assert idle.recv(1) == b""
                for answer in slow:
                    assert answer.result().ok
                    assert answer.result().headers["Connection"] == "close"
            assert server.process.wait(timeout=5) == 0
            fresh.close()
            with pytest.raises(OSError):
                connect(server)
            assert "Traceback" not in server.log


def ask_slowly(server, pool):
    """Wait until four requests are being answered; return their futures."""
    before = server.log.count("called /slow")
    slow = [pool.submit(server.get, "/slow?0.5") for _ in range(4)]
    wait_until(lambda: server.log.count("called /slow") == before + 4)
    return slow


def test_who_comes_after_a_stop_is_refused_at_once(root, folder):
    def refused():
        try:
            connect(server).close()
        except ConnectionResetError:  # the backlog closed with it
            return False
        except ConnectionRefusedError:
            return True

    with serving(folder) as server, ThreadPoolExecutor() as pool:
        before = server.log.count("called /slow")
        slow = pool.submit(server.get, "/slow?2")
        wait_until(lambda: server.log.count("called /slow") > before)
        server.process.terminate()
        wait_until(refused)
        assert not slow.done()
        assert slow.result().ok


def test_a_worker_stops_alone(root, folder):
    """Its requests are answered, another takes its place."""
    with serving(folder) as server:
        old = server.workers
        with ThreadPoolExecutor() as pool:
            slow = ask_slowly(server, pool)
            old[0].terminate()
            assert all(answer.result().ok for answer in slow)
        wait_until(lambda: old[0] not in server.workers)
        wait_until(lambda: len(server.workers) == 2)
        assert server.get("/hello").text == "Hello"


def test_a_worker_is_replaced(root, folder):
    with serving(folder) as server:
        old = server.workers
        old[0].kill()
        line = f"worker {old[0].pid} has ended with -9\n"
        wait_until(lambda: line in server.log)
        wait_until(lambda: len(server.workers) == 2)
        assert old[0] not in server.workers
        for _ in range(5):
            assert server.get("/hello").text == "Hello"


def test_workers_that_die_at_once_are_not_replaced_at_once(root, folder):
    command = f"PYTHONPATH='{folder}' {COMMAND} dies:app"
    with start(command) as server:
        wait_until(lambda: "has ended with 1" in server.log)
        began = time.monotonic()
        before = server.log.count("has ended with 1")
        time.sleep(0.5)
        more = server.log.count("has ended with 1") - before
        assert more <= 1 + (time.monotonic() - began) / 0.1
        server.process.terminate()
        assert server.process.wait(timeout=3) == 0


def ended(process):
    """Whether it has ended, perhaps unseen by who should wait for it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_workers_end_with_their_parent(root, folder):
    with serving(folder) as server, connect(server) as idle:
        workers = server.workers
        idle.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
        server.process.kill()
        wait_until(lambda: all(map(ended, workers)), 4)


def test_slow_clients_lock_nobody_out(root, folder):
    with serving(folder) as server, contextlib.ExitStack() as stack:
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


def test_one_thread(root, folder):
    """[31, 81] A mode without threads; a client cannot keep its thread."""
    options = "--threads 1 --workers 1 --bind 0"  # a port alone
    with serve(
        f"PYTHONPATH='{folder}' {COMMAND} {options} apps:app"
    ) as server:
        with connect(server) as client:
            client.sendall(ENVIRON + b"\r\n")
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert json.loads(split(answer)[2])["multi"] == [False] * 3
        assert "connection: close" in split(answer)[1]
        assert server.url.startswith("http://127.0.0.1:")


IN_FLIGHT = """
import small_server.connection
from small_server.__main__ import main

small_server.connection.IN_FLIGHT = 5
main()
"""


def test_a_request_that_is_on_its_way_is_answered(root, folder):
    command = COMMAND.replace("-m small_server", "patient.py")
    path = f"PYTHONPATH='{root}:{folder}'"
    files = {"patient.py": IN_FLIGHT}
    with serve(f"{path} {command} apps:app", files) as server:
        with connect(server) as client:
            assert server.get("/hello").ok  # who came before is inside
            server.process.terminate()
            time.sleep(0.3)
            client.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"Hello" in client.recv(999)
        assert server.process.wait(timeout=5) == 0


def test_a_stop_does_not_wait_for_ever(root, folder):
    """An app that does not end is ended by the system."""
    command = f"PYTHONPATH='{folder}' {COMMAND} --graceful-timeout 1"
    with (
        serve(f"{command} apps:app") as server,
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


def test_a_variable_of_the_deployer(root, folder):
    """[33] It is there, but what a request says is stronger."""
    pairs = "workbook.tea=mint=1", "EMPTY", "A=B", "REQUEST_METHOD=C"
    options = " ".join(f"--environ {pair}" for pair in pairs)
    command = f"PYTHONPATH='{folder}' {COMMAND} {options}"
    with serve(f"{command} apps:app") as server:
        seen = parsed(server, ENVIRON + b"workbook.tea: b\r\nA: c\r\n\r\n")
    assert seen["workbook.tea"] == "mint=1"
    assert (seen["EMPTY"], seen["A"], seen["HTTP_A"]) == ("", "B", "c")
    assert seen["REQUEST_METHOD"] == "GET"


def test_an_app_that_closes_the_log(root):
    """There is nowhere to write to, and the only thread lives on."""
    app = "import sys\n\n\ndef app(environ, start):\n"
    app += "    sys.stderr.close()\n    1 / 0\n"
    command = f"PYTHONPATH='{root}' {COMMAND} --keep-alive 1 --threads 1"
    with serve(f"{command} apps:app", {"apps.py": app}) as server:
        for _ in range(4):
            assert server.get("/").status_code == 500


def test_too_slow(root, folder):
    """A request has a time to arrive in, even if a byte always comes."""
    options = "--keep-alive 2 --timeout 2"
    with (
        serve(
            f"PYTHONPATH='{folder}' {COMMAND} {options} apps:app"
        ) as server,
        connect(server) as idle,
        connect(server) as slow,
    ):
        began = time.monotonic()
        while not select.select([slow], [], [], 0.1)[0]:
            slow.sendall(b"a")
            assert time.monotonic() - began < 9
        assert time.monotonic() - began > 1.5
        assert slow.recv(99).startswith(b"HTTP/1.1 408 ")
        assert idle.recv(1) == b""
