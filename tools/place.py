"""Where temporary files go that have Unix sockets among them."""

import os
import tempfile

LONGEST = 76  # bytes of a folder with a socket: its path has 103, on macOS


def place(more=0):
    """Where temporary files go, a str; but /tmp if that is too long for a
    Unix socket, with so many bytes `more`."""
    folder = tempfile.gettempdir()
    fits = len(os.fsencode(folder)) + more <= LONGEST
    return folder if fits or os.name != "posix" else "/tmp"
