"""Beside the answer to exercise 3 of sheet 02: bodies to read and close."""

from exercises.checks.apps import TEXT


class Body:
    """Notes when it has been read, and when it is closed."""

    def __init__(self, *blocks):
        self.blocks, self.events = blocks, []

    def __iter__(self):
        for block in self.blocks:
            yield block() if callable(block) else block
        self.events.append("read")

    def close(self):
        self.events.append("close")


whole, broken = Body(b"mint", b" tea"), Body(b"mint", {}.popitem)


def lazy(environ, start_response):
    start_response("200 OK", [TEXT])
    yield b"mint tea"


def tell(call, body):
    """What `call` makes of an app that returns `body`, or its error."""

    def app(environ, start_response):
        start_response("200 OK", [TEXT])
        return body

    try:
        return call(app, "/")
    except KeyError:
        return "KeyError"
