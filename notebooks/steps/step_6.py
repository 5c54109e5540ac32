import importlib
import io
import re
import socket
import sys
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
    length = environ.get("CONTENT_LENGTH", "0")
    need(re.fullmatch("[0-9]{1,8}", length))
    environ["wsgi.input"] = io.BytesIO(reader.read(int(length)))
    return environ


def handle(client, app):
    host, port = client.getsockname()
    environ = {
        "SCRIPT_NAME": "",
        "SERVER_NAME": host,  # "127.0.0.1"
        "SERVER_PORT": str(port),  # "8000"
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,  # for what an app complains of
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    try:
        with client.makefile("rb", 65536) as reader:
            environ |= read_request(reader)
    except RefusedError as error:
        client.sendall(f"HTTP/1.0 {error}\r\n\r\n".encode())
        return
    method = environ["REQUEST_METHOD"]
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
        nonlocal sent, left
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
            lines = [f"{name}: {value}\r\n" for name, value in headers]
            head = f"HTTP/1.0 {status}\r\n{''.join(lines)}\r\n"
            client.sendall(head.encode("latin-1"))
        block = block[:left]  # never more than was announced
        left -= len(block)
        client.sendall(block)

    try:
        body = app(environ, start_response)
        try:
            for block in body:
                if block != b"":  # an empty one sends no headers
                    write(block)
            if not sent:
                write(b"")  # a body without a block has headers, too
        finally:
            if hasattr(body, "close"):
                body.close()
    except Exception:
        traceback.print_exc()
        if not sent:
            client.sendall(b"HTTP/1.0 500 Internal Server Error\r\n\r\n")


module, name = sys.argv[1].split(":")
app = getattr(importlib.import_module(module), name)
listener = socket.create_server(("127.0.0.1", 0))
while True:
    client, _ = listener.accept()
    with client:
        try:
            handle(client, app)
        except Exception:  # of one request: the next is served
            traceback.print_exc()
