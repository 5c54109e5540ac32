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

    def use(self, version):
        """Let a version write a tea, and read all; return what it misses,
        or what it reads that nobody has written: a sorted list."""
        self.sell(version, f"tea {len(self.names)}")
        read = Counter(row[0] for row in self.db.execute(version[1]))
        wrong = (read - Counter(self.names)) | (Counter(self.names) - read)
        return sorted(wrong, key=str)

    def use_all(self):
        """What goes wrong when all that run are used, twice, each after
        each other: a str, "" if nothing."""
        for version in self.running * 2:
            name = name_of(version)
            try:
                differ = self.use(version)
            except sqlite3.Error as error:
                return f"{name}: {error}"
            if differ:
                return f"{name}: reads {differ[0]!r} wrong"
        return ""

    def columns(self):
        """The names of the table's columns, a list."""
        return [row[1] for row in self.db.execute("PRAGMA table_info(tea)")]


def name_of(version):
    if version == OLD:
        return "OLD"
    return "NEW" if version == NEW else "the version in between"
