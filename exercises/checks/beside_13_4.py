"""Beside the answer to exercise 4 of sheet 13: who logs, with which id."""

import logging
import re
import secrets
from threading import Barrier, Thread
from wsgiref.util import setup_testing_defaults

from answer import note_id, with_id
from exercises.checks.apps import (
    TEXT,
    Diary,
    closes_unread,
    error_of,
    errors,
    late,
    read_through,
    reporting,
    requests,
    sent,
    writes,
)
from exercises.client import Page, ask

FORM = "[A-Za-z0-9-]{8,64}"
log = logging.getLogger("shop")
log.setLevel("INFO")
log.propagate = False
reports = reporting(
    ("200 OK", [TEXT]), ("500 No Tea", [TEXT]), [b"no tea"]
)
OWN = [("content-type", "text/plain"), ("x-request-id", "of-the-app")]
OWN += [("X-REQUEST-ID", "again"), ("Set-Cookie", "a=1")]
OWN += [("Set-Cookie", "b=2"), ("X-Request", "tea")]
already = Page(headers=OWN)
missing = Page(b"{}", status="404 Not Here")
nothing = Page(b"", status="304 Not Modified", headers=[("ETag", "a")])


class Kept(logging.Handler):
    """It keeps (id, message) of each record that gets through."""

    def __init__(self):
        super().__init__()
        self.addFilter(note_id)
        self.records = []

    def emit(self, record):
        said = getattr(record, "request_id", "no request_id")
        self.records.append((said, record.getMessage()))


def logged(function):
    """What is logged while `function` runs: [(id, message), ...]."""
    handler = Kept()
    log.addHandler(handler)
    try:
        function()
    finally:
        log.removeHandler(handler)
    return handler.records


class Talker:
    """An app that logs what it does, and the path of the request; `lazy`
    ones are generators, which do all of it when they are read."""

    def __init__(self, lazy=False, fails=None):
        self.lazy, self.fails = lazy, fails

    def __call__(self, environ, start_response):
        body = Talk(self, environ, start_response)
        if not self.lazy:
            body.begin()
        return body


class Talk:
    """The body of a Talker's answer."""

    def __init__(self, talker, environ, start_response):
        self.talker, self.environ = talker, environ
        self.start_response = start_response

    def say(self, what):
        log.info("%s %s", self.environ["PATH_INFO"], what)
        if self.talker.fails == what:
            raise KeyError("tea")

    def begin(self):
        self.say("called")
        self.start_response("200 OK", [TEXT])

    def __iter__(self):
        if self.talker.lazy:
            self.begin()
        for what in "one", "two":
            self.say(what)
            yield what.encode()

    def close(self):
        self.say("closed")


def begin(app, path, given):
    """Call `app` as a server does; its iterable."""
    environ = {"PATH_INFO": path, "HTTP_X_REQUEST_ID": given}
    setup_testing_defaults(environ)
    return app(environ, lambda *begin: print)


def serve(diary, most=99):
    """The diary of an app whose client leaves after `most` blocks."""
    return read_through(with_id(diary), diary, sent, most)


def left(lazy):
    """Whether the body is closed when nothing was read."""
    return closes_unread(serve, lazy)


def ids(app, given=None, method="GET"):
    """The ids of an answer, all that it has, and the one in the environ
    that the app sees."""
    seen = []

    def noting(environ, start_response):
        seen.append(environ.get("request_id"))
        return app(environ, start_response)

    headers = {} if given is None else {"X-Request-ID": given}
    reply = ask(with_id(noting), "/", method, headers=headers)
    return reply.header("X-Request-ID"), *seen


def is_new(given):
    """Whether an id is made in place of `given`, of the right form, the
    same in answer and environ, and another one each time."""
    one, two = (ids(Page(), given) for _ in range(2))
    good = re.fullmatch(FORM, one[0] or "") and one[0] == one[1]
    return bool(good) and one != two


def rest(app):
    """The status, the body, and the headers but for the id."""
    reply = ask(with_id(app))
    headers = [tuple(h) for h in reply.headers]
    return (
        reply.status,
        [h for h in headers if h[0].lower() != "x-request-id"],
        reply.body,
    )


def many(times=200):
    """How many ids there are for so many requests without one."""
    return len({ids(Page())[0] for _ in range(times)})


def one_by_one(lazy=False):
    """What is logged of a request, and after it, by the server."""
    given = secrets.token_hex(8)

    def request():
        log.info("before")
        body = begin(with_id(Talker(lazy)), "/a", given)
        log.info("begun")
        for block in body:
            log.info("got %s", block.decode())
        body.close()
        log.info("after")

    return named(logged(request), {given: "mine"})


def named(records, names):
    """The records, with names in place of ids."""
    return [f"{names.get(one, one)}: {words}" for one, words in records]


def fails(what, lazy=False):
    """What is logged of a request that fails, and of the next thing."""

    def request():
        body = None
        try:
            body = begin(with_id(Talker(lazy, fails=what)), "/a", "a" * 8)
            list(body)
        except KeyError:
            log.info("failed")
        try:
            if body is not None:
                body.close()
        except KeyError:
            log.info("failed")
        log.info("after")

    return named(logged(request), {"a" * 8: "mine"})[-2:]


def two_in_turns(lazy=False):
    """Which ids two requests log of themselves, read in turns by one
    thread: {path: ids}."""
    app = with_id(Talker(lazy))

    def visits():
        bodies = [begin(app, f"/{one}", one * 8) for one in "ab"]
        iterators = [iter(body) for body in bodies]
        for _ in range(2):
            for iterator in iterators:
                next(iterator)
        for body in bodies:
            body.close()

    return by_path(logged(visits))


def by_path(records):
    """{path: the ids of its records}."""
    found = {}
    for one, words in records:
        found.setdefault(words.split()[0], set()).add(one)
    return {path: sorted(ids) for path, ids in found.items()}


def two_threads():
    """The same for two threads that meet in the app."""
    meet = Barrier(2)

    def meeting(environ, start_response):
        log.info("%s before", environ["PATH_INFO"])
        meet.wait(8)
        log.info("%s after", environ["PATH_INFO"])
        start_response("200 OK", [TEXT])
        yield b"one "
        meet.wait(8)
        log.info("%s at the end", environ["PATH_INFO"])

    app = with_id(meeting)

    def request(one):
        list(begin(app, f"/{one}", one * 8))

    def visits():
        threads = [Thread(target=request, args=[one]) for one in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(9)

    return by_path(logged(visits))


def added():
    """The keys of the environ that differ from those of the server."""
    seen, environ = {}, {}
    setup_testing_defaults(environ)
    before = dict(environ)

    def app(environ, start_response):
        seen.update(environ)
        start_response("200 OK", [TEXT])
        return [b"tea"]

    b"".join(with_id(app)(environ, lambda *begin: print))
    keys = {*seen, *before}
    return sorted(k for k in keys if seen.get(k) != before.get(k))
