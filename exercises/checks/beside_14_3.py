"""Beside the answer to exercise 3 of sheet 14: accounts in a file, who else
writes to it, and what fails."""

import itertools
import sqlite3
from contextlib import closing, suppress

from sqlalchemy import create_engine, event

from answer import transfer

START = {"ada": 100, "eve": 50}
NUMBERS = itertools.count()
GIFT = "UPDATE account SET cents = cents + 500"
DRAIN = "UPDATE account SET cents = 0 WHERE name = 'ada'"
CLOSED = """
CREATE TRIGGER closed BEFORE UPDATE ON account WHEN old.name = '{}'
BEGIN SELECT raise(ABORT, 'this account is closed'); END
"""


def in_haste(db):
    """A connection to SQLite that does not wait until a disk has written."""
    db.execute("PRAGMA synchronous = off")
    return db


class Bank:
    """A file with accounts, an engine for it, and what happened to it."""

    def __init__(self, *more, table=True, wal=False):
        self.file = f"bank{next(NUMBERS)}.db"
        self.told, self.tries, self.seen = [], 1, []
        if wal:  # who reads keeps nobody from writing
            self.execute("PRAGMA journal_mode = wal")
        if table:
            self.execute("CREATE TABLE account (name PRIMARY KEY, cents)")
            for account in START.items():
                self.execute("INSERT INTO account VALUES (?, ?)", account)
        for statement in more:
            self.execute(statement)
        self.engine, self.failed = self.new_engine(), 0
        event.listen(self.engine, "handle_error", self.note)

    def new_engine(self):
        """One that waits for nobody, neither for a lock nor for a disk."""
        engine = create_engine(
            f"sqlite:///{self.file}",
            pool_size=1,
            max_overflow=0,
            pool_timeout=0.1,
            connect_args={"timeout": 0},
        )
        event.listen(engine, "connect", lambda db, _: in_haste(db))
        return engine

    def note(self, context):
        self.failed += 1

    def execute(self, *statement):
        """Be somebody else, who does not wait."""
        with closing(self.connect()) as db:
            db.execute(*statement)

    def connect(self):
        db = sqlite3.connect(self.file, timeout=0, isolation_level=None)
        return in_haste(db)

    def tell(self, giver, taker, cents):
        """Note what is told, and what another visitor sees then."""
        self.told.append((giver, taker, cents))
        self.seen.append(self.accounts())

    def accounts(self):
        """What another visitor sees, {name: cents}, or that she cannot."""
        try:
            with closing(self.connect()) as db:
                return dict(db.execute("SELECT name, cents FROM account"))
        except sqlite3.OperationalError as error:
            return {"error": str(error)}

    def back(self):
        """Whether the pool's one connection is back, and in no transaction:
        then somebody else can write."""
        if self.engine.pool.checkedout():
            return "is out"
        with suppress(sqlite3.OperationalError):
            self.execute("BEGIN IMMEDIATE")
            return "is back"
        return "is in a transaction"


def move(bank, giver="ada", taker="eve", cents=30, tell=None):
    """What comes of a transfer, a dict."""
    try:
        transfer(bank.engine, giver, taker, cents, tell or bank.tell)
        came = "no error"
    except Exception as error:
        came = type(error).__name__
    return {
        "came": came,
        "accounts": bank.accounts(),
        "told": bank.told,
        "seen": bank.seen,
        "failed": bank.failed,
        "connection": bank.back(),
    }


def plain(*asked):
    return move(Bank(), *asked)


def with_closed(name):
    """An account that is closed: each UPDATE of it fails."""
    return move(Bank(CLOSED.format(name)))


def without_table():
    bank = Bank(table=False)
    bank.back = lambda: None
    return move(bank)


def locked(times):
    """Somebody else holds the lock until as many statements have failed."""
    bank = Bank()
    with closing(bank.connect()) as other:
        other.execute("BEGIN IMMEDIATE")

        def release(context):
            if bank.failed >= times and other.in_transaction:
                other.execute("ROLLBACK")

        event.listen(bank.engine, "handle_error", release)
        result = move(bank)
    return result | {"connection": bank.back()}


def read_meanwhile(times):
    """Somebody reads: all goes well up to the commit, which fails."""
    bank = Bank()
    with closing(bank.connect()) as other:
        other.execute("BEGIN")
        reads = other.execute("SELECT * FROM account")
        next(reads)

        def release(context):
            if bank.failed >= times and other.in_transaction:
                reads.close()
                other.execute("ROLLBACK")

        event.listen(bank.engine, "handle_error", release)
        result = move(bank)
    return result | {"connection": bank.back()}


def watched(closed):
    """The sums that others see before each statement of a transfer, and
    when it has ended, while an account is closed."""
    bank = Bank(CLOSED.format(closed), wal=True)
    sums = set()

    def see(*execution):
        sums.add(sum(bank.accounts().values()))

    event.listen(bank.engine, "before_cursor_execute", see)
    move(bank)
    see()
    return sorted(sums)


def told_in_vain(kind):
    """`tell` raises an error of this kind; it is called once."""
    bank = Bank()

    def tell(*receipt):
        bank.tell(*receipt)
        if kind == "OperationalError":
            with closing(bank.connect()) as other:
                other.execute("BEGIN IMMEDIATE")
                with bank.new_engine().connect() as db:
                    db.exec_driver_sql("UPDATE account SET cents = cents")
        raise ConnectionError("no mail today")

    return move(bank, tell=tell)


def meanwhile(statement, before):
    """Somebody else writes before the transfer's statement of this number,
    from 1; or, if the file is locked then, when it has ended."""
    bank, number = Bank(wal=True), itertools.count(1)
    waits = [statement]

    def write():
        with suppress(sqlite3.OperationalError):
            bank.execute(waits[0])
            waits.clear()

    def see(*execution):
        if next(number) == before and waits:
            write()

    event.listen(bank.engine, "before_cursor_execute", see)
    result = move(bank)
    if waits:
        write()
    return result | {"accounts": bank.accounts()}
