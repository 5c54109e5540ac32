"""Names the rules of PEP 3333 that a test tests."""

import csv
import functools
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def rules():
    """The rules, {number: what it says}."""
    path = ROOT / "notebooks" / "pep3333.csv"
    with open(path, encoding="utf-8") as file:
        return {int(r["number"]): r["rule"] for r in csv.DictReader(file)}


RULES = rules()


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
