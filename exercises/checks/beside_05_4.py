"""Beside the answer to exercise 4 of sheet 05: heads to take apart."""

from answer import environ_of


def read(first, *lines):
    """The environ of a head, or the error."""
    head = "\r\n".join([first, *lines]).encode("latin-1")
    try:
        return environ_of(head)
    except ValueError:
        return "ValueError"


def get(*lines, path="/", key=None):
    """One key of a GET, or the whole, or the error."""
    environ = read(f"GET {path} HTTP/1.1", "Host: tea", *lines)
    if key is None or environ == "ValueError":
        return environ
    return environ.get(key)
