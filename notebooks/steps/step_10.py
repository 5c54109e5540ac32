import importlib
import io
import os
import re
import signal
import socket
import sys
import threading
import traceback
from email.utils import formatdate
from urllib.parse import unquote
from wsgiref.util import is_hop_by_hop

# What an app may say: no line end fits any of these.
STATUS = re.compile(r"[2-5][0-9][0-9] [ -~]+")
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
VALUE = re.compile(r"[ -~\x80-\xff]*")
# What a client may say: [!-~] is any visible character of ASCII.
FIELD = re.compile(r"[\t -~\x80-\xff]*")
REQUEST = re.compile(r"([A-Z]+) (/[!-~]*?)(?:\?([!-~]*))? (HTTP/1\.[01])")
LAST = "Connection: close\r\n"
# Which of two would count? Two servers could disagree.
ONCE = "HTTP_HOST", "CONTENT_LENGTH", "CONTENT_TYPE"


def check(status, headers):
    if not STATUS.fullmatch(status):
        raise ValueError(f"bad status: {status!r}")
    for name, value in headers:
        if not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            raise ValueError(f"bad header: {name!r}: {value!r}")
        if is_hop_by_hop(name):
            raise ValueError(f"{name} is the server's business")
        if name.lower() == "content-length" and not value.isdecimal():
            raise ValueError(f"bad length: {value!r}")


class RefusedError(Exception):
    """A request breaks a rule: the status of the answer."""


def need(condition, status="400 Bad Request"):
    if not condition:
        raise RefusedError(status)


def read_line(reader, status="431 Request Header Fields Too Large"):
    line = reader.readline(8192)  # no more, however long the line is
    need(len(line) < 8192, status)
    need(line.endswith(b"\r\n"))
    return line[:-2].decode("latin-1")


def read_request(reader):
    found = REQUEST.fullmatch(read_line(reader, "414 URI Too Long"))
    need(found)
    method, path, query, protocol = found.groups()
    environ = {
        "REQUEST_METHOD": method,  # "GET"
        "PATH_INFO": unquote(path, "latin-1"),  # "/greet/Ada"
        "QUERY_STRING": query or "",  # "a=1&b=2"
        "SERVER_PROTOCOL": protocol,  # "HTTP/1.1"
    }
    count = 0
    while line := read_line(reader):
        count += 1
        need(count <= 100, "431 Request Header Fields Too Large")
        name, colon, value = line.partition(":")
        # X_A is refused, for X-A would have the same key, HTTP_X_A.
        need(colon and NAME.fullmatch(name) and "_" not in name)
        value = value.strip(" \t")
        need(FIELD.fullmatch(value))
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = "HTTP_" + key
        need(key not in environ or key not in ONCE)
        value = f"{environ[key]},{value}" if key in environ else value
        environ[key] = value  # HTTP_HOST: "localhost"
    need("HTTP_HOST" in environ or protocol == "HTTP/1.0")
    return environ


def read_body(reader, environ, client):
    if environ.get("HTTP_EXPECT", "").lower() == "100-continue":
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    # The chunks end here: the app sees a body and its length.
    coding = environ.pop("HTTP_TRANSFER_ENCODING", None)
    if coding is None:
        length = environ.get("CONTENT_LENGTH", "0")
        need(re.fullmatch("[0-9]{1,8}", length))
        body = reader.read(int(length))
        need(len(body) == int(length))
    else:
        need("CONTENT_LENGTH" not in environ)  # which would count?
        need(coding.lower() == "chunked", "501 Not Implemented")
        body = read_chunks(reader)
        environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)


def read_chunks(reader):
    body = b""
    while True:
        size = read_line(reader)
        need(re.fullmatch("[0-9A-Fa-f]{1,6}", size))
        body += reader.read(int(size, 16))
        need(len(body) <= 2**24, "413 Content Too Large")
        need(read_line(reader) == "")  # a chunk ends with CR LF
        if int(size, 16) == 0:
            return body


def serve(client, app):
    client.settimeout(10)  # seconds of silence
    try:
        with client, client.makefile("rb", 65536) as reader:
            # peek waits for a byte, and gives none after the end.
            while reader.peek(1) and handle(client, reader, app):
                pass
    except OSError:
        pass  # too slow, or gone


def handle(client, reader, app):
    host, port = client.getsockname()
    environ = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,  # "127.0.0.1"
        "SERVER_PORT": str(port),  # "8000"
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,  # for what an app complains of
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    try:
        environ |= read_request(reader)
        read_body(reader, environ, client)
    except RefusedError as error:
        client.sendall(f"HTTP/1.1 {error}\r\n{LAST}\r\n".encode())
        return False
    method = environ["REQUEST_METHOD"]
    keep = environ["SERVER_PROTOCOL"] == "HTTP/1.1"
    keep &= "close" not in environ.get("HTTP_CONNECTION", "").lower()
    chunked = False
    started, sent = None, False
    left = sys.maxsize  # bytes that the body may still have

    def start_response(status, headers, exc_info=None):
        nonlocal started
        if exc_info and sent:
            raise exc_info[1]  # too late: the headers have left
        if started and not exc_info:
            raise RuntimeError("start_response was called twice")
        started = status, headers  # kept, and sent with the first block
        check(status, headers)
        return write

    def write(block):
        nonlocal sent, left, keep, chunked
        if not isinstance(block, bytes):
            raise TypeError(f"{block!r} is not bytes")
        if not sent:
            status, headers = started
            sent = True
            given = {name.lower(): value for name, value in headers}
            left = int(given.get("content-length", left))
            if method == "HEAD" or status[:3] in ("204", "304"):
                left = 0
            headers = [("Date", formatdate(usegmt=True)), *headers]
            # The client must see the end, though the connection stays.
            chunked = keep and left == sys.maxsize
            if chunked:
                headers.append(("Transfer-Encoding", "chunked"))
            lines = [f"{name}: {value}\r\n" for name, value in headers]
            last = "" if keep else LAST
            head = f"HTTP/1.1 {status}\r\n{''.join(lines)}{last}\r\n"
            client.sendall(head.encode("latin-1"))
        block = block[:left]  # never more than was announced
        left -= len(block)
        if chunked and block:
            block = b"%x\r\n%b\r\n" % (len(block), block)
        client.sendall(block)

    try:
        body = app(environ, start_response)
        try:
            for block in body:
                if block != b"":  # an empty one sends no headers
                    write(block)
            if not sent:
                write(b"")  # a body without a block has headers, too
            if chunked:
                client.sendall(b"0\r\n\r\n")  # the last chunk
            elif left:
                keep = False  # less than was announced, or no length
        finally:
            if hasattr(body, "close"):
                body.close()
    except Exception:
        traceback.print_exc()
        keep = False
        if not sent:
            head = f"HTTP/1.1 500 Internal Server Error\r\n{LAST}\r\n"
            client.sendall(head.encode())
    return keep


module, name = sys.argv[1].split(":")
app = getattr(importlib.import_module(module), name)
listener = socket.create_server(("127.0.0.1", 0))
workers = set()


def work():
    """Serve until TERM. Python itself waits for threads that are busy."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client, app)).start()


def end(*_):
    """Pass TERM on to the workers, and wait for them."""
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
    for pid in workers:
        os.waitpid(pid, 0)
    sys.exit()


signal.signal(signal.SIGTERM, end)
while True:
    while len(workers) < 2:
        pid = os.fork()
        if pid == 0:  # this is the child
            work()
        workers.add(pid)
    pid, status = os.wait()  # sleeps until a worker ends
    workers.discard(pid)
