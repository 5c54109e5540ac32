"""Beside the answer to exercise 5 of sheet 04: apps to squeeze."""

import gzip
import zlib
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from answer import squeezed
from exercises.checks.apps import (
    Diary,
    at_once,
    error_of,
    late,
    read_through,
    reporting,
    requests,
    writes,
)
from exercises.client import Page, ask

TEXT = ("Content-Type", "text/plain; charset=utf-8")
LONG = b"tea " * 1000

reports = reporting(
    ("200 OK", [TEXT]),
    ("500 Oh No", [TEXT, ("Content-Length", "6")]),
    [b"no tea"],
)
ignoring = Page(b"tea", b" and more", headers=[TEXT])  # the method
tea = Page(b"tea", headers=[TEXT])
empty = Page(b"", headers=[TEXT])


def page(*more, body=LONG, status="200 OK", kind=TEXT):
    """An app, which has `more` headers."""

    def app(environ, start_response):
        start_response(status, [*more, *([kind] if kind else [])])
        head = environ["REQUEST_METHOD"] == "HEAD"
        return [] if head or not body else [body]

    return app


def generator(environ, start_response):
    start_response("200 OK", [TEXT])
    yield b"one "
    yield b""
    yield b"two "


def get(app, accept="gzip", method="GET"):
    headers = {} if accept is None else {"Accept-Encoding": accept}
    return ask(squeezed(validator(app)), "/", method, headers=headers)


def came(reply):
    """Its Content-Encoding, and the text as its reader gets it."""
    coding, text = reply.header("Content-Encoding"), reply.body
    if coding == "gzip":
        text = gzip.decompress(text) if text else "nothing, not its end"
    return coding, text if len(text) < 99 else len(text)


def varies(reply):
    values = (reply.header("Vary") or "").lower().split(",")
    return sorted({value.strip() for value in values} - {""})


def read(diary, most=99):
    """The diary of an app whose client reads each block at once."""
    client = diary.client = zlib.decompressobj(wbits=31)

    def seen(block):
        text = client.decompress(block).decode()
        return text and f"read {text}"

    gzip_please = {"HTTP_ACCEPT_ENCODING": "gzip"}
    return read_through(squeezed(diary), diary, seen, most, **gzip_please)


def left(lazy):
    """Whether the body is closed when nothing was read."""
    diary = Diary(lazy=lazy)
    return read(diary, 0).count("closed") == diary.calls


def ends(diary):
    """Whether its client has read the end of a gzip."""
    read(diary)
    return diary.client.eof


def rest(reply):
    """The headers that have nothing to do with squeezing."""
    ours = "content-length", "content-encoding", "vary"
    return [tuple(h) for h in reply.headers if h[0].lower() not in ours]


def three(app):
    """What three clients get of which two take gzip, if none reads before
    all have begun."""
    clients = ({"HTTP_ACCEPT_ENCODING": c} for c in ("gzip", "gzip", "br"))
    answers = at_once(squeezed(app), *clients)
    first, second, third = (body for _, body in answers)
    return gzip.decompress(first), gzip.decompress(second), third


def written():
    """What a client can read as soon as an app has written it."""
    sent, read, environ = [], [], {"HTTP_ACCEPT_ENCODING": "gzip"}
    setup_testing_defaults(environ)

    def app(environ, start_response):
        start_response("200 OK", [TEXT])(b"old ")
        client = zlib.decompressobj(wbits=31)
        read.append(client.decompress(b"".join(sent)))
        return [b"tea"]

    b"".join(squeezed(app)(environ, lambda *begin: sent.append))
    return read[0]
