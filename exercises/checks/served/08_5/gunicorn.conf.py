import sqlite3
from contextlib import closing


def on_starting(server):
    with closing(sqlite3.connect("stock.db")) as db, db:
        db.execute("CREATE TABLE tea (stock INTEGER)")
        db.execute("INSERT INTO tea VALUES (10)")


def post_worker_init(worker):
    print("one is up")
