"""Beside the answer to exercise 3 of sheet 03: who reads the errors."""

import io

import answer
from answer import app
from exercises.client import ask

as_it_was = answer.tea


def told(path):
    """What goes to wsgi.errors."""
    log = io.StringIO()
    ask(app, path, **{"wsgi.errors": log})
    return log.getvalue()


def shown(path):
    """All that a visitor is told, in small letters."""
    return str(ask(app, path)).lower()


def fail_with(error):
    """Let `tea` fail with this error from now on."""

    def tea(path):
        raise error

    answer.tea = tea


def serve_only(path, report):
    """Let `tea` have this report, and no other."""
    answer.tea = {path: report}.__getitem__


def mend():
    """Let `tea` be as it was."""
    answer.tea = as_it_was
