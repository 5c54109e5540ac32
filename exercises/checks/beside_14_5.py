"""Beside the answer to exercise 5 of sheet 14: a bank, and a queue with
its consumer."""

import itertools
import linecache
import sqlite3
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

from huey import MemoryHuey

import answer
from answer import make_pay

NUMBERS = itertools.count()
ORDERS = """
CREATE TABLE orders
(id INTEGER PRIMARY KEY, cents INTEGER, state TEXT, receipt TEXT)
"""
# The note in the shop's file fails once.
FAILS = """
CREATE TRIGGER fails BEFORE UPDATE ON orders
BEGIN SELECT raise(ABORT, 'the disk is full'); END
"""


class Shop:
    """A file with orders, a bank, a queue, and its consumer.

    `happens` says what comes of each call of the bank, in their order:
    "lost" (it did not get it), "odd" (it has a fault), "no", "late" (it has
    charged, and its answer is lost), "killed" (it has charged, and the job
    is cut off), "full" (it has charged, and the shop's file takes no note).
    Then all is well.
    """

    def __init__(self, *happens, paid=()):
        self.file = f"shop{next(NUMBERS)}.db"
        self.happens, self.charged, self.calls = [*happens], {}, 0
        with self.connect() as db:
            db.execute(ORDERS)
            for order in 1, 2, 3:
                state = ("paid", "old") if order in paid else ("new", None)
                row = order, 250, *state
                db.execute("INSERT INTO orders VALUES (?, ?, ?, ?)", row)
        self.begin(make_pay)

    def begin(self, make_pay):
        """Begin with an empty queue."""
        self.huey = MemoryHuey(f"shop{next(NUMBERS)}")
        self.pay = make_pay(self.huey, self.file, self.charge)

    @contextmanager
    def connect(self):
        """A connection that commits, and waits for no disk."""
        with closing(sqlite3.connect(self.file)) as db:
            db.execute("PRAGMA synchronous = off")
            with db:
                yield db

    def execute(self, statement):
        with self.connect() as db:
            return db.execute(statement).fetchall()

    def charge(self, cents, key):
        """What the bank does, and its receipt, a str."""
        if not isinstance(key, str):
            raise TypeError("the key must be a str")
        self.calls += 1
        happens = self.happens.pop(0) if self.happens else "well"
        if happens == "lost":
            raise ConnectionError("the bank does not answer")
        if happens == "odd":
            raise RuntimeError("the bank is being repaired")
        if happens == "no":
            raise ValueError("this card has expired")
        self.charged.setdefault(
            key, (cents, f"receipt {len(self.charged)}")
        )
        if happens == "late":
            raise ConnectionError("the bank's answer was lost")
        if happens == "killed":
            raise KeyboardInterrupt
        if happens == "full":
            self.execute(FAILS)
        return self.charged[key][1]

    def work(self):
        """Run what is in the queue, as a consumer does, and what comes into
        it meanwhile. Return for each run how often the bank was called, and
        the state of the first order then."""
        runs = []
        while len(runs) < 20:
            task = self.huey.dequeue()
            if task is None:
                later = datetime.now() + timedelta(days=9)
                for task in self.huey.read_schedule(later):
                    task.eta = None
                    self.huey.enqueue(task)
                if not self.huey.pending_count():
                    break
                continue
            before = self.calls
            self.huey.execute(task)
            self.execute("DROP TRIGGER IF EXISTS fails")
            first = "SELECT state FROM orders WHERE id = 1"
            [(state,)] = self.execute(first)
            runs.append((self.calls - before, state))
        return runs


def pay(*orders, happens=(), paid=(), shop=None):
    """What has come of orders, when all runs have ended: a dict."""
    shop = shop or Shop(*happens, paid=paid)
    for order in orders:
        shop.pay(order)
    return result_of(shop, shop.work())


def result_of(shop, runs):
    """What the shop and its bank have noted, a dict."""
    rows = shop.execute("SELECT id, state, receipt FROM orders")
    return {
        "states": {order: state for order, state, _ in rows},
        "receipts": [receipt for *_, receipt in rows if receipt],
        "charged": sum(cents for cents, _ in shop.charged.values()),
        "calls": shop.calls,
        "runs": [calls for calls, _ in runs],
        "first": [state for _, state in runs],
    }


def pay_again(order, happens):
    """An order that was queued, and is queued anew when all has ended, in a
    process that remembers nothing."""
    shop = Shop(*happens)
    pay(order, shop=shop)
    text, names = "".join(linecache.getlines(answer.__file__)), {}
    exec(text, names)  # noqa: S102, as it was run before
    shop.begin(names["make_pay"])
    return pay(order, shop=shop)
