"""A connection: requests and answers in turn, until one of them ends it.

This file knows when a server waits, how long, and when it says good-bye.
It knows nothing of grammar, nor of who accepted the connection.
"""

from http import HTTPStatus

from .grammar import RefusedError
from .request import Request
from .response import Response
from .wire import Wire, linger, wait_readable

IN_FLIGHT = 0.2  # seconds for a request that is on its way when we stop


class Site:
    """An app and what its connections share: the `environ` of the server,
    and the seconds `keepalive` and `timeout`."""

    def __init__(self, app, environ, keepalive, timeout):
        self.app, self.environ = app, environ
        self.keepalive, self.timeout = keepalive, timeout

    def serve(self, sock, address, worker):
        """Answer the requests that come to `sock` from its `address`.

        `worker` has a socket, `wakeup_reader`, and when that can be read,
        no request is waited for; and a function `may_keep_alive`.
        """
        environ = self.environ | {
            "REMOTE_ADDR": address[0],  # "127.0.0.1"
            "REMOTE_PORT": str(address[1]),  # "54321"
        }
        wire, keep = Wire(sock, self.timeout), True
        while keep and self.wait_for_request(wire, worker):
            request = Request(wire)
            response = Response(sock, request, worker.may_keep_alive)
            try:
                asked = request.read()
                with asked["wsgi.input"]:
                    keep = response.run(self.app, environ | asked)
            except RefusedError as error:
                keep = False
                last = Response(sock, request, lambda: False)
                last.run(page(*error.args), {})
                linger(sock)

    def wait_for_request(self, wire, worker):
        """Wait for more than an empty line; whether it comes."""
        files = wire.sock, worker.wakeup_reader
        while wire.buffer in (b"", b"\r", b"\r\n"):
            came = wire.sock in wait_readable(self.keepalive, *files)
            came = came or wait_readable(IN_FLIGHT, wire.sock)
            if not (data := came and wire.sock.recv(65536)):
                return False
            wire.buffer += data
        return True


def page(status, reason):
    """Return an app: a page of the server's own, with a `status`, an int,
    and why it comes."""
    status = f"{status} {HTTPStatus(status).phrase}"

    def app(environ, start_response):
        start_response(status, [("Content-Type", "text/plain")])
        return [f"{status}: {reason}\n".encode()]

    return app
