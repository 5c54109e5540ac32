"""Beside the answer to exercise 4 of sheet 04: apps to put a line under."""

from wsgiref.validate import validator

from answer import signed
from exercises.checks.apps import (
    TEXT,
    Diary,
    at_once,
    closes_unread,
    error_of,
    errors,
    late,
    read_through,
    reporting,
    requests,
    sent,
    writes,
)
from exercises.client import Page, ask

SHORT = ("Content-Length", "3")
FIXED = [TEXT, SHORT]
COOKIES = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
TAGS = [("Content-Language", "en"), ("ETag", "a")]
TAGS += [("Content-Encoding", "tea"), ("Content-Location", "/tea")]
tagged = Page(headers=[TEXT, *TAGS])
data = Page(b"{}", headers=[("Content-Type", "application/json")])
reports = reporting(("200 OK", [TEXT, SHORT]), ("204 No Content", []), [])
sorry = reporting(("200 OK", [TEXT]), ("500 Oh No", [TEXT]), [b"tea"])
regrets = reporting(
    ("204 No Content", []), ("500 Oh No", [TEXT, SHORT]), [b"tea"]
)


def serve(diary, most=99):
    """The diary of an app whose client leaves after `most` blocks."""
    return read_through(signed(diary), diary, sent, most)


def left(lazy):
    """Whether the body is closed when nothing was read."""
    return closes_unread(serve, lazy)


def page(status="200 OK", text=b"tea ", *, kind=TEXT[1], lazy=False):
    """An answer that is signed: of a function, or of a generator."""

    def app(environ, start_response):
        headers = []
        if status[:3] not in ("204", "304"):
            length = ("CONTENT-length", str(len(text)))
            headers = [("content-type", kind), length, *COOKIES]
        start_response(status, headers)
        head = environ["REQUEST_METHOD"] == "HEAD"
        return [] if head or not text else [text]

    def generator(environ, start_response):
        yield from app(environ, start_response)

    return signed(validator(generator if lazy else app))


def plain(environ, start_response):
    start_response("200 OK", [TEXT])
    return [b"tea "]  # a list, which has no `close`


def constant(environ, start_response):
    """It has one list of headers for all of its answers."""
    start_response("200 OK", FIXED)
    return [b"tea"]


def rest(app):
    """The headers but for the length."""
    headers = ask(app).headers
    return [tuple(h) for h in headers if h[0].lower() != "content-length"]


def two():
    """The bodies of a GET and a HEAD, of which none is read before the
    other has begun."""
    methods = {"REQUEST_METHOD": "GET"}, {"REQUEST_METHOD": "HEAD"}
    answers = at_once(signed(Page(b"")), *methods)
    return [body for _, body in answers]
