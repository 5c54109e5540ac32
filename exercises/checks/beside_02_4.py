"""Beside the answer to exercise 4 of sheet 02: a request, and the app."""

import re
from wsgiref.validate import validator

from answer import environ_of
from wsgi import app

target = "/greet/caf%C3%A9?cup=1&cup=%26"
sent = [("Host", "tea.example"), ("Content-Type", "text/plain")]
sent += [("X-Tea", "mint"), ("X-TEA", "green"), ("x-tea", "black tea")]
sent += [("Cookie", "a=1"), ("Cookie", "b=2"), ("X-Empty", "")]
sent += [("X-Cups", "11"), ("X-Cups", "1"), ("X-Cups", "1")]
sent += [("Accept-Language", "fr, en;q=0.5"), ("a-b-c-d", "e")]
sent += [("Content-Language", "en"), ("content-encoding", "x-tea")]
sent += [("X-Name", 'Ada-Lovelace  "A,  B"; c:D=%41')]


def page(environ):
    """The status and the body that the Flask app answers."""
    status = []
    body = app(environ, lambda *begin: status.append(begin[0]))
    return status[0], b"".join(body)


def strange(environ):
    """The keys that are neither of WSGI nor as CGI writes them."""
    return sorted(
        key
        for key in environ
        if not re.fullmatch(r"[A-Z][A-Z_0-9]*|[a-z_]+\..+", key)
    )


def examined(environ):
    """What the examiner says against an environ."""
    try:
        validator(app)(environ, lambda *begin: print).close()
    except AssertionError as error:
        return str(error)
    return "nothing"


def twice():
    """What two requests bring, that were made before one was read."""
    bodies = b"one\n\xff\0", b" two\n"
    made = [environ_of("POST", "/", [], body) for body in bodies]
    return tuple(environ["wsgi.input"].read(9) for environ in made)


def lines():
    return [*environ_of("POST", "/", [], b"one\ntwo")["wsgi.input"]]
