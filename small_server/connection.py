"""A connection: requests and answers in turn, until one of them ends it.

This file knows when a server waits, how long, and when it says good-bye.
It knows nothing of grammar, nor of who accepted the connection.
"""

from http import HTTPStatus

from .grammar import RefusedError
from .request import Request
from .response import Response
from .wire import Wire, linger, log_error, wait_readable

IN_FLIGHT = 0.2  # seconds for a request that is on its way when we stop


class Site:
    """An app and what its connections share: the `environ` of the server,
    the seconds `keepalive` and `timeout`, the bytes `limit_body`."""

    def __init__(self, app, environ, keepalive, timeout, limit_body):
        self.app, self.environ, self.limit_body = app, environ, limit_body
        self.keepalive, self.timeout = keepalive, timeout

    def serve(self, sock, address, worker):
        """Answer the requests that come to `sock` from its `address`. The
        `worker` has a socket, `wakeup_reader`, and when that can be read,
        no request is waited for; and a function `may_keep_alive`."""
        environ = self.environ | {
            "REMOTE_ADDR": address[0],  # "127.0.0.1"
            "REMOTE_PORT": str(address[1]),  # "54321"
        }
        wire = Wire(sock, self.timeout)
        while self.wait_for_request(wire, worker):
            request = Request(wire, self.limit_body)
            if not self.answer(request, environ, worker.may_keep_alive):
                return linger(sock)  # more of the client may be on its way

    def answer(self, request, environ, may_keep_alive):
        """Read a request, answer it; return if the connection may go on."""
        response = Response(request, may_keep_alive)
        try:
            asked = request.read()
            with asked["wsgi.input"]:
                return response.run(self.app, environ | asked)
        except RefusedError as error:
            refusal = error.args
        except OSError:  # not the client's fault: there is no room, say
            log_error()
            refusal = 500, "the server failed"
        if not response.head_sent:
            Response(request, lambda: False).run(page(*refusal), {})
        return False

    def wait_for_request(self, wire, worker):
        """Wait for more than an empty line; whether it comes."""
        files = wire.sock, worker.wakeup_reader
        while wire.buffer in (b"", b"\r", b"\r\n"):
            came = wire.sock in wait_readable(self.keepalive, *files)
            came = came or wait_readable(IN_FLIGHT, wire.sock)
            if not (came and wire.receive()):
                return False
        return True


def page(status, reason):
    """Return an app: a page of our own, with a `status`, an int, and why."""

    def app(environ, start_response):
        line = f"{status} {HTTPStatus(status).phrase}"
        start_response(line, [("Content-Type", "text/plain")])
        return [f"{line}: {reason}\n".encode()]

    return app
