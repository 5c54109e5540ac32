"""Beside the answer to exercise 2 of sheet 03: clients of all kinds."""

import io
from wsgiref.util import setup_testing_defaults

from answer import app


def call(environ):
    """Call the app: the status, the headers as a dict, the body."""
    begun = []
    setup_testing_defaults(environ)
    body = b"".join(app(environ, lambda *begin: begun.append(begin)))
    status, headers = begun[-1][:2]
    return status, {name.lower(): v for name, v in headers}, body


def post(length, body=b"x" * 2000):
    """Promise a length: the status, the bytes back, the bytes read."""
    file = io.BytesIO(body)
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": file}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    status, _, body = call(environ)
    status = status.split()[0]
    return status, len(body) if status == "200" else None, file.tell()


def kind(length):
    """The type of the answer to a promise."""
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": length}
    _, headers, _ = call(environ)
    return headers.get("content-type", "").split(";")[0]
