"""A client without a network: it calls a WSGI application by itself."""

import io
import json
import sys
from typing import NamedTuple
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator


class Reply(NamedTuple):
    """What an application answered to `ask`."""

    status: str
    headers: list
    body: bytes

    def header(self, name):
        """The values of a header, joined by commas, or None; a str."""
        values = [v for n, v in self.headers if n.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def json(self):
        """The body as JSON; ValueError if it is none."""
        return json.loads(self.body)


def ask(app, path="/", method="GET", body=b"", headers=None, **environ):
    """Call a WSGI application as a correct server does; return a Reply.

    `path` may have a query; `body` is bytes, `headers` a dict; more keys
    of the environ go by name. The standard library's examiner watches: it
    raises AssertionError where the application breaks a rule of PEP 3333,
    and so does this where a Content-Length lies.
    """
    path, _, query = path.partition("?")
    environ |= {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": environ.get("SCRIPT_NAME", ""),
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
    }
    if body:
        environ["CONTENT_LENGTH"] = str(len(body))
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        plain = key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        environ[key if plain else f"HTTP_{key}"] = value
    setup_testing_defaults(environ)
    begun, blocks = [], []

    def start_response(status, headers, exc_info=None):
        if exc_info and any(blocks):
            raise exc_info[1]  # too late for another answer
        if begun and not exc_info:
            raise AssertionError("start_response twice, without exc_info")
        begun.append((status, list(headers)))
        return blocks.append

    iterable = validator(app)(environ, start_response)
    try:
        for block in iterable:
            blocks.append(block)  # noqa: PERF402, start_response looks
    finally:
        iterable.close()
    reply = Reply(*begun[-1], b"".join(blocks))
    length = reply.header("Content-Length")
    if method != "HEAD" and length not in (None, str(len(reply.body))):
        raise AssertionError(
            f"Content-Length says {length}, the body has {len(reply.body)}"
        )
    return reply
