"""An answer: the blocks of the app become bytes.

This file knows what PEP 3333 lets an app say, and how RFC 9112 says it.
It knows nothing of how requests are read, of threads and processes. What
an app may not say is refused, so that it learns of it in its own log.
"""

import time
from email.utils import formatdate
from functools import lru_cache, partial

from .grammar import check_head, refuse_unless
from .wire import GoneError, log, log_error

http_date = lru_cache(1)(partial(formatdate, usegmt=True))  # one a second


class Response:
    """The answer to a Request, sent on its wire; `may_keep_alive`, a
    function, is asked before the head says if the connection stays."""

    def __init__(self, request, may_keep_alive):
        self.request, self.may_keep_alive = request, may_keep_alive
        self.status = self.headers = None  # as start_response has them
        self.head_sent = self.client_gone = False
        # What the head says: the body ends after so many bytes, with the
        # last chunk, or else with the connection; and whether that stays.
        self.left, self.chunked, self.keep_alive = None, False, False

    def run(self, app, environ):
        """Call `app`, send its blocks; return whether the connection may
        go on; RefusedError if it failed before anything was sent."""
        try:
            blocks = app(environ, self.start_response)
            try:
                complete = self.send_all(blocks)
            finally:
                if hasattr(blocks, "close"):
                    blocks.close()
        except BaseException:  # not even sys.exit() ends a worker
            if not self.client_gone:
                log_error()
            refuse_unless(self.head_sent, 500, "the app failed")
            return False
        return complete and self.keep_alive

    def start_response(self, status, headers, exc_info=None):
        """Check and remember; send nothing yet."""
        try:
            if exc_info and self.head_sent:
                raise exc_info[1].with_traceback(exc_info[2])
            first = exc_info or self.status is None
            refuse_unless(first, 500, "a second start")
        finally:
            exc_info = None  # what it refers to may end now
        self.status, self.headers = status, None
        check_head(status, headers)
        self.headers = headers.copy()
        return self.write

    def write(self, data):
        """What start_response returns: send `data` before all blocks."""
        fits = self.send(data) or not self.has_body()
        refuse_unless(fits, 500, "more than Content-Length")

    def send_all(self, blocks):
        """Send each block before the next is asked for, then the end;
        return whether the body is as long as the head says."""
        try:
            single = len(blocks) == 1
        except TypeError:
            single = False  # most have no length
        for block in blocks:
            length = len(block) if single else None
            if not self.send(block, length):
                break
        if not self.head_sent:
            self.transmit(self.head(0))
        if self.chunked:
            self.transmit(b"0\r\n\r\n")
        if self.left:
            log(f"{self.left} bytes less than the Content-Length says")
        return not self.left

    def send(self, data, length=None):
        """Send a block of a body that has `length` bytes, or nobody knows
        how many; return whether all of the block fitted."""
        is_bytes = isinstance(data, bytes)
        refuse_unless(is_bytes, 500, f"{type(data)} for bytes")
        if not data:
            return True
        head = b"" if self.head_sent else self.head(length)
        fits = self.left is None or len(data) <= self.left
        if self.left is not None:
            data = data[: self.left]
            self.left -= len(data)
        elif self.chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self.transmit(head + data)
        return fits

    def transmit(self, data):
        """Give `data` to the system; remember if the client has gone."""
        try:
            self.request.wire.send(data)
        except GoneError:
            self.client_gone = True
            raise

    def head(self, length):
        """Return the head for a body of `length` bytes, or None; decide
        how the client knows where the body ends."""
        refuse_unless(self.headers is not None, 500, "no start_response")
        self.head_sent, headers = True, self.headers
        given = {name.lower(): value for name, value in headers}
        code = self.status[:3]
        tunnel = self.request.method == "CONNECT" and code < "300"
        if tunnel or code in ("204", "205"):  # RFC 9110, 8.6 and 15.3.6
            length = None if tunnel else 0
            given.pop("content-length", None)
            headers = [h for h in headers if h[0].lower() in given]
        length = given.get("content-length", length)
        self.keep_alive = self.request.keep_alive and self.may_keep_alive()
        if not self.has_body():
            self.left = 0
        elif length is not None:
            self.left = int(length)
            if "content-length" not in given:
                headers.append(("Content-Length", str(length)))
        elif self.request.http11 and not tunnel:
            self.chunked = True
            headers.append(("Transfer-Encoding", "chunked"))
        else:
            self.keep_alive = False  # the body ends with the connection
        if not self.keep_alive or not self.request.http11:
            option = "keep-alive" if self.keep_alive else "close"
            headers.append(("Connection", option))
        if "date" not in given:
            headers.append(("Date", http_date(int(time.time()))))
        if "server" not in given:
            headers.append(("Server", "small_server"))
        lines = "".join([f"{n}: {v}\r\n" for n, v in headers])
        return f"HTTP/1.1 {self.status}\r\n{lines}\r\n".encode("latin-1")

    def has_body(self):
        """Whether HTTP lets this answer have a body at all."""
        without = self.status[:3] in ("204", "304")
        return self.request.method != "HEAD" and not without
