"""Beside the answer to exercise 3 of sheet 02: bodies to read and close."""

import sys

from exercises.checks.apps import TEXT


class Body:
    """Notes when it has been read, and when it is closed.

    A block that is an exception is raised in its place.
    """

    def __init__(self, *blocks):
        self.blocks, self.events = blocks, []

    def __iter__(self):
        for block in self.blocks:
            if not isinstance(block, bytes):
                raise block
            yield block
        self.events.append("read")

    def close(self):
        self.events.append("close")


whole = Body(b"mint", b" tea")


def breaks(error, early=False):
    """A body that fails after its first block, or before it."""
    return Body(*[] if early else [b"mint"], error("no tea"))


class Locked(Body):
    """It fails before there is a block to ask for."""

    def __iter__(self):
        raise OSError("no tea")


locked = Locked()


def lazy(environ, start_response):
    if environ["PATH_INFO"] == "/":
        start_response("200 OK", [TEXT])
        yield b"mint tea"
    else:
        start_response("404 Not Found", [TEXT])


def again(environ, start_response):
    """It takes back what it said, as WSGI allows after an error."""
    start_response("200 OK", [TEXT])
    try:
        raise KeyError("no tea")
    except KeyError:
        start_response("500 No Tea", [TEXT], sys.exc_info())
    return [b"sorry"]


def where(environ, start_response):
    start_response("200 OK", [TEXT])
    return [environ["PATH_INFO"].encode()]


def tell(call, body, fails=None, begins=True):
    """What `call` makes of an app that returns `body`, or its error; the
    app itself `fails` with one, or never `begins` its answer."""

    def app(environ, start_response):
        if fails:
            raise fails("no tea")
        if begins:
            start_response("200 OK", [TEXT])
        return body

    try:
        return call(app, "/")
    except BaseException as error:
        if str(error).strip("'") != "no tea":
            raise  # it is not ours
        return type(error).__name__
