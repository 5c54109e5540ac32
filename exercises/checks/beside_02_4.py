"""Beside the answer to exercise 4 of sheet 02: a request, and the app."""

from answer import environ_of
from wsgi import app

target = "/greet/caf%C3%A9?cup=1&cup=%26"
sent = [("Host", "tea.example"), ("Content-Type", "text/plain")]
sent += [("X-Tea", "mint"), ("X-TEA", "green")]


def page(environ):
    """The status and the text that the Flask app answers."""
    status = []
    body = app(environ, lambda *begin: status.append(begin[0]))
    return status[0], b"".join(body).decode()
