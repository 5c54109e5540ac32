"""Beside the answer to exercise 4 of sheet 14: the shops that run while its
plan is carried out."""

import sqlite3
from collections import Counter

from answer import NEW, OLD, plan

TABLE = "CREATE TABLE tea (name TEXT, euros INTEGER NOT NULL DEFAULT 0)"


class Shops:
    """A table of teas, and the versions of the shop that use it."""

    def __init__(self):
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute(TABLE)
        self.rows, self.running = [], [OLD]
        for _ in range(2):
            self.write(OLD)

    def write(self, version):
        """Let a version write a tea that is like no other."""
        number = len(self.rows) + 1
        tea = {"name": f"tea {number}", "cents": 100 * number}
        self.db.execute(version[0], tea)
        self.rows.append((*tea.values(),))

    def use(self, version):
        """Let a version write a tea, and read all; return what is wrong, a
        pair of str, or None."""
        self.write(version)
        read = Counter(self.db.execute(version[1]))
        for row in read - Counter(self.rows):
            return "reads", repr(row)
        for row in self.rows:
            if not read[row]:
                return "misses", repr(row)

    def use_all(self):
        """What is wrong when all that run are used, one after the other,
        and once more: a tuple of three str, or None."""
        for version in self.running * 2:
            try:
                wrong = self.use(version)
            except sqlite3.Error as error:
                wrong = "fails", str(error)
            if wrong:
                names = {OLD: "OLD", NEW: "NEW"}
                return names.get(version, "between"), *wrong

    def change(self, step):
        """Carry out the statement of this step, an int."""
        self.db.execute(plan[step])

    def roll_out(self, step):
        """Let the version of this step, an int, run beside the others."""
        self.running.append(tuple(plan[step]))

    def end_old(self):
        """End all versions but the one that came last."""
        del self.running[:-1]

    def columns(self):
        """The names of the table's columns, a list."""
        return [
            row[1] for row in self.db.execute("PRAGMA table_info(tea)")
        ]
