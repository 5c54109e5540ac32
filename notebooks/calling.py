"""A server without a socket, which calls an application once: see 02."""

from wsgiref.util import setup_testing_defaults


class StartResponse:
    """A start_response that keeps what an application says.

    `status`, a str, and `headers`, a list of pairs, are what was said
    last, None before; `sent` is the body so far, a list of bytes.
    """

    def __init__(self):
        self.status, self.headers, self.sent = None, None, []

    def __call__(self, status, headers, exc_info=None):
        if exc_info and any(self.sent):
            raise exc_info[1]  # too late for another answer
        assert exc_info or not self.status, "start_response called twice"
        self.status, self.headers = status, headers
        return self.sent.append  # this is write()


def call(app, path="/", **environ):
    """Ask a WSGI application for a path, as a good server does.

    The environ holds `environ`, too: `call(app, REQUEST_METHOD="HEAD")`.
    Returns the status, a str, and the body, bytes.
    """
    asked = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": ""}
    environ = asked | environ
    setup_testing_defaults(environ)  # what is not there yet
    start_response = StartResponse()
    body = app(environ, start_response)
    try:
        for block in body:
            start_response.sent.append(block)
    finally:
        if hasattr(body, "close"):
            body.close()
    return start_response.status, b"".join(start_response.sent)
