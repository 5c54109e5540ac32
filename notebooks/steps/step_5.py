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


def handle(client, app):
    request = client.recv(65536).decode("latin-1")  # perhaps not all of it
    method, target, protocol = request.splitlines()[0].split()
    path, _, query = target.partition("?")
    host, port = client.getsockname()
    environ = {
        "REQUEST_METHOD": method,  # "GET"
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),  # "/greet/Ada"
        "QUERY_STRING": query,  # "a=1&b=2"
        "SERVER_NAME": host,  # "127.0.0.1"
        "SERVER_PORT": str(port),  # "8000"
        "SERVER_PROTOCOL": protocol,  # "HTTP/1.1"
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),  # no body, as yet
        "wsgi.errors": sys.stderr,  # for what an app complains of
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for line in request.split("\r\n\r\n")[0].splitlines()[1:]:
        name, _, value = line.partition(":")
        key = "HTTP_" + name.upper().replace("-", "_")
        environ[key] = value.strip()  # HTTP_HOST: "localhost"

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
