"""Beside the answer to exercise 4 of sheet 07: what its file says."""

import os

from answer import conf


def settings(**environ):
    """The names that the file has in such an environment."""
    os.environ.clear()
    os.environ.update(environ)
    names = {}
    exec(conf, names)  # noqa: S102, as Gunicorn does
    return names


def setting(name, **environ):
    """One of them; a list as Gunicorn would join it."""
    value = settings(**environ).get(name, "not set")
    return ", ".join(value) if type(value) is list else value
