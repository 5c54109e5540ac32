"""Beside the answer to exercise 4 of sheet 03: sites, one in the other."""

from answer import mount
from exercises.checks.apps import TEXT
from exercises.client import ask


def named(name):
    """An app that says who answers, and where it thinks that it is."""

    def app(environ, start_response):
        start_response("200 OK", [TEXT])
        prefix, path = environ["SCRIPT_NAME"], environ["PATH_INFO"]
        return [f"{name} {prefix!r} {path!r}".encode()]

    return app


def mounted():
    """Two sites in one, and that in a third."""
    both = mount("/tea", named("inner"), named("outer"))
    return both, mount("/shop", both, named("home"))


def where(app, path):
    return ask(app, path).body.decode()
