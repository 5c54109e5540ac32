"""A request: bytes become the environ.

This file knows what RFC 9112 asks of a request, and what PEP 3333 asks of
an environ. It knows nothing of apps, answers and processes. It believes
nothing: a request that breaks a rule is refused.
"""

import re
import tempfile
from urllib.parse import unquote

from .grammar import check_host, match, refuse_unless, split_target

# Named as Gunicorn's settings. A line is counted with its CR LF.
LIMIT_REQUEST_LINE = 4096  # bytes
LIMIT_REQUEST_FIELDS = 100
LIMIT_REQUEST_FIELD_SIZE = 8190  # bytes
LIMIT_BODY = 16 * 2**20  # bytes
LIMIT_CHUNK_EXT = 2**14  # bytes, of all chunks of a body
IN_MEMORY = 2**18  # bytes of a body; a larger one is in a file
ONCE = {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST"}
NO_TRAILERS = {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"}


class Request:
    """A request, read from a Wire; its body has a limit in bytes."""

    def __init__(self, wire, limit_body=LIMIT_BODY):
        self.wire, self.limit_body = wire, limit_body
        self.method = None  # a str, once its line is read
        self.http11 = True  # or a later 1.x; False: HTTP/1.0
        self.keep_alive = False  # whether the client wants it
        self.chunk_ext = 0  # bytes of it so far

    def read(self):
        """Read it all; return its part of the environ, a dict, of which
        `wsgi.input` is to be closed; RefusedError if it breaks a rule."""
        self.wire.start_clock()
        line = self.start_line() or self.start_line()  # one may be empty
        found = match("request-line", line)
        self.method, target, major, minor = found.groups()
        host, path, query = split_target(self.method, target)
        refuse_unless(major == "1", 505, "this server speaks HTTP/1.1")
        self.http11 = minor != "0"
        environ = self.fields()
        named = "HTTP_HOST" in environ or not self.http11
        refuse_unless(named, 400, "no Host")
        check_host(environ.get("HTTP_HOST", ""))
        if host:
            check_host(host)
            environ["HTTP_HOST"] = host  # the target is the stronger one
        environ["REQUEST_METHOD"] = self.method  # "GET"
        environ["PATH_INFO"] = unquote(path, "latin-1")  # "/greet/Ada"
        environ["QUERY_STRING"] = query  # "a=1&b=2"
        environ["SERVER_PROTOCOL"] = f"HTTP/1.{minor}"  # "HTTP/1.1"
        environ["wsgi.input"] = self.body(environ)
        self.keep_alive = self.wants_keep_alive(environ)
        return environ

    def start_line(self):
        """Return the next line, with the limit of a request-line."""
        return self.wire.line(LIMIT_REQUEST_LINE, 414)

    def fields(self):
        """Read header fields; return them with the keys of the environ."""
        fields, count = {}, 0
        while line := self.wire.line(LIMIT_REQUEST_FIELD_SIZE, 431):
            count += 1
            few = count <= LIMIT_REQUEST_FIELDS
            refuse_unless(few, 431, "too many header fields")
            name, value = match("field-line", line).groups()
            if "_" in name:
                continue  # dropped: X_A and X-A would both be HTTP_X_A
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            value = value.strip(" \t")
            if key in fields:
                refuse_unless(key not in ONCE, 400, f"{name} comes twice")
                comma = "; " if key == "HTTP_COOKIE" else ","
                value = fields[key] + comma + value
            fields[key] = value  # HTTP_HOST: "localhost"
        return fields

    def wants_keep_alive(self, environ):
        """Whether the client wants to ask again on this connection."""
        options = environ.get("HTTP_CONNECTION", "").lower()
        options = re.split("[ \t,]+", options)
        if "close" in options or self.method == "CONNECT":
            return False
        return self.http11 or "keep-alive" in options

    def body(self, environ):
        """Return the body, a file, all of it; set its CONTENT_LENGTH."""
        coding = environ.pop("HTTP_TRANSFER_ENCODING", None)
        length = environ.get("CONTENT_LENGTH", "0")
        length = int(match("Content-Length", length)[0])
        fits = length <= self.limit_body
        refuse_unless(fits, 413, "the body is too large")
        if coding is not None:
            alone = "CONTENT_LENGTH" not in environ
            refuse_unless(alone, 400, "a Content-Length and chunks")
            refuse_unless(self.http11, 400, "chunks in HTTP/1.0")
            *others, last = coding.lower().split(",")
            chunked = last.lstrip(" \t") == "chunked"
            refuse_unless(chunked, 400, "the last coding is not chunked")
            refuse_unless(not others, 501, "unknown coding")
        if self.http11 and "HTTP_EXPECT" in environ:
            # A list, in which a member may be empty, or come twice.
            expected = environ["HTTP_EXPECT"].lower().split(",")
            expected = {one.strip(" \t") for one in expected} - {""}
            known = expected <= {"100-continue"}
            refuse_unless(known, 417, "unknown expectation")
            if expected and (coding or length) and not self.wire.buffer:
                self.wire.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wire.start_clock()
        body = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        if coding:
            self.copy_chunks(body)
            environ["CONTENT_LENGTH"] = str(body.tell())
        else:
            self.wire.copy(length, body)
        body.seek(0)
        return body

    def copy_chunks(self, body):
        """Copy a chunked body into the file `body`."""
        while size := self.chunk_size():
            fits = body.tell() + size <= self.limit_body
            refuse_unless(fits, 413, "the body is too large")
            self.wire.copy(size, body)
            self.wire.line(2, 400)  # there is room for CR LF alone
        late = NO_TRAILERS & self.fields().keys()
        refuse_unless(not late, 400, "a field that cannot be a trailer")

    def chunk_size(self):
        """Read the line before a chunk; return the size in bytes."""
        line = self.wire.line(LIMIT_REQUEST_LINE, 400)
        size = match("chunk-size", line)[1]
        self.chunk_ext += len(line) - len(size)
        few = self.chunk_ext <= LIMIT_CHUNK_EXT
        refuse_unless(few, 400, "too many chunk extensions")
        return int(size, 16)
