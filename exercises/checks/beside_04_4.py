"""Beside the answer to exercise 4 of sheet 04: apps to put a line under."""

from wsgiref.validate import validator

from answer import signed
from exercises.checks.apps import (
    TEXT,
    Diary,
    read_through,
    reporting,
    writes,
)

reports = reporting(
    ("200 OK", [TEXT, ("Content-Length", "3")]), ("204 No Tea", []), []
)


def serve(diary, most=99):
    """The diary of an app whose client leaves after `most` blocks."""

    def seen(block):
        return block and f"sent {block.decode()}"

    return read_through(signed(diary), diary, seen, most)


def left():
    """Whether the body is closed when nothing was read."""
    diary = Diary()
    return serve(diary, 0).count("closed") == diary.calls


def page(status="200 OK", text=b"tea ", length=True, lazy=False):
    """An answer that is signed: of a function, or of a generator."""

    def app(environ, start_response):
        headers = []
        if status[:3] not in ("204", "304"):
            headers.append(TEXT)
            if length:
                headers.append(("content-length", str(len(text))))
        start_response(status, headers)
        head = environ["REQUEST_METHOD"] == "HEAD"
        return [] if head or not text else [text]

    def generator(environ, start_response):
        yield from app(environ, start_response)

    return signed(validator(generator if lazy else app))


def plain(environ, start_response):
    start_response("200 OK", [TEXT])
    return [b"tea "]  # a list, which has no `close`
