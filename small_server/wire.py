"""The wire: lines and bytes from a socket, each in its time; and the log.

This file knows that a line ends with CR LF, that it has a limit, and that
a client may be slow. It knows nothing of what the lines say.
"""

import contextlib
import re
import select
import socket
import sys
import time

from .grammar import refuse_unless

LINE_END = re.compile(rb"\n|\r.", re.DOTALL)  # CR LF, or a wrong one


class Wire:
    """Reads a socket. What came and is not yet read is in `buffer`."""

    def __init__(self, sock, timeout):
        self.sock, self.timeout = sock, timeout
        self.buffer = bytearray()
        self.deadline = time.monotonic() + timeout
        sock.settimeout(timeout)

    def start_clock(self):
        """From now on there are `timeout` seconds to read in."""
        self.deadline = time.monotonic() + self.timeout

    def receive(self):
        """Wait for more bytes."""
        data = self.sock.recv(65536)
        refuse_unless(data, 400, "it ends too early")
        in_time = time.monotonic() < self.deadline
        refuse_unless(in_time, 408, "it is too slow")
        self.buffer += data

    def line(self, limit, status):
        """Return the next line, a str, without its CR LF; RefusedError
        with `status` if it has more bytes than `limit`."""
        while not (end := LINE_END.search(self.buffer)):
            fits = len(self.buffer) <= limit
            refuse_unless(fits, status, "a line is too long")
            self.receive()
        refuse_unless(end.end() <= limit, status, "a line is too long")
        right = end[0] == b"\r\n"
        refuse_unless(right, 400, "a line does not end with CR LF")
        line = self.buffer[: end.start()].decode("latin-1")
        del self.buffer[: end.end()]
        return line

    def copy(self, size, file):
        """Copy `size` bytes into `file`."""
        while size:
            if not self.buffer:
                self.receive()
            part = self.buffer[:size]
            del self.buffer[: len(part)]
            file.write(part)
            size -= len(part)


def wait_readable(seconds, *files):
    """Wait until one of `files` can be read; return those that can."""
    return select.select(files, [], [], seconds)[0]


def linger(sock):
    """Say that we send no more, and read until the client says it, too,
    for a moment: a close with bytes unread would take our answer back."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        end = time.monotonic() + 2
        while time.monotonic() < end and wait_readable(1, sock):
            if not sock.recv(65536):
                break


def log(text):
    """Write to stderr, if that is still there."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")  # at once: threads mix pieces
        sys.stderr.flush()
