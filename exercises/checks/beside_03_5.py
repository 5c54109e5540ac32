"""Beside the answer to exercise 5 of sheet 03: a client for its notes."""

import json

from answer import app
from exercises.client import ask, varies


def post(body, kind="application/json", path="/notes", **environ):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    headers = {} if kind is None else {"Content-Type": kind}
    return ask(app, path, "POST", body, headers, **environ)


def listed():
    """All notes, by their numbers."""
    notes = ask(app, "/notes").json
    return sorted(notes, key=lambda note: note["id"])


def allowed(path, method):
    """The methods that it says it allows, a sorted list."""
    allow = ask(app, path, method).header("Allow")
    return allow and sorted(allow.replace(" ", "").split(","))


def differs(path):
    """What the answer to GET has, or that to HEAD, and not the other."""
    get, head = ask(app, path), ask(app, path, "HEAD")
    return sorted({*get.headers} ^ {*head.headers}) + (
        [] if get.status == head.status else [head.status]
    )


def form(reply):
    """Its type, and whether its length is right."""
    kind = (reply.header("Content-Type") or "none").split(";")[0]
    length = reply.header("Content-Length") == str(len(reply.body))
    return kind, length
