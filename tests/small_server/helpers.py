"""What the tests of the small server share: a server, and a client that
sends bytes as they are and reads answers with h11."""

import contextlib
import functools
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import h11

from notebooks.serving import serve, wait_until

COMMAND = "python -m small_server --bind 127.0.0.1:0 --workers 2"
HOST = [("Host", "a")]
# The head of an answer. h11 overlooks a line that ends with LF alone, and
# a length that comes twice.
HEAD = re.compile(
    rb"HTTP/1\.1 [1-5][0-9]{2} [ -~]*\r\n"
    rb"(?P<fields>([\w-]+: [ -~\x80-\xff]*\r\n)*)\r\n"
)


class Answer(NamedTuple):
    """An answer, as h11 reads it."""

    status: str  # such as "200 OK"
    fields: list  # pairs of str, the names in small letters
    blocks: list  # of the body, in bytes; of a chunked one, the chunks
    whole: bool  # whether the body came to its end

    @property
    def body(self):
        """The body in bytes."""
        return b"".join(self.blocks)

    def all_of(self, *names):
        """The fields of these names, a list of str such as "a: b"."""
        return [f"{n}: {v}" for n, v in self.fields if n in names]


def connect(server):
    """A connection to `server`, a socket."""
    return socket.create_connection(server.address, timeout=20)


def again_if_late(function):
    """`function`, called again if it fails after a second or more. So long
    the server waits for what comes behind a request that it has refused; on
    a busy machine we may be later."""

    @functools.wraps(function)
    def called(*arguments, **options):
        for last in False, False, True:
            began = time.monotonic()
            try:
                return function(*arguments, **options)
            except OSError:  # such as a reset
                if last or time.monotonic() - began < 1:
                    raise

    return called


@again_if_late
def ask(server, *parts, end=False):
    """Send the parts, one after the other, and, if asked, the end; return
    all that comes back until the server closes the connection."""
    with connect(server) as client:
        for part in parts:
            client.sendall(part)
            if len(parts) > 1:
                time.sleep(0.001)
        if end:
            client.shutdown(socket.SHUT_WR)
        return rest(client)


def rest(client):
    """All that comes from a socket until its end, in bytes."""
    return b"".join(iter(lambda: client.recv(65536), b""))


@again_if_late
def send(server, *parts):
    """Ask, with an end; return the Answers, and what the log says since."""
    before = len(server.log)
    found = answers(ask.__wrapped__(server, *parts, end=True))
    return found, server.log[before:]


def get(server, path, method="GET"):
    """Ask an app of apps.py; return its Answer."""
    path = path.replace(" ", "%20")
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close"
    (answer,) = answers(ask(server, f"{head}\r\n\r\n".encode()), method)
    assert answer.status != "404 No Such App", path
    return answer


def answers(data, method="GET"):
    """Take apart what a server sent until it closed the connection; return
    an Answer to each request, all of which had this method."""
    found = []
    while data:
        head = HEAD.match(data)
        assert head, data
        reader = h11.Connection(h11.CLIENT)
        reader.send(h11.Request(method=method, target="/", headers=HOST))
        reader.send(h11.EndOfMessage())
        reader.receive_data(data)
        reader.receive_data(b"")  # it ends there
        event = reader.next_event()
        if type(event) is h11.InformationalResponse:
            data = data[head.end() :]
            continue
        fields = [(n.decode(), v.decode("latin-1")) for n, v in event.headers]
        assert len(fields) == head["fields"].count(b"\n"), head
        status = f"{event.status_code} {event.reason.decode()}"
        found.append(Answer(status, fields, *body_from(reader)))
        data, _ = reader.trailing_data
        assert not data or reader.their_state is h11.DONE, data
    return found


def body_from(reader):
    """The blocks of a body, and whether it came to its end."""
    blocks = []
    try:
        while type(event := reader.next_event()) is h11.Data:
            blocks.append(bytes(event.data))
    except h11.RemoteProtocolError as error:
        if "peer closed connection" not in str(error):
            raise
        return blocks, False
    return blocks, True


def command(app, options=""):
    """The command that serves an app of apps.py, or of another module."""
    app = app if ":" in app else f"apps:{app}"
    return f"{COMMAND} {options} tests.small_server.{app}"


@contextlib.contextmanager
def serving(options=""):
    """A server of all the apps, both of whose workers answer."""
    with serve(command("app", options)) as server:
        wait_for_both(server)
        yield server


def wait_for_both(server):
    """Wait until both workers have answered, several times at once: one
    that is yet to start has no thread, and hears no signal."""
    answered = set()

    def both_have_answered():
        answers = pool.map(server.get, ["/slow?0.02"] * 8)
        answered.update(answer.text for answer in answers)
        return len(answered) == 2

    with ThreadPoolExecutor(8) as pool:
        wait_until(both_have_answered)
