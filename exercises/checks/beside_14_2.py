"""Beside the answer to exercise 2 of sheet 14: visitors of its app, and
views that use its sessions as its own do."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

from flask import stream_with_context
from sqlalchemy import event, text

from answer import Session, app, engine

FILE = "tea.db"
with closing(sqlite3.connect(FILE)) as db, db:
    db.execute("DROP TABLE IF EXISTS tea")
    db.execute("CREATE TABLE tea (name TEXT PRIMARY KEY, stock INTEGER)")
    db.execute("INSERT INTO tea VALUES ('green', 2), ('black', 9)")

# Threads as a worker has them: each lives on when a request has ended.
THREADS = [ThreadPoolExecutor(1) for _ in range(8)]
open_now, most = 0, 0  # the connections to the database
out = 0  # those that are not back in the pool


def count(of_open, of_out):
    """A function that counts when the pool has done something."""

    def counts(*connection):
        global open_now, most, out
        open_now, out = open_now + of_open, out + of_out
        most = max(most, open_now)

    return counts


event.listen(engine, "connect", count(1, 0))
event.listen(engine, "close", count(-1, 0))
event.listen(engine, "checkout", count(0, 1))
event.listen(engine, "checkin", count(0, -1))  # codespell:ignore


def write(name):
    Session.execute(text("INSERT INTO tea VALUES (:n, 1)"), {"n": name})


def raises():
    Session.scalar(text("SELECT count(*) FROM tea"))
    raise RuntimeError("a view of the check")


def forgets():
    write("forgotten")
    return "no commit"


def fails():
    write("failed")
    raise RuntimeError("a view of the check")


def again():
    write("green")  # is there
    return "twice"


def keeps():
    write("kept")
    Session.commit()
    return "kept"


def streams():
    def names():
        for name in Session.scalars(text("SELECT name FROM tea")):
            yield f"{name}\n"

    return stream_with_context(names())


def slow():
    """It waits for a third visitor, who comes if the pool lets her in."""
    Session.scalar(text("SELECT count(*) FROM tea"))
    with suppress(threading.BrokenBarrierError):
        crowd.wait(1.2)
    return "slow"


def own():
    """Two visitors have a session each, and a connection each."""
    me = threading.get_ident()
    Session.info["visitor"] = me
    connection = Session.connection().connection
    drivers.append(id(connection.driver_connection))
    pair.wait(8)
    mine = Session.info["visitor"] == me and len({*drivers}) == 2
    return "own", 200 if mine else 409


drivers = []
crowd, pair = threading.Barrier(3), threading.Barrier(2)
for view in raises, forgets, fails, again, keeps, streams, slow, own:
    # Not `add_url_rule`, which an app that was asked before refuses.
    rule = app.url_rule_class(f"/{view.__name__}", endpoint=view.__name__)
    app.url_map.add(rule)
    app.view_functions[view.__name__] = view


def ask(request, reads):
    method, path = request.split()
    try:
        with app.test_client().open(path, method=method) as reply:
            if reads:
                reply.get_data()
            else:
                next(reply.response)
            return reply.status_code
    except Exception as error:
        return type(error).__name__


def visit(request, thread=0, reads=True):
    """The status of a request, or the error's name. A visitor who does not
    read leaves after the first block."""
    return THREADS[thread].submit(ask, request, reads).result()


def at_once(request, number):
    """The statuses of as many visitors at once, sorted."""
    coming = [t.submit(ask, request, True) for t in THREADS[:number]]
    return sorted([each.result() for each in coming], key=str)


def left_out():
    """How many connections are not back in the pool."""
    return out


def most_open():
    """How many connections were open at once, at most."""
    return most


def teas():
    """What the file has, {name: stock}."""
    with closing(sqlite3.connect(FILE)) as db:
        return dict(db.execute("SELECT name, stock FROM tea"))
