"""Beside the answer to exercise 4 of sheet 14: the shops that run while its
plan is carried out."""

import sqlite3
from collections import Counter

from answer import NEW, OLD, plan

START = ["green", "black"]


class Shops:
    """A table of teas, and the versions of the shop that use it."""

    def __init__(self):
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute(
            "CREATE TABLE tea (id INTEGER PRIMARY KEY, name TEXT)"
        )
        self.names, self.running = [], [OLD]
        for name in START:
            self.sell(OLD, name)

    def sell(self, version, name):
        self.db.execute(version[0], {"name": name})
        self.names.append(name)

    def roll_out(self, step):
        """Let the version of this step, an int, run beside the others."""
        self.running.append(tuple(plan[step]))

    def use(self, version):
        """Let a version write a tea, and read all; return what is wrong, a
        str, "" if nothing."""
        self.sell(version, f"tea {len(self.names)}")
        read = Counter(row[0] for row in self.db.execute(version[1]))
        for name in self.names:
            if not read[name]:
                return f"does not read {name!r}"
        for name in read - Counter(self.names):
            return f"reads {name!r}, which nobody has written"
        return ""

    def use_all(self):
        """What is wrong when all that run are used, one after the other,
        and once more: a str, "" if nothing."""
        for version in self.running * 2:
            try:
                wrong = self.use(version)
            except sqlite3.Error as error:
                wrong = f"fails: {error}"
            if wrong:
                return f"{name_of(version)} {wrong}"
        return ""

    def columns(self):
        """The names of the table's columns, a list."""
        return [
            row[1] for row in self.db.execute("PRAGMA table_info(tea)")
        ]


def name_of(version):
    if version == OLD:
        return "OLD"
    return "NEW" if version == NEW else "the version in between"
