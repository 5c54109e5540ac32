"""Beside the answer to exercise 3 of sheet 04: apps to put a mark on."""

from wsgiref.validate import validator

from answer import marked
from exercises.checks.apps import (
    TEXT,
    Diary,
    added,
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

REST = [
    ("content-type", "text/plain"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("Set-Cookie", "b=2"),
    ("X-Teapot", "iron"),
    ("X_Tea", "black"),
    ("Tea", ""),
    ("content-length", "7"),
]
GREEN, BLACK = ("x-tea", "green"), ("x-TEA", "black")
page = Page(headers=[GREEN, BLACK, *REST])
missing = Page(
    b"{}",
    status="404 Not Here",
    headers=[("Content-Type", "application/json"), GREEN],
)
already = Page(headers=[TEXT, ("x-tea", "mint")])
nothing = Page(b"", status="304 Not Modified", headers=[GREEN])
reports = reporting(
    ("200 OK", [TEXT]), ("500 No Tea", [TEXT]), [b"no tea"]
)
ALWAYS = [TEXT]


def constant(environ, start_response):
    """It has one list of headers for all of its answers."""
    start_response("200 OK", ALWAYS)
    return [b"tea"]


def get(app, method="GET"):
    reply = ask(marked(validator(app)), "/", method)
    return reply.status, reply.header("X-Tea"), reply.body


def rest(app):
    """The headers but for the mark."""
    headers = ask(marked(validator(app))).headers
    return [tuple(h) for h in headers if h[0].lower() != "x-tea"]


def serve(diary, most=99):
    """The diary of an app whose client leaves after `most` blocks."""
    return read_through(marked(diary), diary, sent, most)


def left(lazy):
    """Whether the body is closed when nothing was read."""
    return closes_unread(serve, lazy)


def says_path(environ, start_response):
    start_response("200 OK", [TEXT, ("X-Path", environ["PATH_INFO"])])
    return [b"tea"]


def two():
    """The paths in the headers of two answers, if both have begun before
    a server sends either."""
    paths = {"PATH_INFO": "/a"}, {"PATH_INFO": "/b"}
    answers = at_once(marked(says_path), *paths)
    return [headers["X-Path"] for headers, _ in answers]
