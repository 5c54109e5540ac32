"""Apps that misbehave, one path each: the server must not.

What an app does besides its answer, it says in the log.
"""

import json
import multiprocessing
import os
import signal
import sys
import time
import weakref
from wsgiref.validate import validator

from werkzeug.middleware.lint import LintMiddleware

from my_flask_app import app as flask_app

TEXT = ("Content-Type", "text/plain")

# Flask, watched by an examiner: of the standard library, of Werkzeug.
strict = validator(flask_app)
linted = LintMiddleware(flask_app)


def app(environ, start, /):
    """Call the app of the path; arguments are passed by position alone."""
    path = environ["PATH_INFO"]
    log("called", path)
    return APPS.get(path, no_such_app)(environ, start)


def mirror(environ, start, /):
    """Whatever the path, show what came."""
    log("called", environ["PATH_INFO"])
    return show_environ(environ, start)


def closes_the_log(environ, start):
    """There is nowhere left to write to, and something to say."""
    sys.stderr.close()
    raise ValueError("nobody reads this")


def log(*words):
    """Write a line, at once: print would mix the threads' lines."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Blocks:
    """An iterable that tells of each step, and has no other attribute.

    It gives `blocks`, and raises those that are exceptions.
    """

    def __init__(self, name, blocks):
        self.name, self.blocks = name, iter(blocks)

    def __iter__(self):
        return self

    def __next__(self):
        log(self.name, "next")
        block = next(self.blocks)
        if isinstance(block, BaseException):
            raise block
        return block

    def close(self):
        log(self.name, "close")

    def __getattr__(self, name):
        log(self.name, "asked for", name)
        raise AttributeError(name)


def no_such_app(environ, start):
    """No test expects this status: its path is mistyped."""
    start("404 No Such App", [TEXT])
    return []


# What comes.


def show_environ(environ, start):
    """All that the environ says, and the body, as JSON."""
    told = {k: v for k, v in environ.items() if type(v) is str}
    told["body"] = environ["wsgi.input"].read().decode("latin-1")
    told["end"] = repr(environ["wsgi.input"].read(1))
    told["type"] = type(environ).__name__
    told["others"] = sorted(set(environ) - set(told))
    names = "multithread", "multiprocess", "run_once"
    told["multi"] = [environ[f"wsgi.{name}"] for name in names]
    told["version"] = repr(environ["wsgi.version"])
    start("200 OK", [TEXT])
    return [json.dumps(told).encode()]


def read_in_each_way(environ, start):
    """Read the body, write to the errors, and empty the environ."""
    file = environ["wsgi.input"]
    got = [file.readline(2), file.readline(), file.readlines(1)]
    got += [next(iter(file)), file.read(2), file.read(), file.read(9)]
    environ["wsgi.errors"].write("snow \u2603\n")
    environ["wsgi.errors"].writelines(["a", "b\n"])
    environ["wsgi.errors"].flush()
    environ.clear()  # an app may
    start("200 OK", [TEXT])
    return [repr(got).encode()]


# start_response.


def start_with(status, headers):
    """An app that calls start_response so."""

    def app(environ, start):
        start(status, headers)
        return [b"never"]

    return app


def start_late(environ, start):
    """When the first block is asked for."""

    def blocks():
        start("200 OK", [TEXT])
        yield b""
        yield b"late"

    return blocks()


def start_twice(environ, start):
    start("200 OK", [TEXT])
    start("200 OK", [TEXT])
    return [b"never"]


def start_twice_after_a_bad_one(environ, start):
    try:
        start("bad", [TEXT])
    except Exception:
        start("200 OK", [TEXT])
    return [b"never"]


def start_never(environ, start):
    return [b"never"]


def change(environ, start):
    """After an empty block, another status."""
    start("200 OK", [TEXT])
    yield b""
    try:
        raise ValueError("changed my mind")
    except ValueError:
        start("503 Oh", [TEXT, ("X-New", "1")], sys.exc_info())
    yield b"sorry"


def change_too_late(environ, start):
    """After a block that has been sent."""
    start("200 OK", [TEXT])
    yield b"begun"
    try:
        raise ValueError("too late")
    except ValueError:
        start("503 Oh", [TEXT], sys.exc_info())
    yield b"never"


def mend(environ, start):
    """Catch what start_response raises, and start again."""
    try:
        start("bad", [TEXT])
    except Exception:
        start("500 Mended", [TEXT], sys.exc_info())
    return [b"mended"]


def let_go(environ, start):
    """Say whether the server keeps an error that it was told of."""

    class ToldError(Exception):
        pass

    try:
        raise ToldError
    except ToldError as error:
        told = weakref.ref(error)
        start("200 OK", [TEXT], sys.exc_info())
    return [b"kept" if told() else b"gone"]


def own_headers(environ, start):
    """Headers that the server would add, one that is not ASCII, a pair."""
    headers = [("Date", "today"), ("server", "me"), ("A", "\xe9")]
    headers += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    start("200 OK", headers)
    return [b"x"]


def without_a_body(status):
    """An app that gives one all the same."""

    def app(environ, start):
        start(status, [])
        return [b"body"]

    return app


def with_a_length(status):
    """An app that gives a body, and says how long it is."""

    def app(environ, start):
        start(status, [("content-LENGTH", "4"), TEXT])
        return [b"body"]

    return app


# The body.


def hello(environ, start):
    start("200 OK", [TEXT, ("Content-Length", "5")])
    return [b"Hello"]


def give(body):
    """An app that returns `body`."""

    def app(environ, start):
        start("200 OK", [TEXT])
        return body

    return app


def write_and_return(environ, start):
    write = start("200 OK", [TEXT])
    write(b"first ")
    write(b"")
    return [b"second"]


def blocks(environ, start):
    start("200 OK", [TEXT])
    return Blocks("blocks", [b"a", b"", b"b"])


def endless(environ, start):
    start("200 OK", [TEXT])
    return Blocks("endless", iter(lambda: b"x" * 99999, 0))


def more(environ, start):
    """More blocks than the Content-Length says."""
    start("200 OK", [TEXT, ("CONTENT-length", "3")])
    return Blocks("more", [b"ab", b"cd", b"ef"])


def more_written(environ, start):
    write = start("200 OK", [TEXT, ("Content-Length", "3")])
    write(b"abcd")
    return []


def less(environ, start):
    start("200 OK", [TEXT, ("Content-Length", "9")])
    return [b"abc"]


def file(environ, start):
    """This file, but for its first byte."""
    file = open(__file__, "rb")  # noqa: SIM115, the server closes it
    file.seek(1)
    start("200 OK", [TEXT])
    return environ["wsgi.file_wrapper"](file, 10)


def slow(environ, start):
    """Take as many seconds as the query says; name the process."""
    time.sleep(float(environ["QUERY_STRING"]))
    start("200 OK", [TEXT])
    return [str(os.getpid()).encode()]


def drip(environ, start):
    """Wait after the first block until the test has seen it."""
    start("200 OK", [TEXT])
    yield b"now"
    yield seen_in_time()


def drip_written(environ, start):
    """Wait after write() until the test has seen the data."""
    write = start("200 OK", [TEXT])
    write(b"now")
    return [seen_in_time()]


def seen_in_time():
    """Wait until the test makes a file; whether it does, in words."""
    seen = os.path.join(os.environ["TMPDIR"], "seen")
    end = time.monotonic() + 20
    while not os.path.exists(seen) and time.monotonic() < end:
        time.sleep(0.01)
    return b"later" if os.path.exists(seen) else b"in vain"


# Children.


def forks(fork, *body):
    """An app that gives `body`, while a child lives on that `fork` makes."""

    def app(environ, start):
        fork()
        start("200 OK", [TEXT])
        return iter(body)  # it has no length

    return app


def stay(begun):
    """Write to the file number `begun`, and stay."""
    os.write(begun, b"a byte")
    time.sleep(90)  # the test is over before, and its processes, too
    os._exit(0)


def fork(start=lambda child: os.fork() or child()):
    """Leave a child that has a copy of all that is open here, when it has
    begun: then it has let go what the server does not want it to have."""
    reader, writer = os.pipe()
    start(lambda: stay(writer))
    os.read(reader, 9)
    os.close(reader), os.close(writer)


def fork_and_fail():
    """Leave a child that forgets to end, and fails in the server."""
    if os.fork() == 0:
        sys.exit(0)


def fork_by_multiprocessing():
    context = multiprocessing.get_context("fork")
    fork(lambda child: context.Process(target=child, daemon=True).start())


def leave_an_orphan(environ, start):
    """Name a process whose parent has ended, and which ends when asked."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.write(writer, b"%d" % os.getpid())
            time.sleep(90)
        os._exit(0)
    os.waitpid(child, 0)
    start("200 OK", [TEXT])
    body = os.read(reader, 99)
    os.close(reader), os.close(writer)
    return [body]


# Errors.


def fail(error):
    """An app that raises `error`."""

    def app(environ, start):
        raise error("at once")

    return app


def fail_first(environ, start):
    start("200 OK", [TEXT])
    return Blocks("first", [b"", ValueError("first")])


def fail_midway(environ, start):
    start("200 OK", [TEXT])
    return Blocks("midway", [b"begun", ValueError("midway")])


def fail_in_close(environ, start):
    class Bad(list):
        def close(self):
            raise ValueError("in close")

    start("200 OK", [TEXT, ("Content-Length", "4")])
    return Bad([b"done"])


class ListOfItsOwn(list):
    """Not a list, for who looks at the type."""


BAD_STATUSES = {
    "no number": "OK",
    "no phrase": "200",
    "no space": "200OK",
    "two spaces and no phrase": "200  ",
    "a space after the phrase": "200 OK ",
    "a tab": "200\tOK",
    "an int": 200,
    "bytes": b"200 OK",
    "a header within": "200 OK\r\nA: b",
    "a line feed": "200 O\nK",
    "a delete": "200 OK\x7f",
    "a snowman": "200 \u2603",
    "a space before it": " 200 OK",
    "an interim status": "100 Continue",
    "a number below 100": "099 OK",
    "four digits": "2000 OK",
}
BAD_HEADERS = {
    "a tuple": (),
    "none": None,
    "a list of its own class": ListOfItsOwn(),
    "a name alone": [("A",)],
    "a value that is an int": [("A", 1)],
    "no pair": ["AB", 1],
    "bytes": [(b"A", b"b")],
    "a header within a value": [("A", "b\r\nC: d")],
    "a line feed": [("A", "b\n")],
    "a zero byte": [("A", "\x00")],
    "a snowman": [("A", "\u2603")],
    "a colon in the name": [("A:", "b")],
    "a space in the name": [("A ", "b")],
    "no name": [("", "b")],
    "a line end in the name": [("A\r\nB", "c")],
    "a name that is not ASCII": [("\xc4", "b")],
    "a negative length": [("Content-Length", "-1")],
    "an empty length": [("Content-Length", "")],
    "two lengths": [("Content-Length", "1"), ("content-length", "1")],
    # What concerns only the connection is the server's.
    "Connection": [("Connection", "close")],
    "keep-alive": [("keep-alive", "close")],
    "TRANSFER-ENCODING": [("TRANSFER-ENCODING", "close")],
    "Upgrade": [("Upgrade", "close")],
    "TE": [("TE", "close")],
    "Trailers": [("Trailers", "close")],
    "Proxy-Authenticate": [("Proxy-Authenticate", "close")],
    "Proxy-Authorization": [("Proxy-Authorization", "close")],
}
APPS = {
    "/environ": show_environ,
    "/read": read_in_each_way,
    "/start/late": start_late,
    "/start/twice": start_twice,
    "/start/twice after a bad one": start_twice_after_a_bad_one,
    "/start/never": start_never,
    "/change": change,
    "/change/too late": change_too_late,
    "/mend": mend,
    "/let go": let_go,
    "/own headers": own_headers,
    "/status/204": without_a_body("204 No Content"),
    "/status/304": without_a_body("304 Not Modified"),
    "/status/205": without_a_body("205 Reset Content"),
    "/status/499": without_a_body("499 "),
    "/length/204": with_a_length("204 No Content"),
    "/length/205": with_a_length("205 Reset Content"),
    "/length/304": with_a_length("304 Not Modified"),
    "one-block:443": without_a_body("200 OK"),
    "a-length:443": with_a_length("299 OK"),
    "two-blocks:443": give((b"bo", b"dy")),
    "refused:443": with_a_length("403 Forbidden"),
    "/hello": hello,
    "/give/no block": give([]),
    "/give/an empty block": give([b""]),
    "/give/one block": give([b"one"]),
    "/give/two blocks": give((b"t", b"wo")),
    "/give/a large block": give([bytes(2**23)]),
    "/give/line ends": give([b"\r\n\n"]),
    "/give/None": give(None),
    "/give/a str": give(["text"]),
    "/give/an int": give([1]),
    "/give/a bytearray": give([bytearray(b"x")]),
    "/write": write_and_return,
    "/blocks": blocks,
    "/endless": endless,
    "/more": more,
    "/more written": more_written,
    "/less": less,
    "/file": file,
    "/slow": slow,
    "/drip": drip,
    "/drip/written": drip_written,
    "/fork": forks(fork, b"forked, ", b"and gone on"),
    "/fork/fail": forks(fork_and_fail, b"forked"),
    "/fork/multiprocessing": forks(fork_by_multiprocessing, b"forked"),
    "/orphan": leave_an_orphan,
    "/fail/ValueError": fail(ValueError),
    "/fail/SystemExit": fail(SystemExit),
    "/fail/OSError": fail(OSError),
    "/fail/KeyboardInterrupt": fail(KeyboardInterrupt),
    "/fail first": fail_first,
    "/fail midway": fail_midway,
    "/fail in close": fail_in_close,
}
for name, status in BAD_STATUSES.items():
    APPS[f"/bad status/{name}"] = start_with(status, [])
for name, headers in BAD_HEADERS.items():
    APPS[f"/bad headers/{name}"] = start_with("200 OK", headers)
