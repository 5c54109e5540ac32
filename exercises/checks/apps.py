"""Applications that stand beside several answers, and who reads them."""

import sys
from itertools import zip_longest
from wsgiref.util import setup_testing_defaults

from exercises.client import ask

TEXT = ("Content-Type", "text/plain")


class Diary:
    """An app, and the body that it returns: it notes what happens to it.

    It yields `blocks`, and raises those that are errors. A `lazy` one
    calls `start_response` when it is read.
    """

    def __init__(self, *blocks, fails=False, lazy=False):
        second = KeyError("tea") if fails else b"two "
        self.blocks = blocks or (b"one ", second)
        self.entries, self.calls, self.lazy = [], 0, lazy

    def __call__(self, environ, start_response):
        self.begin = lambda: start_response("200 OK", [TEXT])
        if not self.lazy:
            self.begin()
        self.calls += 1
        return self

    def __iter__(self):
        if self.lazy:
            self.begin()
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


def sent(block):
    """What a diary says of a block of text that was sent."""
    return block and f"sent {block.decode()}"


def closes_unread(serve, lazy):
    """Whether `serve`, a function of a diary and how much is read, closes
    the body, too, when nothing was read."""
    diary = Diary(lazy=lazy)
    return serve(diary, 0).count("closed") == diary.calls


def at_once(app, *environs):
    """Call `app` for each of `environs`, and read a block of each answer
    in turn; return the headers of each, as they are when all have ended,
    and its body."""
    heads, iterators = [], []
    for environ in environs:
        setup_testing_defaults(environ)
        heads.append([])

        def start(status, headers, exc_info=None, head=heads[-1]):
            head[:] = [headers]
            return print

        iterators.append(iter(app(environ, start)))
    turns = list(zip_longest(*iterators, fillvalue=b""))
    bodies = [b"".join(blocks) for blocks in zip(*turns, strict=True)]
    return [
        (dict(*head), body)
        for head, body in zip(heads, bodies, strict=True)
    ]


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


def late(environ, start_response):
    """An app that reports an error when it is too late."""
    start_response("200 OK", [TEXT])
    yield b"tea"
    yield from reporting(("200 OK", [TEXT]), ("500 Oh No", [TEXT]), [])(
        environ, lambda *begin: begin[2:] and start_response(*begin)
    )


def error_of(app):
    """The name of the error with which an app's answer ends, or None."""
    try:
        ask(app)
    except Exception as error:
        return type(error).__name__


def errors(app):
    """The type of each exc_info that reaches the server, or None."""
    seen, environ = [], {}
    setup_testing_defaults(environ)

    def start(status, headers, exc_info=None):
        seen.append(exc_info and exc_info[0].__name__)
        return print

    b"".join(app(environ, start))
    return seen


def requests(middleware):
    """What an app in a middleware sees of a POST: all of its requests."""
    seen = []
    keys = "REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_X_TEA"

    def app(environ, start_response):
        body = environ["wsgi.input"].read(3)
        seen.append([*(environ[key] for key in keys), body])
        start_response("200 OK", [TEXT])
        return [b"tea"]

    ask(middleware(app), "/a?b=1", "POST", b"tea", {"X-Tea": "oolong"})
    return seen


def added(middleware):
    """The keys of the environ that an app sees, and nobody has sent."""
    seen, environ = [], {}
    setup_testing_defaults(environ)
    sent = set(environ)

    def app(environ, start_response):
        seen.extend(sorted(set(environ) - sent))
        start_response("200 OK", [TEXT])
        return [b"tea"]

    b"".join(middleware(app)(environ, lambda *begin: print))
    return seen
