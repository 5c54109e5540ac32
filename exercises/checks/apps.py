"""Applications that stand beside several answers, and who reads them."""

import sys
from wsgiref.util import setup_testing_defaults

TEXT = ("Content-Type", "text/plain")


class Diary:
    """An app, and the body that it returns: it notes what happens to it.

    It yields `blocks`, and raises those that are errors.
    """

    def __init__(self, *blocks, fails=False):
        second = KeyError("tea") if fails else b"two "
        self.blocks = blocks or (b"one ", second)
        self.entries, self.calls = [], 0

    def __call__(self, environ, start_response):
        start_response("200 OK", [TEXT])
        self.calls += 1
        return self

    def __iter__(self):
        for block in self.blocks:
            if isinstance(block, BaseException):
                raise block
            self.entries.append(f"made {block.decode()}")
            yield block

    def close(self):
        self.entries.append("closed")


def read_through(app, diary, seen, most=99, **environ):
    """Call `app`, which stands around a Diary, and read it as a server
    does; return the entries of the diary.

    `seen(block)` is what the client notes of a block, a str. He leaves
    when he has noted `most` that are not empty.
    """
    setup_testing_defaults(environ)
    body, noted = app(environ, lambda *begin: print), 0
    try:
        blocks = iter(body)
        while noted < most:
            if entry := seen(next(blocks)):
                diary.entries.append(entry)
                noted += 1
    except (StopIteration, KeyError):
        pass
    finally:
        if hasattr(body, "close"):
            body.close()
    return diary.entries


def writes(environ, start_response):
    """It uses the function that `start_response` returns."""
    start_response("200 OK", [TEXT])(b"old ")
    return [b"tea"]


def reporting(begin, error, body):
    """An app that begins an answer, then reports an error with exc_info.

    `begin` and `error` are the status and the headers of each.
    """

    def app(environ, start_response):
        start_response(*begin)
        try:
            raise KeyError("no tea")
        except KeyError:
            start_response(*error, sys.exc_info())
        return body

    return app
