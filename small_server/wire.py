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
import traceback

from .grammar import refuse_unless

MIN_RATE = 500  # bytes of a body, a second: that of Apache's httpd
LINE_END = re.compile(rb"\n|\r.", re.DOTALL)  # CR LF, or a wrong one


class GoneError(Exception):
    """The client has gone, or no longer takes what we send."""


class Wire:
    """A client's socket. What came and is not yet read is in `buffer`."""

    def __init__(self, sock, timeout):
        self.sock, self.timeout = sock, timeout
        self.buffer = bytearray()
        self.deadline = time.monotonic() + timeout
        sock.settimeout(timeout)

    def start_clock(self):
        """From now on there are `timeout` seconds to read in."""
        self.deadline = time.monotonic() + self.timeout

    def receive(self):
        """Wait for bytes; return whether they come, or the end."""
        try:
            data = self.sock.recv(65536)
        except OSError as error:
            raise GoneError from error
        self.buffer += data
        return bool(data)

    def receive_more(self):
        """Wait for bytes of a request that has begun."""
        left = min(self.deadline - time.monotonic(), self.timeout)
        in_time = left > 0 and wait_readable(left, self.sock)
        refuse_unless(in_time, 408, "it is too slow")
        refuse_unless(self.receive(), 400, "it ends too early")

    def line(self, limit, status):
        """Return the next line, a str, without its CR LF; RefusedError
        with `status` if it has more bytes than `limit`."""
        while not (end := LINE_END.search(self.buffer)):
            fits = len(self.buffer) <= limit
            refuse_unless(fits, status, "a line is too long")
            self.receive_more()
        refuse_unless(end.end() <= limit, status, "a line is too long")
        right = end[0] == b"\r\n"
        refuse_unless(right, 400, "a line does not end with CR LF")
        line = self.buffer[: end.start()].decode("latin-1")
        del self.buffer[: end.end()]
        return line

    def copy(self, size, file):
        """Copy `size` bytes into `file`; each gives more time."""
        while size:
            if not self.buffer:
                self.receive_more()
            part = self.buffer[:size]
            del self.buffer[: len(part)]
            file.write(part)
            size -= len(part)
            self.deadline += len(part) / MIN_RATE

    def send(self, data):
        """Send it all; GoneError if the system takes none of it for
        `timeout` seconds."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self.sock.send(rest) :]
        except OSError as error:
            raise GoneError from error


def wait_readable(seconds, *files):
    """Wait until one of `files` can be read; return those that can."""
    poll = select.poll()  # select.select has no files above 1023
    for file in files:
        poll.register(file, select.POLLIN)
    ready = dict(poll.poll(None if seconds is None else seconds * 1000))
    return [file for file in files if file.fileno() in ready]


def linger(sock):
    """Say that we send no more, and read until the client says it, too,
    for a moment: a close with bytes unread would take our answer back."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        sock.settimeout(1)
        end = time.monotonic() + 2
        while sock.recv(65536) and time.monotonic() < end:
            pass


def hang_up(sock):
    """End a connection: to close `sock` would not be enough, if a child
    that an app has forked has a copy of it."""
    with contextlib.suppress(OSError):  # it has ended
        sock.shutdown(socket.SHUT_RDWR)
    sock.close()


def log(text):
    """Write to stderr, if that is still there."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")  # at once: threads mix pieces
        sys.stderr.flush()


def log_error():
    """Write the traceback of the error that is being handled."""
    log(traceback.format_exc())
