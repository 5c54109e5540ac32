"""A small WSGI server, the last step of chapter 05.

    python -m small_server wsgi:app --bind 127.0.0.1:8000 --workers 2

A parent opens the socket and forks workers. In a worker, threads take
turns to wait for a connection; each reads requests, calls the app and
sends what it answers, as PEP 3333 says, until the connection ends.
"""

import argparse
import contextlib
import importlib
import io
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
GRACE = 30  # seconds for a worker to end
MAX_LINE = 4096  # bytes of a request line
MAX_FIELD = 8190  # bytes of a header field
MAX_FIELDS = 100
MAX_BODY = 16 * 1024 * 1024
IN_MEMORY = 256 * 1024  # a longer body lies in a file
NO_APP = 3  # exit status

# The grammar of RFC 9112, strict wherever two readers could disagree.
# Twice it is stricter: get is not GET, so no small letters in methods;
# X_A and X-A would both be HTTP_X_A, so no underscore in names.
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = r'"(?:[\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
EXTENSION = rf"[ \t]*;[ \t]*{TOKEN}(?:[ \t]*=[ \t]*(?:{TOKEN}|{QUOTED}))?"
NAME = r"(?:\[[0-9A-Fa-f:.]+\]|(?:[\w.~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+)"
HOST = rf"{NAME}(?::[0-9]{{0,5}})?"


def grammar(pattern):
    """Return a function that matches a whole str, or returns None."""
    return re.compile(pattern, re.ASCII).fullmatch


is_request = grammar(
    r"([!$%&'*+.^_`|~0-9A-Z-]+) ([!-~\x80-\xff]+) HTTP/([0-9])\.([0-9])"
)
is_url = grammar(
    rf"(?:[Hh][Tt][Tt][Pp][Ss]?://(?:[^/?#@]*@)?({HOST}))?"
    r"(/[^?#]*)?(?:\?([^#]*))?(?:#.*)?"
)
is_authority = grammar(rf"{NAME}:[0-9]{{1,5}}")
is_host = grammar(rf"(?:{HOST})?")
is_field = grammar(
    r"([!#$%&'*+.^`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*)"
)
is_length = grammar(r"[0-9]{1,18}")
is_chunk = grammar(rf"([0-9A-Fa-f]{{1,15}})(?:{EXTENSION})*")
is_status = grammar(r"[2-9][0-9]{2}(?: +[!-~\x80-\xff]+)+")
is_name = grammar(TOKEN)
is_value = grammar(r"[ -~\x80-\xff]*")
line_end = re.compile(rb"\n|\r.", re.DOTALL)  # CR LF, or a wrong one


class RefusedError(Exception):
    """The app does not see this request; (status, reason) is the answer."""


def log(text):
    """Write a line to stderr, if that is still there."""
    with contextlib.suppress(OSError, ValueError):
        print(text, file=sys.stderr, flush=True)


def ready(seconds, *files):
    """Wait until one of `files` can be read; return those that can."""
    poll = select.poll()
    for file in files:
        poll.register(file, select.POLLIN)
    found = [number for number, event in poll.poll(seconds * 1000)]
    return [file for file in files if file.fileno() in found]


class Request:
    """Reads one request from a socket, and believes nothing."""

    def __init__(self, sock, buffer):
        self.sock, self.buffer = sock, buffer
        self.method, self.modern, self.keep = None, True, False
        self.deadline = time.monotonic() + SLOW

    def receive(self):
        """Wait for more bytes."""
        data = self.sock.recv(65536)
        if not data:
            raise RefusedError(400, "it ends too early")
        if time.monotonic() > self.deadline:
            raise TimeoutError
        self.buffer += data

    def line(self, limit, status):
        """Return the next line, which must end with CR LF, as str."""
        while not (end := line_end.search(self.buffer)):
            if len(self.buffer) > limit:
                raise RefusedError(status, "a line is too long")
            self.receive()
        if end.end() > limit:
            raise RefusedError(status, "a line is too long")
        if end[0] != b"\r\n":
            raise RefusedError(400, "a line does not end with CR LF")
        line = self.buffer[: end.start()].decode("latin-1")
        del self.buffer[: end.end()]
        return line

    def environ(self):
        """Read all of it; return its part of the environ."""
        line = self.line(MAX_LINE, 414) or self.line(MAX_LINE, 414)
        if not (match := is_request(line)):
            raise RefusedError(400, "the request line is malformed")
        self.method, target, major, minor = match.groups()
        if major != "1":
            raise RefusedError(505, "this server speaks HTTP/1.1")
        self.modern = minor != "0"
        host, path, query = self.target(target)
        environ = self.fields()
        if self.modern and "HTTP_HOST" not in environ:
            raise RefusedError(400, "the Host is missing")
        if not is_host(environ.get("HTTP_HOST", "")):
            raise RefusedError(400, "the Host is malformed")
        if host:
            environ["HTTP_HOST"] = host
        environ["REQUEST_METHOD"] = self.method
        environ["PATH_INFO"] = unquote(path, "latin-1")
        environ["QUERY_STRING"] = query or ""
        environ["SERVER_PROTOCOL"] = f"HTTP/1.{minor}"
        environ["wsgi.input"] = self.body(environ)
        options = environ.get("HTTP_CONNECTION", "").lower().split(",")
        options = [option.strip(" \t") for option in options]
        self.keep = self.method != "CONNECT" and "close" not in options
        self.keep &= self.modern or "keep-alive" in options
        return environ

    def target(self, target):
        """Return the host (of a whole URL, or None), path and query."""
        if self.method == "CONNECT":
            if is_authority(target):
                return None, target, None
        elif self.method == "OPTIONS" and target == "*":
            return None, target, None
        elif match := is_url(target):
            host, path, query = match.groups()
            if host or path:
                return host, path or "/", query
        raise RefusedError(400, "the request target is malformed")

    def fields(self):
        """Read header fields; return them with the keys of the environ."""
        fields = {}
        for _ in range(MAX_FIELDS + 1):
            if not (line := self.line(MAX_FIELD, 431)):
                return fields
            if not (match := is_field(line)):
                raise RefusedError(400, "a header field is malformed")
            name, value = match[1].lower(), match[2].rstrip(" \t")
            key = name.upper().replace("-", "_")
            if name not in ("content-type", "content-length"):
                key = f"HTTP_{key}"
            if key in fields:
                if name in ("content-type", "content-length", "host"):
                    raise RefusedError(400, f"{name} comes twice")
                join = "; " if name == "cookie" else ","
                value = f"{fields[key]}{join}{value}"
            fields[key] = value
        raise RefusedError(431, "there are too many header fields")

    def body(self, environ):
        """Read the body; return it as a file, with its CONTENT_LENGTH."""
        length = environ.get("CONTENT_LENGTH")
        coding = environ.pop("HTTP_TRANSFER_ENCODING", None)
        if coding is not None:
            if length is not None or not self.modern:
                raise RefusedError(400, "where does the body end?")
            if coding.lower() != "chunked":
                raise RefusedError(501, "the transfer coding is unknown")
        elif length is not None and not is_length(length):
            raise RefusedError(400, "the Content-Length is malformed")
        elif int(length or 0) > MAX_BODY:
            raise RefusedError(413, "the body is too large")
        if self.modern and "HTTP_EXPECT" in environ:
            if environ["HTTP_EXPECT"].lower() != "100-continue":
                raise RefusedError(417, "the expectation is unknown")
            if not self.buffer and (coding or int(length or 0)):
                self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if not coding and not length:
            return io.BytesIO()
        body = tempfile.SpooledTemporaryFile(IN_MEMORY)
        if coding:
            self.copy_chunks(body)
            environ["CONTENT_LENGTH"] = str(body.tell())
        else:
            self.copy(int(length), body)
        body.seek(0)
        return body

    def copy_chunks(self, body):
        """Copy a chunked body into the file `body`."""
        while match := is_chunk(self.line(MAX_LINE, 400)):
            size = int(match[1], 16)
            if body.tell() + size > MAX_BODY:
                raise RefusedError(413, "the body is too large")
            if size == 0:
                never = {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"}
                if self.fields().keys() & (never | {"HTTP_HOST"}):
                    raise RefusedError(400, "no trailer can be that")
                return
            self.copy(size, body)
            if self.line(2, 400):
                raise RefusedError(400, "a chunk is longer than it says")
        raise RefusedError(400, "the size of a chunk is malformed")

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

    def __init__(self, request):
        self.request, self.sock = request, request.sock
        self.keep = request.keep
        self.started = self.sent = self.gone = self.chunked = False
        self.headers = self.length = self.left = None

    def start(self, status, headers, exc_info=None):
        """start_response: check and remember; send nothing yet."""
        try:
            if exc_info and self.sent:
                raise exc_info[1].with_traceback(exc_info[2])
            if self.started and not exc_info:
                raise RuntimeError("start_response was called already")
        finally:
            exc_info = None  # what it refers to may end now
        self.started, self.headers = True, None
        if type(headers) is not list:
            raise TypeError("the response headers are not a list")
        if not is_status(status):
            raise ValueError(f"not a status: {status!r}")
        for name, value in headers:
            if not is_name(name) or not is_value(value):
                raise ValueError(f"not a header: {name!r}, {value!r}")
            if is_hop_by_hop(name):
                raise ValueError(f"{name} is the server's to send")
        lengths = [v for n, v in headers if n.lower() == "content-length"]
        if len(lengths) > 1 or not all(map(is_length, lengths)):
            raise ValueError(f"not a Content-Length: {lengths}")
        self.status, self.headers = status, headers.copy()
        return self.write

    def write(self, data):
        """What start_response returns."""
        if not self.send(data) and self.has_body:
            raise ValueError("more bytes than the Content-Length says")

    def send(self, data):
        """Send a block of the body; return whether all of it fitted."""
        if not isinstance(data, bytes):
            raise TypeError(f"{type(data).__name__} where bytes belong")
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
        if self.headers is None:
            raise RuntimeError("start_response has not been called")
        self.sent, headers = True, self.headers
        given = {name.lower(): value for name, value in headers}
        length = given.get("content-length", self.length)
        bodiless = self.status[:3] in ("204", "304")
        self.has_body = self.request.method != "HEAD" and not bodiless
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
        if not self.keep:
            headers.append(("Connection", "close"))
        elif not self.request.modern:
            headers.append(("Connection", "keep-alive"))
        if "date" not in given:
            headers.append(("Date", formatdate(usegmt=True)))
        if "server" not in given:
            headers.append(("Server", "small_server"))
        lines = [f"{name}: {value}\r\n" for name, value in headers]
        head = f"HTTP/1.1 {self.status}\r\n{''.join(lines)}\r\n"
        return head.encode("latin-1")

    def transmit(self, data):
        """Give `data` to the system, if the client still takes it."""
        try:
            self.sock.sendall(data)
        except OSError:
            self.gone = True
            raise

    def run(self, app, environ):
        """Call `app` and send its blocks; never raise."""
        try:
            blocks = app(environ, self.start)
            try:
                self.send_all(blocks)
            finally:
                if hasattr(blocks, "close"):
                    blocks.close()
        except BaseException:
            self.keep = False
            if not self.gone:
                log(traceback.format_exc())
            if not self.sent:
                self.page(500, "the app failed")

    def send_all(self, blocks):
        """Send each block before the next is asked for, then the end."""
        single = hasattr(blocks, "__len__") and len(blocks) == 1
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
        elif self.left and self.has_body:
            log(f"{self.left} bytes less than the Content-Length says")
            self.keep = False

    def page(self, status, reason):
        """Send a page of the server's own, and end the connection."""
        self.status = f"{status} {HTTPStatus(status).phrase}"
        self.headers = [("Content-Type", "text/plain")]
        text = f"{self.status}: {reason}\n".encode()
        self.keep, self.length = False, len(text)
        with contextlib.suppress(OSError):
            self.send(text)
            self.sock.shutdown(socket.SHUT_WR)
            # To close with bytes unread would take the page back.
            end = time.monotonic() + 2
            while time.monotonic() < end and ready(1, self.sock):
                if not self.sock.recv(65536):
                    break


class Worker:
    """A process that serves. One thread waits for a connection; then it
    serves that one, and the next idle thread, or a new one, waits."""

    def __init__(self, listener, environ, threads):
        self.listener, self.environ = listener, environ
        self.most, self.threads, self.idle = threads, 0, 0
        self.turn, self.lock = threading.Lock(), threading.Lock()
        self.bell, self.rope = socket.socketpair()
        self.stopping = False

    def stop(self, *_):
        """Wake all threads that wait: end what is begun, begin no more."""
        self.stopping = True
        self.rope.close()  # from now on the bell can be read

    def run(self, app, parent):
        """Serve `app` until we are told to stop, or have lost `parent`."""
        self.app = app
        self.start()
        while os.getppid() == parent and not ready(0.5, self.bell):
            pass
        self.stop()
        with self.turn, contextlib.suppress(OSError):
            while True:  # those who are at the door may come in
                self.start(*self.listener.accept())
        self.listener.close()
        deadline = GRACE if os.getppid() == parent else 1
        deadline += time.monotonic()
        while self.threads and time.monotonic() < deadline:
            time.sleep(0.01)

    def start(self, *connection):
        """Start a thread, idle or with a connection, if the system can."""
        thread = threading.Thread(target=self.work, args=connection)
        thread.daemon = True
        with self.lock, contextlib.suppress(RuntimeError):
            thread.start()
            self.threads += 1
            self.idle += 1

    def work(self, *connection):
        """What a thread does: wait for a connection, serve it, repeat."""
        while connection := connection or self.accept():
            with self.lock:
                self.idle -= 1
                alone = self.idle == 0 and self.threads < self.most
            if alone and not self.stopping:
                self.start()
            try:
                self.serve(*connection)
            except OSError:
                pass  # the client has gone
            except Exception:
                log(traceback.format_exc())
            connection = None
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
                except OSError:
                    time.sleep(0.1)  # too many files are open
        return None

    def serve(self, sock, address):
        """Answer request after request, while the client wants to."""
        client = {"REMOTE_ADDR": address[0], "REMOTE_PORT": str(address[1])}
        buffer, keep = bytearray(), None
        with sock:
            sock.settimeout(SLOW)
            while keep is not False and self.waits(sock, buffer, keep):
                request = Request(sock, buffer)
                try:
                    environ = self.environ | client | request.environ()
                except RefusedError as error:
                    return Response(request).page(*error.args)
                # Keep a thread for others.
                request.keep &= self.idle > 0 and not self.stopping
                response = Response(request)
                with environ["wsgi.input"]:
                    response.run(self.app, environ)
                keep = response.keep

    def waits(self, sock, buffer, again):
        """Wait for a request, when we stop only for the first."""
        if not buffer:
            if sock not in ready(IDLE, sock, self.bell):
                if again or not ready(0.2, sock):
                    return False
            buffer += sock.recv(65536)
        return bool(buffer)


class Parent:
    """Keeps workers running: forks, waits, replaces, passes signals on."""

    def __init__(self, listener, spec, environ, workers, threads):
        self.listener, self.spec, self.environ = listener, spec, environ
        self.most, self.threads = workers, threads
        self.workers, self.stopping, self.status = {}, False, 0
        self.pid = os.getpid()

    def run(self):
        """Keep `most` workers until a signal; return the exit status."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGALRM, self.kill)
        while self.workers or not self.stopping:
            while len(self.workers) < self.most and not self.stopping:
                self.fork()
            pid, status = os.wait()
            status = os.waitstatus_to_exitcode(status)
            born = self.workers.pop(pid, None)
            if born and status == NO_APP:
                self.status = NO_APP
                self.stop()
            elif born and not self.stopping:
                log(f"worker {pid} ended with status {status}")
                if time.monotonic() - born < 1:
                    time.sleep(1)  # it may do so again
        return self.status

    def fork(self):
        """Start a worker; signals wait until it can handle them."""
        numbers = signal.SIGTERM, signal.SIGINT, signal.SIGALRM
        signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        if (pid := os.fork()) == 0:
            worker = Worker(self.listener, self.environ, self.threads)
            signal.signal(signal.SIGTERM, worker.stop)
            signal.signal(signal.SIGINT, worker.stop)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
            sys.exit(worker.run(load(self.spec), self.pid))
        self.workers[pid] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
        if self.stopping:
            self.stop()

    def stop(self, *_):
        """Ask the workers to stop; kill those that have not in time."""
        self.stopping = True
        self.listener.close()
        signal.alarm(GRACE)
        self.kill(signal.SIGTERM)

    def kill(self, number=signal.SIGKILL, *_):
        """Send a signal to all workers."""
        number = signal.SIGKILL if number == signal.SIGALRM else number
        for pid in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def load(spec):
    """Import the app that `spec` (module:name) names, or exit."""
    module, name = spec.split(":")
    try:
        app = getattr(importlib.import_module(module), name, None)
        problem = None if callable(app) else f"no callable {name} in it"
    except ModuleNotFoundError as error:
        problem = error
    except BaseException:
        problem = traceback.format_exc()
    if problem:
        log(f"small_server: cannot import {spec}: {problem}")
        sys.exit(NO_APP)
    return app


def main():
    """Read the command line, open the socket, run the server."""
    parser = argparse.ArgumentParser("small_server", description=__doc__)
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
    host = host.strip("[]") or "127.0.0.1"
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        address = host, int(port)
        listener = socket.create_server(address, family=family, backlog=999)
    except (OSError, OverflowError, ValueError) as error:
        parser.error(f"cannot listen at {options.bind}: {error}")
    listener.setblocking(False)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    host, port = listener.getsockname()[:2]
    ...


if __name__ == "__main__":
    main()
