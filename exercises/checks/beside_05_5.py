"""Beside the answer to exercise 5 of sheet 05: apps, and a client."""

import contextlib
import sys
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from answer import respond
from exercises.checks import apps
from exercises.checks.apps import TEXT, writes


class Diary(apps.Diary):
    """An app that notes what is done with its body, and its client, who
    goes when he has got the bytes `gone`."""

    def __init__(self, *blocks, gone=None):
        super().__init__(*blocks)
        self.gone, self.wire = gone, b""

    def send(self, data):
        if self.gone is not None and self.gone in self.wire:
            raise BrokenPipeError("the client has gone")
        begun = b"\r\n\r\n" in self.wire
        self.wire += data
        _, ended, body = self.wire.partition(b"\r\n\r\n")
        if ended and not begun:
            self.entries.append("sent the head")
            data = body
        if ended and data:
            self.entries.append(f"sent {data.decode()}")


class Shut(Diary):
    """An app whose body fails when somebody begins to read it."""

    def __iter__(self):
        raise failed()


def failed():
    """An error of an app, to be known again."""
    error = KeyError("tea")
    error.is_ours = True
    return error


def get(app, method="GET"):
    """What is sent, or the name of the error, or both; of a Diary, its
    entries."""
    environ, sent = {"REQUEST_METHOD": method, "QUERY_STRING": ""}, []
    setup_testing_defaults(environ)
    error = []
    try:
        respond(app, environ, getattr(app, "send", sent.append))
    except BaseException as found:
        ours = hasattr(found, "is_ours")
        error.append("the app's error" if ours else type(found).__name__)
    if isinstance(app, Diary):
        return app.entries + error
    return (b"".join(sent), *error)


def page(environ, start_response):
    headers = [TEXT, ("x-tea", "\xe9\x85"), ("x-tea", "mint")]
    headers.append(("X-Cup", ""))
    start_response("404 Not Here", headers)
    return [b"no ", b"", b"tea"]


def lazy(environ, start_response):
    start_response("200 OK", [TEXT], None)
    yield b"tea"


def nothing(environ, start_response):
    start_response("204 No Content", [])
    return []


def pushes(environ, start_response):
    """It writes some blocks, yields others, and fails in the end."""
    write = start_response("200 OK", [TEXT])
    write(b"one ")
    yield b"two "
    write(b"three ")
    raise failed()


def fails(environ, start_response):
    start_response("200 OK", [TEXT])
    raise failed()


def breaks(environ, start_response):
    """It writes, and fails before there is a body."""
    start_response("200 OK", [TEXT])(b"old ")
    raise failed()


def nests(environ, start_response):
    """Another request is answered while this one is."""
    start_response("200 OK", [TEXT])
    get(page)
    yield b"tea"


def says_sorry(start_response, error):
    try:
        raise error
    except type(error):
        start_response("500 Oh No", [TEXT], sys.exc_info())


def regrets(environ, start_response):
    start_response("200 OK", [TEXT])(b"")
    says_sorry(start_response, failed())
    return [b"sorry"]


def begins_sorry(environ, start_response):
    says_sorry(start_response, failed())
    return [b"sorry"]


def relapses(environ, start_response):
    """It reports an error, and begins a third time without one."""
    start_response("200 OK", [TEXT])
    says_sorry(start_response, failed())
    start_response("200 OK", [TEXT])
    return [b"tea"]


def twice(late, *error):
    """An app that starts twice, and has no error to report."""

    def app(environ, start_response):
        start_response("200 OK", [TEXT])
        if late:
            yield b"tea"
        start_response("200 OK", [TEXT], *error)

    return app


def never(environ, start_response):
    return [b"tea"]


def reports(late):
    """An app that reports an error, before or after its first bytes."""

    def app(environ, start_response):
        start_response("200 OK", [TEXT, ("X-Tea", "mint")])
        yield b""
        if late:
            yield b"tea"
        says_sorry(start_response, failed())
        yield b"sorry"

    return app


def splits(status="200 OK", name="X-Tea", value="mint"):
    """An app with a line end in one of these."""

    def app(environ, start_response):
        start_response(status, [TEXT, (name, value)])
        return [b"tea"]

    return app


def spoils(environ, start_response):
    """A second call has a line end in a header; the error is caught."""
    start_response("200 OK", [TEXT])
    try:
        raise failed()
    except KeyError:
        bad = [TEXT, ("X-Tea", "mint\n")]
        with contextlib.suppress(ValueError):
            start_response("500 Oh No", bad, sys.exc_info())
    return [b"tea"]


def catches(anew):
    """An app that has a line end in a header, catches the error, and may
    call `start_response` anew."""

    def app(environ, start_response):
        try:
            start_response("200 OK", [("X-Tea", "mint\n")])
        except ValueError:
            if anew:
                start_response("500 Oh No", [TEXT], *anew(sys.exc_info()))
        return [b"sorry"]

    return app
