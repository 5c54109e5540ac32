"""The command line: read it, open the socket, keep workers running.

This file knows what a user can choose, and which part is given what.
"""

import argparse
import atexit
import contextlib
import os
import pkgutil
import signal
import socket
import sys
from pathlib import Path
from wsgiref.util import FileWrapper

from .connection import Site
from .parent import Parent
from .request import LIMIT_BODY
from .wire import MIN_RATE, log


def seconds(text):
    """Return a time that was typed as `text`; ValueError if it is none."""
    number = float(text)
    if not 0 < number < 1e6:
        raise ValueError(text)
    return number


def command_line():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser("small_server")

    def add(name, text, **options):
        parser.add_argument(name, help=f"{text} (%(default)s)", **options)

    text = "module:name, imported once, before the workers are forked"
    parser.add_argument("app", help=text)
    text = "address:port, [IPv6 address]:port, or a port"
    add("--bind", text, default="127.0.0.1:8000")
    add("--workers", "processes", type=int, default=1)
    add("--threads", "at most, of each worker", type=int, default=100)
    text = "bytes of a body, at most"
    add("--limit-body", text, type=int, default=LIMIT_BODY)
    pair = {"action": "append", "metavar": "KEY=VALUE", "default": []}
    parser.add_argument("--environ", help="more of the environ", **pair)
    wait = {"type": seconds, "metavar": "SECONDS"}
    text = "how long a connection waits for its next request"
    add("--keep-alive", text, default=5, **wait)
    text = "how long a head may take, or a body or an answer stand still"
    text += f"; {MIN_RATE} bytes of a body give it a second more"
    add("--timeout", text, default=20, **wait)
    text = "how long a worker may take to stop"
    add("--graceful-timeout", text, default=30, **wait)
    return parser


def main():
    """Serve as the command line says, until a signal comes."""
    if sys.stderr is None:  # it was closed: 2>&-
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115
    parser = command_line()
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        parser.error("this needs fork, which Windows has only in WSL")
    if min(options.workers, options.threads, options.limit_body) < 1:
        parser.error("--workers, --threads, --limit-body need 1 or more")
    # Registered before the app is imported, it is called after all else:
    # in its last moments Python has no handler for the parent's alarms.
    atexit.register(signal.setitimer, signal.ITIMER_REAL, 0)
    app = pkgutil.resolve_name(options.app)
    if not callable(app):
        parser.error(f"not callable: {options.app}")
    try:
        listener, host, port = listen(options.bind)
    except (OSError, OverflowError, ValueError) as error:
        parser.error(f"cannot listen at {options.bind}: {error}")
    environ = server_environ(host, port, options)
    limits = options.keep_alive, options.timeout, options.limit_body
    site = Site(app, environ, *limits)
    parent = Parent(listener, options.workers, options.graceful_timeout)
    log(f"Listening at http://{host}:{port}")
    parent.run(site.serve, options.threads)


def listen(bind):
    """Return a socket that listens at `bind`, as it was typed, and its
    host and port as a URL has them; OSError, OverflowError, ValueError."""
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if "[" in host else socket.AF_INET
    address = host.strip("[]") or "127.0.0.1", int(port)
    listener = socket.create_server(address, family=family, backlog=1024)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # The system takes little in advance, so that we see a client read.
    if lowat := getattr(socket, "TCP_NOTSENT_LOWAT", None):
        listener.setsockopt(socket.IPPROTO_TCP, lowat, 2**14)  # bytes
    host, port, *_ = listener.getsockname()
    return listener, f"[{host}]" if ":" in host else host, port


def server_environ(host, port, options):
    """Return what is the same in the environ of all requests, a dict."""
    environ = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,  # "127.0.0.1", "[::1]"
        "SERVER_PORT": str(port),  # "8000"
        "SERVER_SOFTWARE": "small_server",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": options.threads > 1,
        "wsgi.multiprocess": options.workers > 1,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    pairs = (pair.partition("=")[::2] for pair in options.environ)
    return environ | dict(pairs)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # while it imports
        main()
