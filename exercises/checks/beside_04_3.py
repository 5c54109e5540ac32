"""Beside the answer to exercise 3 of sheet 04: apps to put a mark on."""

from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from answer import marked
from exercises.checks.apps import TEXT, reporting, writes
from exercises.client import ask

reports = reporting(
    ("200 OK", [TEXT]), ("500 No Tea", [TEXT]), [b"no tea"]
)


def page(environ, start_response):
    headers = [TEXT, ("x-tea", "green"), ("Set-Cookie", "a=1")]
    start_response("200 OK", [*headers, ("Set-Cookie", "b=2")])
    return [b"one ", b"two"]


def get(app):
    reply = ask(marked(validator(app)))
    return reply.status, reply.header("X-Tea"), reply.body


def errors(app):
    """The type of each exc_info that reaches the server, or None."""
    seen, environ = [], {}
    setup_testing_defaults(environ)

    def start(status, headers, exc_info=None):
        seen.append(exc_info and exc_info[0].__name__)
        return print

    b"".join(marked(app)(environ, start))
    return seen
