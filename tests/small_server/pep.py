"""Names the rules of PEP 3333 that a test tests."""

import csv
import functools
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def rows():
    """The rows of notebooks/pep3333.csv, a list of dict."""
    path = ROOT / "notebooks" / "pep3333.csv"
    with open(path, encoding="utf-8") as file:
        return list(csv.DictReader(file))


RULES = {int(row["number"]): row["rule"] for row in rows()}
FOR_SERVERS = {
    int(row["number"])
    for row in rows()
    if {"all", "server"} & set(row["who"].split(", "))
}


def pep(*numbers):
    """A decorator of a test: when it fails, pytest shows what the rules
    with these numbers in notebooks/pep3333.csv say. ValueError if there
    is no such rule."""
    if unknown := set(numbers) - RULES.keys():
        raise ValueError(f"no rule {unknown} in notebooks/pep3333.csv")

    def decorate(test):
        @functools.wraps(test)  # pytest sees the test's own arguments
        def tested(*args, **named):
            for number in numbers:
                print(f"PEP 3333, rule {number}: {RULES[number]}")
            return test(*args, **named)

        return tested

    return decorate
