"""Beside the answer to exercise 5 of sheet 05: apps, and a client."""

import sys
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from answer import respond
from exercises.checks import apps
from exercises.checks.apps import TEXT, writes


class Diary(apps.Diary):
    """An app that notes what is done with its body, and its client."""

    def __init__(self, *blocks, gone=False):
        super().__init__(*blocks)
        self.gone = gone

    def send(self, data):
        if self.gone:
            raise BrokenPipeError("the client has gone")
        if data.startswith(b"HTTP/1.1 "):
            data = data.partition(b"\r\n\r\n")[2]
            self.entries.append("sent the head")
        if data:
            self.entries.append(f"sent {data.decode()}")


def get(app, method="GET"):
    """What is sent, or the name of the error, or both; of a Diary, its
    entries."""
    environ, sent = {"REQUEST_METHOD": method, "QUERY_STRING": ""}, []
    setup_testing_defaults(environ)
    error = []
    try:
        respond(app, environ, getattr(app, "send", sent.append))
    except Exception as found:
        error.append(type(found).__name__)
    if isinstance(app, Diary):
        return app.entries + error
    return (b"".join(sent), *error)


def page(environ, start_response):
    headers = [TEXT, ("X-Tea", "\xe9"), ("X-Tea", "mint")]
    start_response("404 Not Here", headers)
    return [b"no ", b"", b"tea"]


def lazy(environ, start_response):
    start_response("200 OK", [TEXT])
    yield b"tea"


def nothing(environ, start_response):
    start_response("204 No Content", [])
    return []


def regrets(environ, start_response):
    start_response("200 OK", [TEXT])(b"")
    try:
        raise KeyError("tea")
    except KeyError:
        start_response("500 Oh No", [TEXT], sys.exc_info())
    return [b"sorry"]


def twice(environ, start_response):
    start_response("200 OK", [TEXT])
    start_response("200 OK", [TEXT])
    return []


def never(environ, start_response):
    return [b"tea"]


def reports(late):
    """An app that reports an error, before or after its first bytes."""

    def app(environ, start_response):
        start_response("200 OK", [TEXT, ("X-Tea", "mint")])
        yield b""
        if late:
            yield b"tea"
        try:
            raise KeyError("tea")
        except KeyError:
            start_response("500 Oh No", [TEXT], sys.exc_info())
        yield b"sorry"

    return app


def splits(status="200 OK", name="X-Tea", value="mint"):
    """An app with a line end in one of these."""

    def app(environ, start_response):
        start_response(status, [TEXT, (name, value)])
        return [b"tea"]

    return app
