"""Beside the answer to exercise 6 of sheet 03: reports that fail."""

import io
from itertools import islice
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import answer
from answer import app
from exercises.client import Reply
from notebooks.calling import StartResponse


class Report:
    """A report of these parts, of which an exception is raised. `early`
    raises it when the report is asked for, and not when it is read."""

    def __init__(self, *parts, early=False):
        self.parts, self.early, self.events = parts, early, []

    def __call__(self, path):
        self.events.append(path)
        if self.early:
            raise self.parts[0]
        return self.read()

    def read(self):
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            self.events.append(f"made {part.decode()}")
            yield part


class Sent(list):
    """What was sent, yielded or written; each piece is noted in `events`."""

    def __init__(self, events):
        self.events = events

    def append(self, block):
        super().append(block)
        if block:
            self.events.append(f"sent {block.decode()}")


def served(*parts, early=False, most=99, path="/mint"):
    """Serve such a report to a client that leaves after `most` blocks.

    Returns a dict: the `status`, three digits; the `type`; the `body`; the
    `end`, "whole" or the name of the error that came to the server; the
    `log`; all that is `shown`, in small letters; and what happened,
    `events`. AssertionError where the Content-Length of a whole body lies.
    """
    answer.parts = report = Report(*parts, early=early)
    log, start = io.StringIO(), StartResponse()
    start.sent = Sent(report.events)
    environ = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
    environ["wsgi.errors"] = log
    setup_testing_defaults(environ)
    body, end = [], "whole"
    try:
        body = validator(app)(environ, start)
        for block in islice(body, most):
            start.sent.append(block)
    except Exception as error:
        known = any(error is part for part in parts)
        end = type(error).__name__ if known else repr(error)
    finally:
        if body != []:
            body.close()
    if start.status is None:
        raise AssertionError("start_response was not called")
    sent, headers = b"".join(start.sent), start.headers
    reply = Reply(start.status, headers, sent)
    length = reply.header("Content-Length")
    if most > len(parts) and end == "whole" and length:
        assert length == str(len(sent)), (
            f"Content-Length says {length}, the body has {len(sent)}"
        )
    return {
        "status": start.status[:3],
        "type": reply.header("Content-Type").split(";")[0],
        "body": sent,
        "end": end,
        "log": log.getvalue(),
        "shown": str(reply).lower(),
        "events": report.events,
    }


def gets(*parts, **how):
    """What the client gets, and how it ends: status, body, end."""
    came = served(*parts, **how)
    return came["status"], came["body"], came["end"]


def fails(*parts, **how):
    """What the client gets of a report that fails before it has sent a
    byte: the status, its type, the end, and if there are words."""
    came = served(*parts, **how)
    return came["status"], came["type"], came["end"], came["body"] != b""
