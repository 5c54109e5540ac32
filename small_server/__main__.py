"""The command line: read it, open the socket, keep workers running.

This file knows what a user can choose, and which part is given what.
"""

import argparse
import os
import pkgutil
import socket
import sys
from wsgiref.util import FileWrapper

from .connection import Site
from .wire import log
from .workers import Parent


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

    parser.add_argument("app", help="module:name")
    add("--bind", "address:port, or a port", default="127.0.0.1:8000")
    add("--workers", "processes", type=int, default=1)
    add("--threads", "at most, of each worker", type=int, default=100)
    pair = {"action": "append", "metavar": "KEY=VALUE", "default": []}
    parser.add_argument("--environ", help="more of the environ", **pair)
    wait = {"type": seconds, "metavar": "SECONDS"}
    text = "how long a connection waits for its next request"
    add("--keep-alive", text, default=5, **wait)
    text = "how long a request may take to arrive, or a block to leave"
    add("--timeout", text, default=20, **wait)
    text = "how long a worker may take to stop"
    add("--graceful-timeout", text, default=30, **wait)
    return parser


def main():
    """Serve as the command line says, until a signal comes."""
    parser = command_line()
    options = parser.parse_args()
    if not hasattr(os, "fork"):
        parser.error("this needs fork, which Windows has only in WSL")
    if min(options.workers, options.threads) < 1:
        parser.error("--workers and --threads need 1 or more")
    app = pkgutil.resolve_name(options.app)
    if not callable(app):
        parser.error(f"not callable: {options.app}")
    host, _, port = options.bind.rpartition(":")
    try:
        address = host or "127.0.0.1", int(port)
        listener = socket.create_server(address, backlog=1024)
    except (OSError, OverflowError, ValueError) as error:
        parser.error(f"cannot listen at {options.bind}: {error}")
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    environ = server_environ(listener, options)
    log("Listening at http://{}:{}".format(*listener.getsockname()))
    site = Site(app, environ, options.keep_alive, options.timeout)
    parent = Parent(listener, options.workers)
    parent.run(site.serve, options.threads, options.graceful_timeout)


def server_environ(listener, options):
    """Return what is the same in the environ of all requests, a dict."""
    host, port = listener.getsockname()
    environ = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,  # "127.0.0.1"
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
    main()
