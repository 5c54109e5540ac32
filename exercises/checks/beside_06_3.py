"""Beside the answer to exercise 3 of sheet 06: who would be served."""

import os
import socket
from unittest.mock import patch

from answer import shop


class Listens(BaseException):
    """A server wants its address: we know it, and stop it there."""


def begun(name, **environ):
    """The servers that a module of this name begins: host, port, whether
    it has the debugger and the reloader."""
    servers = []

    def run_simple(hostname, port, application, **options):
        keys = "use_debugger", "use_reloader"
        extras = [bool(options.get(key)) for key in keys]
        servers.append((hostname, port, *extras))

    def bind(sock, address):  # of any other server
        servers.append((*address[:2], False, False))
        raise Listens

    environ = {**os.environ, **environ}
    with (
        patch("werkzeug.serving.run_simple", run_simple),
        patch.object(socket.socket, "bind", bind),
        patch.dict(os.environ, environ),
    ):
        try:
            exec(shop, {"__name__": name})  # noqa: S102, as `import` does
        except Listens:
            pass
    return servers


def hosts(**environ):
    return [host for host, *_ in begun("__main__", **environ)]


def ports(**environ):
    return [port for _, port, *_ in begun("__main__", **environ)]


def extras(**environ):
    """Whether there is a debugger, and a reloader."""
    return [server[2:] for server in begun("__main__", **environ)]


def imported():
    """What the views of `shop.app` answer after `import shop`."""
    names = {"__name__": "shop"}
    exec(shop, names)  # noqa: S102
    if "app" not in names:
        return "no app"
    client = names["app"].test_client()
    return client.get("/").text, client.get("/error").status_code
