"""Beside the answer to exercise 3 of sheet 13: a shop to measure."""

import time
from threading import Barrier, Thread
from wsgiref.util import setup_testing_defaults

from flask import Blueprint, Flask, Response, abort, request
from prometheus_client import CollectorRegistry

from answer import measured
from exercises.client import ask

LABELS = {"method", "route", "status"}


class Shop:
    """A shop of Flask's, measured; `events` says what has happened."""

    def __init__(self):
        self.registry, self.events = CollectorRegistry(), []
        self.first = self.last = None  # moments of `pause`
        self.meet = Barrier(2)
        self.app = measured(self.new_shop(), self.registry)

    def new_shop(self):
        """The shop, not measured yet, with a hook of its own."""
        shop = Flask("shop", static_folder=None)
        shop.before_request(self.wait)
        club = Blueprint("club", "club", url_prefix="/club")
        shop.add_url_rule("/", "home", lambda: "home")
        shop.add_url_rule("/tea/<name>", "tea", lambda name: name)
        shop.add_url_rule("/tea/<int:n>/cups", "cups", lambda n: str(n))
        shop.add_url_rule("/order", "order", self.order, methods=["POST"])
        shop.add_url_rule("/gone", "gone", lambda: abort(404))
        shop.add_url_rule("/fail", "fail", self.fail)
        shop.add_url_rule("/slow", "slow", self.slow)
        shop.add_url_rule("/stream", "stream", self.stream)
        shop.add_url_rule("/breaks", "breaks", lambda: self.stream(True))
        shop.add_url_rule("/meet", "meet", self.meeting)
        club.add_url_rule("/<path:page>", "page", lambda page: page)
        shop.register_blueprint(club)
        return shop

    def order(self):
        return "taken", 201, {"X-Shop": "tea"}

    def fail(self):
        raise KeyError("tea")

    def wait(self):
        if request.path == "/slow":
            self.pause()

    def slow(self):
        self.pause()
        return "slow"

    def pause(self):
        """Let time go by; note when the first began, and the last ended."""
        self.first = self.first or time.monotonic()
        time.sleep(0.2)
        self.last = time.monotonic()

    def meeting(self):
        self.meet.wait(8)
        return "met"

    def stream(self, breaks=False):
        """Two blocks, the second after a while."""

        def blocks():
            yield self.note("made one")
            self.pause()
            if breaks:
                raise KeyError("tea")
            yield self.note("made two")

        body = Response(blocks())
        body.call_on_close(lambda: self.note("closed"))
        return body

    def note(self, event):
        self.events.append(event)
        return f"{event} "

    def get(self, path, method="GET"):
        """Ask as a correct server does; the status and the body."""
        reply = ask(self.app, path, method)
        return reply.status, reply.body

    def read(self, path, most=9):
        """Read block by block, with a pause after each, and leave after
        `most`; the events, and the name of the error at the end."""
        blocks, error = self.begin(path), None
        try:
            for number, block in enumerate(blocks, 1):
                self.events.append(f"sent {block.decode().strip()}")
                self.pause()
                if number == most:
                    break
        except KeyError as raised:
            error = type(raised).__name__
        blocks.close()
        return self.events, error

    def begin(self, path):
        """Call the app, and read nothing yet; its iterable."""
        environ = {"PATH_INFO": path}
        setup_testing_defaults(environ)
        return self.app(environ, lambda *begin: print)

    @property
    def samples(self):
        """All samples of the histogram: (name, labels, value)."""
        return [
            (sample.name, sample.labels, sample.value)
            for family in self.registry.collect()
            for sample in family.samples
            if sample.name.startswith("request_seconds")
        ]

    @property
    def counted(self):
        """How often each was measured, {(method, route, status): int}."""
        return {
            tuple(str(labels.get(name)) for name in sorted(LABELS)): int(v)
            for name, labels, v in self.samples
            if name == "request_seconds_count" and v
        }

    @property
    def seconds(self):
        """How long all requests took together, a float."""
        sums = [
            value
            for name, _, value in self.samples
            if name == "request_seconds_sum"
        ]
        return sum(sums)

    @property
    def labels(self):
        """The names of the labels, but for that of a bucket."""
        names = {name for _, labels, _ in self.samples for name in labels}
        return sorted(names - {"le"})


def counts(*requests):
    """What is counted when a new shop gets these, such as "GET /"."""
    shop = Shop()
    for each in requests:
        method, _, path = each.partition(" ")
        shop.get(path, method)
    return shop.counted


def labels():
    shop = Shop()
    shop.get("/")
    return shop.labels


def answers(path, method="GET"):
    """What a visitor gets, and what she would get from the shop alone."""
    shop = Shop()
    return [
        (reply.status, sorted(map(tuple, reply.headers)), reply.body)
        for reply in (
            ask(shop.app, path, method),
            ask(shop.new_shop(), path, method),
        )
    ]


def kinds():
    """What is in the registry of requests, {name: kind}."""
    shop = Shop()
    shop.get("/")
    found = shop.registry.collect()
    return {each.name: each.type for each in found if "req" in each.name}


def took(path, most=9, tries=5):
    """How often it was measured, and whether the time is less than that of
    all pauses, or more than there was."""
    shop, began = Shop(), time.monotonic()
    shop.read(path, most)
    there_was = time.monotonic() - began
    pauses = shop.last - shop.first
    if tries and there_was - pauses > 0.15:  # a pause left out would hide
        return took(path, most, tries - 1)
    return {
        "times": sum(shop.counted.values()),
        # Clocks differ.
        "too short": shop.seconds < pauses - 0.01,
        "too long": shop.seconds > 2 * there_was,
    }


def early():
    """How many were counted before the server closed the body, and after."""
    shop = Shop()
    blocks = shop.begin("/stream")
    next(iter(blocks))
    before = sum(shop.counted.values())
    blocks.close()
    return before, sum(shop.counted.values())


def two_at_once(tries=5):
    """What is counted, and whether the one that began early took too short,
    for another came and went before its end."""
    shop = Shop()
    one = shop.begin("/stream")
    began = time.monotonic()
    time.sleep(0.2)
    shop.get("/")
    others, closing = shop.seconds, time.monotonic()
    one.close()
    if tries and time.monotonic() - closing > 0.15:  # 0.2 would hide
        return two_at_once(tries - 1)
    took = shop.seconds - others
    return shop.counted, took < closing - began - 0.01  # clocks differ


def two_threads():
    """Two requests that meet in the view."""
    shop = Shop()
    visitors = [Thread(target=shop.get, args=["/meet"]) for _ in range(2)]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join(9)
    return shop.counted


def two_shops():
    """What each of two shops has counted, with a registry of its own."""
    one, two = Shop(), Shop()
    one.get("/")
    return sum(one.counted.values()), sum(two.counted.values())
