"""A client without a network: it calls a WSGI application by itself.

`ask` is as strict as PEP 3333 with every answer, errors too; `varies`
asks the same in the words of other servers; a `Page` is an application
to stand behind an answer, which knows whether its body was closed.
"""

import io
import json
import re
import sys
from typing import NamedTuple
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

# What a server may write into the environ for one and the same request,
# by PEP 3333: it may leave out what is empty. None: the key is left out.
SAME = {
    "an empty CONTENT_LENGTH": {"CONTENT_LENGTH": "", "CONTENT_TYPE": ""},
    "no QUERY_STRING": {"QUERY_STRING": None},
    "no SCRIPT_NAME": {"SCRIPT_NAME": None},
    "a SCRIPT_NAME": {"SCRIPT_NAME": "/a/b"},
}


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


class Input(io.RawIOBase):
    """The body of a request, as a socket has it: `length`, an int, is
    promised, and `body`, bytes, comes. Who reads past the promise could
    wait for ever, and gets an AssertionError."""

    def __init__(self, body, length):
        self.file, self.left = io.BytesIO(body), length

    @property
    def taken(self):
        """How many bytes were read, an int."""
        return self.file.tell()

    def readable(self):
        return True

    def readall(self):
        raise AssertionError("wsgi.input was read to an end it may lack")

    def readinto(self, buffer):
        if len(buffer) > self.left:
            raise AssertionError(
                f"wsgi.input has {self.left} bytes more, {len(buffer)} "
                "were to be read"
            )
        count = self.file.readinto(buffer)
        self.left -= count
        return count


def promised(length):
    """The bytes that a CONTENT_LENGTH, a str or None, promises, an int."""
    try:
        return max(0, int(length or 0))
    except ValueError:
        return 0


def ask(
    app, path="/", method="GET", body=b"", headers=None, most=None, **more
):
    """Call a WSGI application as a correct server does; return a Reply.

    `path` may have a query; `body` is bytes, `headers` a dict; `more` are
    keys of the environ, those that are None are left out. If `most`, an
    int, is given, the client leaves after so many blocks of the answer.

    The standard library's examiner watches: it raises AssertionError
    where the application breaks a rule of PEP 3333, and so does this
    where a status has no reason, a Content-Length lies, or more is read
    of the request than it has.
    """
    path, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
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

    def watched(environ, start_response):
        """The application, past the examiner, who allows the server less
        than the PEP does."""
        environ.update(more)
        for key in [key for key in more if more[key] is None]:
            del environ[key]
        if "wsgi.input" not in more:
            length = promised(environ.get("CONTENT_LENGTH"))
            environ["wsgi.input"] = Input(body, length)
        return app(environ, start_response)

    def start_response(status, headers, exc_info=None):
        if exc_info and any(blocks):
            raise exc_info[1]  # too late for another answer
        if begun and not exc_info:
            raise AssertionError("start_response twice, without exc_info")
        if not re.match(r"\d{3} \S", status):
            raise AssertionError(f"the status {status!r} has no reason")
        "".join([status, *sum(headers, ())]).encode("latin-1")
        begun.append((status, list(headers)))
        return blocks.append

    iterable = validator(watched)(environ, start_response)
    try:
        while most is None or len(blocks) < most:
            blocks.append(next(iterable))
    except StopIteration:
        if not begun:
            raise AssertionError("start_response was not called") from None
    finally:
        iterable.close()
    status, sent = begun[-1] if begun else ("", [])
    reply = Reply(status, sent, b"".join(blocks))
    length = reply.header("Content-Length")
    whole = method != "HEAD" and most is None
    if whole and length not in (None, str(len(reply.body))):
        raise AssertionError(
            f"Content-Length says {length}, the body has {len(reply.body)}"
        )
    return reply


def varies(app, path="/", method="GET", head=False, **request):
    """How the answer to one request varies with the words of the server;
    a list of those in SAME that change it, [] if none does.

    `request` is what `ask` takes, without a body. With `head` HEAD must
    answer as GET does, without a body.
    """
    plain = ask(app, path, method, **request)
    found = [
        words
        for words, keys in SAME.items()
        if not ("?" in path and "QUERY_STRING" in keys)
        and ask(app, path, method, **request | keys) != plain
    ]
    if head and ask(app, path, "HEAD", **request) != plain._replace(
        body=b""
    ):
        found.append("HEAD")
    return found


class Page:
    """An application to stand behind an answer.

    It answers `status`, `headers`, pairs of any case, and `blocks`, of
    which an exception is raised. `environs` are those that it was called
    with, in that order.
    """

    def __init__(self, *blocks, status="200 OK", headers=None):
        self.blocks, self.status = blocks or (b"one ", b"two"), status
        self.headers = headers or [("content-type", "text/plain")]
        self.environs, self.bodies = [], []

    def __call__(self, environ, start_response):
        self.environs.append(dict(environ))
        start_response(self.status, list(self.headers))
        self.bodies.append(Body(self.blocks))
        return self.bodies[-1]

    @property
    def closed(self):
        """How often `close` was called for each body, a list of int."""
        return [body.closed for body in self.bodies]


class Body:
    """The body of an answer, read block by block, whose end is noted."""

    def __init__(self, blocks):
        self.blocks, self.closed = blocks, 0

    def __iter__(self):
        for block in self.blocks:
            if isinstance(block, Exception):
                raise block
            yield block

    def close(self):
        self.closed += 1
