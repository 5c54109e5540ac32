"""Beside the answer to exercise 3 of sheet 03: who reads the errors."""

import io
from wsgiref.util import setup_testing_defaults

import answer
from answer import app


def told(path):
    """What goes to wsgi.errors."""
    log = io.StringIO()
    environ = {"PATH_INFO": path, "wsgi.errors": log}
    setup_testing_defaults(environ)
    b"".join(app(environ, lambda *begin: print))
    return log.getvalue()


def fill_the_disk():
    """Let `tea` fail from now on."""

    def tea(path):
        raise OSError("the disk is full")

    answer.tea = tea
