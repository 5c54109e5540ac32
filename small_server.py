"""A small WSGI server, the last step of chapter 05.

    python -m small_server wsgi:app --bind 127.0.0.1:8000 --workers 2

A parent opens the socket and forks workers. In a worker, threads take
turns to wait for a connection; each reads requests, calls the app and
sends what it answers, as PEP 3333 says, until the connection ends.
"""

import argparse
import contextlib
import os
import pkgutil
import re
import select
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import unquote
from wsgiref.util import FileWrapper, is_hop_by_hop

IDLE = 5  # seconds to wait for a request
SLOW = 20  # seconds for a request to arrive, or for a block to leave
GRACE = 30  # seconds for a worker to stop
MOMENT = 0.2  # seconds for a request that is on its way when we stop
MAX_LINE, MAX_FIELD, MAX_FIELDS = 4096, 8190, 100  # bytes, bytes, fields
MAX_BODY, IN_MEMORY = 16 * 2**20, 2**18  # bytes; above, it is in a file
ONCE = {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST"}
NO_TRAILERS = {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"}

# The grammar of RFC 9112, strict wherever two readers could disagree.
# In one thing it is stricter: get is not GET, so a method has no small
# letters. (?<=...) and (?<!...) look at what stands before.
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
EXTENSION = rf"[ \t]*;[ \t]*{TOKEN}(?:[ \t]*=[ \t]*(?:{TOKEN}|{QUOTED}))?"
IP6 = r"\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]"
NAME = rf"(?:{IP6}|(?:[\w.~!$&'()*+;=-]|%[0-9A-Fa-f]{{2}})+)"
HOST = rf"{NAME}(?::[0-9]{{0,5}})?"
START = rf"(?i:https?)://(?:[!-.0->A-~]*@)?({HOST})|(?=/)"
PATH = r'/[!"$->@-~\x80-\xff]*'  # ends before ? and #
QUERY = r'\?([!"$-~\x80-\xff]*)'  # ends before #
URL = rf"(?:{START})({PATH})?(?:{QUERY})?(?:#[!-~\x80-\xff]*)?"
RULES = {
    "request line": r"([!$%&'*+.^_`|~0-9A-Z-]+) "
    rf"((?<!^CONNECT ){URL}|(?<=^OPTIONS )\*|(?<=^CONNECT ){NAME}:[0-9]+)"
    r" HTTP/([0-9])\.([0-9])",
    "Host": rf"(?:{HOST})?",
    "field": rf"({TOKEN}):[ \t]*([\t -~\x80-\xff]*)",
    "Content-Length": r"[0-9]{1,18}",
    "chunk size": rf"([0-9A-Fa-f]{{1,15}})(?:{EXTENSION})*",
    "status": r"[2-9][0-9]{2}(?: +[!-~\x80-\xff]+)+",
    "header name": TOKEN,
    "header value": r"[ -~\x80-\xff]*",
}
RULES = {name: re.compile(RULES[name], re.ASCII) for name in RULES}
LINE_END = re.compile(rb"\n|\r.", re.DOTALL)  # CR LF, or a wrong one


class RefusedError(Exception):
    """What comes breaks a rule: status of our answer, and the reason."""


def need(condition, status, reason):
    """Refuse what comes unless `condition` is true."""
    if not condition:
        raise RefusedError(status, reason)


def match(rule, text):
    """Return the match of all of `text`, which must follow `rule`."""
    found = RULES[rule].fullmatch(text)
    need(found, 400, f"malformed {rule}")
    return found


def log(text):
    """Write to stderr, if that is still there."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(f"{text}\n")  # at once: threads mix pieces
        sys.stderr.flush()


def ready(seconds, *files):
    """Wait until one of `files` can be read; return those that can."""
    return select.select(files, [], [], seconds)[0]


class Request:
    """Reads a request from a socket, and believes nothing."""

    def __init__(self, sock, buffer):
        self.sock, self.buffer = sock, buffer  # what has come already
        self.method, self.modern, self.keep = None, True, False
        self.deadline = time.monotonic() + SLOW

    def receive(self):
        """Wait for more bytes."""
        data = self.sock.recv(65536)
        need(data, 400, "it ends too early")
        need(time.monotonic() < self.deadline, 408, "it is too slow")
        self.buffer += data

    def line(self, limit, status):
        """Return the next line, which must end with CR LF, as str."""
        while not (end := LINE_END.search(self.buffer)):
            need(len(self.buffer) <= limit, status, "a line is too long")
            self.receive()
        need(end.end() <= limit, status, "a line is too long")
        need(end[0] == b"\r\n", 400, "a line does not end with CR LF")
        line = self.buffer[: end.start()].decode("latin-1")
        del self.buffer[: end.end()]
        return line

    def environ(self):
        """Read the request; return its part of the environ."""
        line = self.line(MAX_LINE, 414) or self.line(MAX_LINE, 414)
        found = match("request line", line).groups()
        self.method, target, host, path, query, major, minor = found
        need(major == "1", 505, "this server speaks HTTP/1.1")
        self.modern = minor != "0"
        environ = self.fields()
        need("HTTP_HOST" in environ or not self.modern, 400, "no Host")
        match("Host", environ.get("HTTP_HOST", ""))
        if host:
            environ["HTTP_HOST"] = host
        path = path or ("/" if host else target)  # or * or a host alone
        environ["REQUEST_METHOD"] = self.method
        environ["PATH_INFO"] = unquote(path, "latin-1")
        environ["QUERY_STRING"] = query or ""
        environ["SERVER_PROTOCOL"] = f"HTTP/1.{minor}"
        environ["wsgi.input"] = self.body(environ)
        options = environ.get("HTTP_CONNECTION", "").lower()
        options = re.split("[ \t,]+", options)
        self.keep = self.modern or "keep-alive" in options
        self.keep &= "close" not in options and self.method != "CONNECT"
        return environ

    def fields(self):
        """Read header fields; return them with the keys of the environ."""
        fields, count = {}, 0
        while line := self.line(MAX_FIELD, 431):
            count += 1
            need(count <= MAX_FIELDS, 431, "too many header fields")
            name, value = match("field", line).groups()
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            value = value.rstrip(" \t")
            if "_" in name:
                continue  # dropped: X_A and X-A would both be HTTP_X_A
            if key in fields:
                need(key not in ONCE, 400, f"{name} comes twice")
                comma = "; " if key == "HTTP_COOKIE" else ","
                value = fields[key] + comma + value
            fields[key] = value
        return fields

    def body(self, environ):
        """Return the body, a file, all of it; set its CONTENT_LENGTH."""
        coding = environ.pop("HTTP_TRANSFER_ENCODING", None)
        length = environ.get("CONTENT_LENGTH", "0")
        length = int(match("Content-Length", length)[0])
        need(length <= MAX_BODY, 413, "the body is too large")
        if coding is not None:
            both = "CONTENT_LENGTH" in environ
            need(not both, 400, "a Content-Length and chunks")
            need(self.modern, 400, "chunks in HTTP/1.0")
            need(coding.lower() == "chunked", 501, "unknown coding")
        if self.modern and "HTTP_EXPECT" in environ:
            expect = environ["HTTP_EXPECT"].lower()
            need(expect == "100-continue", 417, "unknown expectation")
            if (coding or length) and not self.buffer:
                self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        self.copy(length, body)
        if coding:
            self.copy_chunks(body)
            environ["CONTENT_LENGTH"] = str(body.tell())
        body.seek(0)
        return body

    def copy(self, size, body):
        """Copy `size` bytes into the file `body`."""
        while size:
            if not self.buffer:
                self.receive()
            part = self.buffer[:size]
            del self.buffer[: len(part)]
            body.write(part)
            size -= len(part)

    def chunk_size(self):
        """Read the line before a chunk; return the size in bytes."""
        return int(match("chunk size", self.line(MAX_LINE, 400))[1], 16)

    def copy_chunks(self, body):
        """Copy a chunked body into the file `body`."""
        while size := self.chunk_size():
            need(body.tell() + size <= MAX_BODY, 413, "a body too large")
            self.copy(size, body)
            self.line(2, 400)  # there is room for CR LF alone
        late = NO_TRAILERS & self.fields().keys()
        need(not late, 400, "a field that cannot be a trailer")


class Response:
    """Sends the answer to a request."""

    def __init__(self, request, worker):
        self.request, self.worker, self.keep = request, worker, False
        self.sent = self.gone = self.chunked = False
        self.status = self.headers = self.length = self.left = None

    def start(self, status, headers, exc_info=None):
        """start_response: check and remember; send nothing yet."""
        try:
            if exc_info and self.sent:
                raise exc_info[1].with_traceback(exc_info[2])
            need(exc_info or self.status is None, 500, "a second start")
        finally:
            exc_info = None  # what it refers to may end now
        self.status, self.headers = status, None
        match("status", status)
        need(type(headers) is list, 500, "headers that are not a list")
        for name, value in headers:
            match("header name", name)
            match("header value", value)
            need(not is_hop_by_hop(name), 500, f"{name} from an app")
        lengths = [v for n, v in headers if n.lower() == "content-length"]
        if lengths:
            match("Content-Length", ",".join(lengths))  # only one fits
        self.headers = headers.copy()
        return self.write

    def write(self, data):
        """What start_response returns: send `data` before all blocks."""
        fits = self.send(data)
        need(fits or not self.has_body, 500, "more than Content-Length")

    def send(self, data):
        """Send a block of the body; return whether all of it fitted."""
        need(isinstance(data, bytes), 500, f"{type(data)} for bytes")
        if not data:
            return True
        head = b"" if self.sent else self.head()
        fits = self.left is None or len(data) <= self.left
        if self.left is not None:
            data = data[: self.left]
            self.left -= len(data)
        elif self.chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self.transmit(head + data)
        return fits

    def head(self):
        """Return the head; decide how one knows where the body ends."""
        need(self.headers is not None, 500, "start_response not called")
        self.sent, headers = True, self.headers
        given = {name.lower(): value for name, value in headers}
        length = given.get("content-length", self.length)
        self.has_body = self.request.method != "HEAD"
        self.has_body &= self.status[:3] not in ("204", "304")
        if not self.has_body:
            self.left = 0
        elif length is not None:
            self.left = int(length)
            if "content-length" not in given:
                headers.append(("Content-Length", str(length)))
        elif self.request.modern:
            self.chunked = True
            headers.append(("Transfer-Encoding", "chunked"))
        else:
            self.keep = False  # the connection ends with the body
        self.keep &= self.worker.has_time()
        if not self.keep or not self.request.modern:
            option = "keep-alive" if self.keep else "close"
            headers.append(("Connection", option))
        if "date" not in given:
            headers.append(("Date", formatdate(usegmt=True)))
        if "server" not in given:
            headers.append(("Server", "small_server"))
        lines = [f"{name}: {value}" for name, value in headers]
        lines = [f"HTTP/1.1 {self.status}", *lines, "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def transmit(self, data):
        """Give `data` to the system; remember if the client has gone."""
        try:
            self.request.sock.sendall(data)
        except OSError:
            self.gone = True
            raise

    def run(self, app, environ):
        """Call `app`, send its blocks; return whether we go on."""
        self.keep = self.request.keep
        try:
            blocks = app(environ, self.start)
            try:
                self.send_all(blocks)
            finally:
                if hasattr(blocks, "close"):
                    blocks.close()
        except BaseException:  # not even sys.exit() ends a worker
            self.keep = False
            if not self.gone:
                log(traceback.format_exc())
            if not self.sent:
                self.page(500, "the app failed")
        return self.keep

    def send_all(self, blocks):
        """Send each block before the next is asked for, then the end."""
        try:
            single = len(blocks) == 1
        except TypeError:
            single = False  # most have no length
        for block in blocks:
            if single:
                self.length = len(block)
            if not self.send(block):
                break
        if not self.sent:
            self.length = 0
            self.transmit(self.head())
        if self.chunked:
            self.transmit(b"0\r\n\r\n")
        elif self.left:
            log(f"{self.left} bytes less than the Content-Length says")
            self.keep = False

    def page(self, status, reason):
        """Send a page of the server's own, and end the connection."""
        self.status = f"{status} {HTTPStatus(status).phrase}"
        self.headers = [("Content-Type", "text/plain")]
        page = f"{self.status}: {reason}\n".encode()
        self.keep, self.length = False, len(page)
        with contextlib.suppress(OSError):
            self.send(page)
            sock = self.request.sock
            sock.shutdown(socket.SHUT_WR)
            # A close with bytes unread would take the page back.
            end = time.monotonic() + 2
            while time.monotonic() < end and ready(1, sock):
                if not sock.recv(65536):
                    break


class Worker:
    """A process that serves. When a thread has a connection, the next one
    waits at the door. To close the rope makes the bell readable."""

    def __init__(self, app, listener, environ, most):
        self.app, self.listener, self.environ = app, listener, environ
        self.most, self.threads, self.busy = most, [], set()
        self.turn = threading.Lock()
        self.bell, self.rope = socket.socketpair()
        self.stopping = False

    def run(self, parent):
        """Serve until a signal comes, or the bell of the `parent`."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        self.listener.setblocking(False)  # two workers may hear of one
        self.start()
        ready(None, self.bell, parent)
        self.stop()
        self.listener.close()
        signal.alarm(GRACE)  # after that, the system ends this process
        for thread in self.threads:
            thread.join()

    def stop(self, *_):
        """Wake the threads that wait: finish, and begin nothing."""
        self.stopping = True
        self.rope.close()

    def start(self):
        """Start a thread, if we and the system may have one more."""
        if len(self.threads) < self.most:
            with contextlib.suppress(RuntimeError):
                thread = threading.Thread(target=self.work)
                thread.start()
                self.threads.append(thread)

    def work(self):
        """What a thread does: wait for a connection, serve it, repeat."""
        while connection := self.accept():
            try:
                with connection[0]:
                    self.serve(*connection)
            except OSError:
                pass  # the client has gone
            except Exception:
                log(traceback.format_exc())
            self.busy.discard(connection)

    def accept(self):
        """Wait for our turn, then for a connection; None if we stop."""
        files = self.listener, self.bell
        with self.turn:
            while not self.stopping:
                try:
                    if self.listener in ready(None, *files):
                        connection = self.listener.accept()
                        self.busy.add(connection)
                        if len(self.busy) == len(self.threads):
                            self.start()  # it waits for the next one
                        return connection
                except BlockingIOError:
                    pass  # another worker was faster
                except (OSError, ValueError):
                    time.sleep(0.1)  # too many files are open
        return None

    def serve(self, sock, address):
        """Answer the requests of one connection."""
        buffer, keep = bytearray(), True
        sock.settimeout(SLOW)
        while keep and self.comes(sock, buffer):
            request = Request(sock, buffer)
            response = Response(request, self)
            try:
                environ = self.environ | request.environ()
            except RefusedError as error:
                return response.page(*error.args)
            environ["REMOTE_ADDR"] = address[0]
            environ["REMOTE_PORT"] = str(address[1])
            with environ["wsgi.input"]:
                keep = response.run(self.app, environ)

    def comes(self, sock, buffer):
        """Return whether a request comes; wait for its first bytes."""
        if not buffer:
            asks = sock in ready(IDLE, sock, self.bell)
            if asks or ready(MOMENT, sock):
                buffer += sock.recv(65536)
        return bool(buffer)

    def has_time(self):
        """Return whether a thread may stay with its connection."""
        return len(self.busy) < len(self.threads) and not self.stopping


class Parent:
    """Keeps workers running. They stop when it closes its rope, on
    purpose or by its end."""

    def __init__(self, listener, count):
        self.listener, self.count = listener, count
        self.bell, self.rope = socket.socketpair()
        self.workers, self.stopping = set(), False

    def run(self, app, environ, threads):
        """Serve `app` until a signal comes and all workers have ended."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        while self.workers or not self.stopping:
            if len(self.workers) < self.count and not self.stopping:
                pid = os.fork()
                if pid == 0:
                    self.rope.close()
                    worker = Worker(app, self.listener, environ, threads)
                    return worker.run(self.bell)
                self.workers.add(pid)
                continue
            pid, status = os.wait()
            self.workers.discard(pid)
            if not self.stopping:
                status = os.waitstatus_to_exitcode(status)
                log(f"worker {pid} has ended with {status}")
                time.sleep(0.1)  # the next one might, too

    def stop(self, *_):
        """Begin nothing, and let the workers finish."""
        self.stopping = True
        self.listener.close()
        self.rope.close()


def main():
    """Read the command line, open the socket, keep workers running."""
    parser = argparse.ArgumentParser("small_server")
    parser.add_argument("app", help="module:name")
    parser.add_argument("--bind", default="127.0.0.1:8000")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=100)
    parser.add_argument("--environ", action="append", default=[])
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
    host, port = listener.getsockname()
    environ = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_SOFTWARE": "small_server",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": options.threads > 1,
        "wsgi.multiprocess": options.workers > 1,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper,
    }
    environ |= (pair.partition("=")[::2] for pair in options.environ)
    log(f"Listening at http://{host}:{port}")
    Parent(listener, options.workers).run(app, environ, options.threads)


if __name__ == "__main__":
    main()
