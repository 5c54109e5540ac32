"""Beside the answer to exercise 2 of sheet 03: clients of all kinds."""

from answer import app
from exercises.client import Input, ask, promised, varies


def post(length):
    """Promise a length: the status, the bytes back, the bytes read."""
    file = Input(b"x" * 2000, promised(length))
    reply = ask(
        app,
        method="POST",
        CONTENT_LENGTH=length,
        **{"wsgi.input": file},
    )
    status = reply.status[:3]
    return status, len(reply.body) if status == "200" else None, file.taken


def kind(length, method="POST"):
    """The type of the answer to a promise."""
    body = b"x" * promised(length)
    wants = {"Content-Type": "text/html", "Accept": "text/html"}
    reply = ask(app, "/", method, body, wants, CONTENT_LENGTH=length)
    return reply.header("Content-Type").split(";")[0]
