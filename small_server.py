"""A small WSGI server, the last step of chapter 05.

    python -m small_server wsgi:app --bind 127.0.0.1:8000 --workers 2

A parent opens the socket and forks workers. In a worker, threads take
turns to wait for a connection; each reads requests, calls the app and
sends what it answers, as PEP 3333 says, until the connection ends.
"""

import argparse
import contextlib
import importlib
import os
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
MAX_LINE = 4096  # bytes of a request line
MAX_FIELD = 8190  # bytes of a header field
MAX_FIELDS = 100
MAX_BODY = 16 * 1024 * 1024  # bytes
IN_MEMORY = 256 * 1024  # bytes of a body that is not kept in a file
CANNOT_IMPORT = 3  # an exit status
ONCE = {"CONTENT_LENGTH", "CONTENT_TYPE", "HTTP_HOST"}
NO_TRAILERS = {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "HTTP_HOST"}

# The grammar of RFC 9112, strict wherever two readers could disagree.
# In one thing it is stricter: get is not GET, so a method has no small
# letters.
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
EXTENSION = rf"[ \t]*;[ \t]*{TOKEN}(?:[ \t]*=[ \t]*(?:{TOKEN}|{QUOTED}))?"
IP6 = r"\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]"
NAME = rf"(?:{IP6}|(?:[\w.~!$&'()*+;=-]|%[0-9A-Fa-f]{{2}})+)"
HOST = rf"{NAME}(?::[0-9]{{0,5}})?"
PATH = r'/[!"$->@-~\x80-\xff]*'  # ends before ? and #
QUERY = r'\?([!"$-~\x80-\xff]*)'  # ends before #
START = rf"(?i:https?)://(?:[!-.0->A-~]*@)?({HOST})|(?=/)"
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
        sys.stderr.write(
            f"{text}\n"
        )  # at once, or threads mix their lines
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
        environ["REQUEST_METHOD"] = self.method
        path = path or ("/" if host else target)  # or * or a host alone
        environ["PATH_INFO"] = unquote(path, "latin-1")
        environ["QUERY_STRING"] = query or ""
        environ["SERVER_PROTOCOL"] = f"HTTP/1.{minor}"
        environ["wsgi.input"] = self.body(environ)
        options = environ.get("HTTP_CONNECTION", "").lower().split(",")
        options = [option.strip(" \t") for option in options]
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
            if "_" in name:
                continue  # dropped: X_A and X-A would both be HTTP_X_A
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            value = value.rstrip(" \t")
            if key in fields:
                need(key not in ONCE, 400, f"{name} comes twice")
                comma = "; " if key == "HTTP_COOKIE" else ","
                value = fields[key] + comma + value
            fields[key] = value
        return fields

    def body(self, environ):
        """Return the body, a file, all of it; set its CONTENT_LENGTH."""
        length = environ.get("CONTENT_LENGTH", "0")
        coding = environ.pop("HTTP_TRANSFER_ENCODING", None)
        if coding is None:
            length = int(match("Content-Length", length)[0])
            need(length <= MAX_BODY, 413, "the body is too large")
        else:
            both = "CONTENT_LENGTH" in environ
            need(not both, 400, "a Content-Length and chunks")
            need(self.modern, 400, "chunks in HTTP/1.0")
            need(coding.lower() == "chunked", 501, "unknown coding")
        if self.modern and "HTTP_EXPECT" in environ:
            expect = environ["HTTP_EXPECT"].lower()
            need(expect == "100-continue", 417, "unknown expectation")
            if length != 0 and not self.buffer:
                self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115
        if coding is None:
            self.copy(length, body)
        else:
            self.copy_chunks(body)
            environ["CONTENT_LENGTH"] = str(body.tell())
        body.seek(0)
        return body

    def copy_chunks(self, body):
        """Copy a chunked body into the file `body`."""
        size = None
        while size != 0:
            found = match("chunk size", self.line(MAX_LINE, 400))
            size = int(found[1], 16)
            need(body.tell() + size <= MAX_BODY, 413, "a body too large")
            if size:
                self.copy(size, body)
                need(not self.line(2, 400), 400, "a chunk too long")
        late = NO_TRAILERS & self.fields().keys()
        need(not late, 400, "a field that cannot be a trailer")

    def copy(self, size, body):
        """Copy `size` bytes into the file `body`."""
        while size:
            if not self.buffer:
                self.receive()
            part = self.buffer[:size]
            del self.buffer[: len(part)]
            body.write(part)
            size -= len(part)


class Response:
    """Sends the answer to a request."""

    def __init__(self, request, worker):
        self.request, self.worker, self.keep = request, worker, False
        self.started = self.sent = self.gone = self.chunked = False
        self.headers = self.length = self.left = None

    def start(self, status, headers, exc_info=None):
        """start_response: check and remember; send nothing yet."""
        try:
            if exc_info and self.sent:
                raise exc_info[1].with_traceback(exc_info[2])
            need(exc_info or not self.started, 500, "two start_response")
        finally:
            exc_info = None  # what it refers to may end now
        self.started, self.headers = True, None
        match("status", status)
        need(type(headers) is list, 500, "headers that are not a list")
        for name, value in headers:
            match("header name", name)
            match("header value", value)
            need(not is_hop_by_hop(name), 500, f"{name} from an app")
        lengths = [v for n, v in headers if n.lower() == "content-length"]
        if lengths:
            match("Content-Length", ",".join(lengths))
        self.status, self.headers = status, headers.copy()
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
        """Call `app` and send its blocks, whatever happens."""
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

    def send_all(self, blocks):
        """Send each block before the next is asked for, then the end."""
        single = False
        with contextlib.suppress(TypeError):  # most have no length
            single = len(blocks) == 1
        for block in blocks:
            if single and not self.sent:
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
    """A process that serves. One thread waits for a connection; when it
    has one, the next idle thread, or a new one, waits."""

    def __init__(self, listener, environ, most):
        self.listener, self.environ = listener, environ
        self.most, self.threads, self.idle = most, 0, 0
        self.turn, self.lock = threading.Lock(), threading.Lock()
        self.bell, self.rope = socket.socketpair()
        self.stopping = False

    def stop(self, *_):
        """Wake the threads that wait: finish, and begin nothing."""
        self.stopping = True
        self.rope.close()  # from now on the bell can be read

    def run(self, app, parent):
        """Serve `app` until a signal comes, or the parent has ended."""
        self.app = app
        self.start()
        while os.getppid() == parent and not ready(0.5, self.bell):
            pass
        self.stop()
        last = []  # who is at the door already comes in
        with self.turn, contextlib.suppress(OSError):
            while True:
                last.append(self.listener.accept())
        self.listener.close()
        for connection in last:
            self.serve(*connection)
        end = time.monotonic() + (GRACE if os.getppid() == parent else 1)
        while self.threads and time.monotonic() < end:
            time.sleep(0.01)

    def start(self):
        """Start a thread, if the limit and the system let us."""
        with self.lock, contextlib.suppress(RuntimeError):
            if self.threads < self.most:
                threading.Thread(target=self.work, daemon=True).start()
                self.threads += 1
                self.idle += 1

    def work(self):
        """What a thread does: wait for a connection, serve it, repeat."""
        while connection := self.accept():
            with self.lock:
                self.idle -= 1
            if not self.idle:
                self.start()
            self.serve(*connection)
            with self.lock:
                self.idle += 1
        with self.lock:
            self.threads -= 1

    def accept(self):
        """Wait for our turn, then for a connection; None if we stop."""
        with self.turn:
            while not self.stopping:
                try:
                    if self.listener in ready(9, self.listener, self.bell):
                        return self.listener.accept()
                except BlockingIOError:
                    pass  # another worker was faster
                except (OSError, ValueError):
                    time.sleep(0.1)  # too many files are open
        return None

    def serve(self, sock, address):
        """Answer the requests of one connection."""
        buffer = bytearray()
        with sock:
            sock.settimeout(SLOW)
            try:
                while self.comes(sock, buffer):
                    if not self.answer(Request(sock, buffer), address):
                        break
            except OSError:
                pass  # the client has gone
            except Exception:
                log(traceback.format_exc())

    def comes(self, sock, buffer):
        """Return whether a request comes; wait for its first bytes."""
        if not buffer:
            asks = sock in ready(IDLE, sock, self.bell)
            # If we stop, what is on its way has a moment to arrive.
            if asks or ready(0.2, sock):
                buffer += sock.recv(65536)
        return bool(buffer)

    def has_time(self):
        """Return whether a thread may stay with its connection."""
        others = self.idle or self.threads < self.most
        return bool(others and not self.stopping)

    def answer(self, request, address):
        """Answer a request; return whether the connection goes on."""
        response = Response(request, self)
        try:
            environ = self.environ | request.environ()
        except RefusedError as error:
            response.page(*error.args)
            return False
        environ["REMOTE_ADDR"] = address[0]
        environ["REMOTE_PORT"] = str(address[1])
        response.keep = request.keep
        with environ["wsgi.input"]:
            response.run(self.app, environ)
        return response.keep


class Parent:
    """Keeps workers running: forks, waits, replaces, passes signals on."""

    def __init__(self, listener, environ, options):
        self.listener, self.environ = listener, environ
        self.options, self.pid = options, os.getpid()
        self.workers, self.stopping, self.status = {}, False, 0

    def run(self):
        """Keep the workers running until a signal; return a status."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGALRM, lambda *_: self.tell(signal.SIGKILL))
        while self.workers or not self.stopping:
            missing = len(self.workers) < self.options.workers
            if missing and not self.stopping:
                self.fork()
                continue
            pid, status = os.wait()
            status = os.waitstatus_to_exitcode(status)
            born = self.workers.pop(pid, None)
            if born is None:
                continue  # a child that somebody else has left us
            if status == CANNOT_IMPORT:
                self.status = status
                self.stop()
            elif not self.stopping:
                log(f"worker {pid} has ended with {status}")
                if time.monotonic() - born < 1:
                    time.sleep(1)  # the next one might, too
        return self.status

    def fork(self):
        """Start a worker; a signal meanwhile waits until it is known."""
        numbers = signal.SIGTERM, signal.SIGINT
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        if (pid := os.fork()) == 0:
            threads = self.options.threads
            worker = Worker(self.listener, self.environ, threads)
            signal.signal(signal.SIGTERM, worker.stop)
            signal.signal(signal.SIGINT, worker.stop)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
            sys.exit(worker.run(load(self.options.app), self.pid))
        self.workers[pid] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
        if self.stopping:
            self.stop()

    def stop(self, *_):
        """Ask the workers to stop; those that do not are killed."""
        self.stopping = True
        self.listener.close()
        signal.alarm(GRACE + 1)
        self.tell(signal.SIGTERM)

    def tell(self, number):
        """Send a signal to all workers."""
        for pid in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def load(spec):
    """Return the app that `spec` names; exit if there is none."""
    module, name = spec.split(":")
    try:
        app = getattr(importlib.import_module(module), name, None)
        problem = None if callable(app) else f"no callable {name} there"
    except ModuleNotFoundError as error:
        problem = error
    except BaseException:
        problem = traceback.format_exc()
    if problem:
        log(f"small_server: cannot import {spec}: {problem}")
        sys.exit(CANNOT_IMPORT)
    return app


def main():
    """Read the command line, open the socket, keep workers running."""
    parser = argparse.ArgumentParser("small_server")
    parser.add_argument("app", help="module:name")
    parser.add_argument("--bind", default="127.0.0.1:8000")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=100)
    options = parser.parse_args()
    if not re.fullmatch(r"\w+(\.\w+)*:\w+", options.app):
        parser.error(f"not a module:name: {options.app}")
    if min(options.workers, options.threads) < 1:
        parser.error("--workers and --threads need 1 or more")
    host, _, port = options.bind.rpartition(":")
    try:
        address = host or "127.0.0.1", int(port)
        listener = socket.create_server(address, backlog=1024)
    except (OSError, OverflowError, ValueError) as error:
        parser.error(f"cannot listen at {options.bind}: {error}")
    listener.setblocking(False)  # two workers may hear of one connection
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
    log(f"Listening at http://{host}:{port}")
    sys.exit(Parent(listener, environ, options).run())


if __name__ == "__main__":
    main()
