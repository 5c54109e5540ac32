"""Write notebooks/92_find_an_error.ipynb from errors.csv and the cells' tags.

Usage: python tools/index_errors.py [--check]    (exit status 1 when stale)
"""

import sys

from index_rules import (
    NOTEBOOKS,
    assemble,
    read_links,
    read_rows,
    store,
    table,
)

ERRORS = NOTEBOOKS / "errors.csv"
INDEX = NOTEBOOKS / "92_find_an_error.ipynb"
TAG = "error-"
GROUPS = {
    "code": "In your own code",
    "start": "The server is to start",
    "serve": "It starts, and serves wrongly",
    "change": "It is to reload, or to stop",
    "proxy": "Behind a proxy, and beyond one machine",
}
COLUMNS = """\
| message | status | cause | cure | see it in |
|---|--:|---|---|---|"""
HEAD = """\
# Find an error

*What does this message mean, and what do I do about it?*

**You will do**: look up the message that you have before you, and open a \
cell that produces it.

**You will learn**: the cause and the cure of {count} failures that people \
paste into search boxes, each of them produced live in this workbook.

**You need**: the message. About 10 minutes.

Search this page (in JupyterLab, Ctrl-F) for a few words of it. What differs \
from run to run, such as a port or a process id, is left out here. A failure \
without a message of its own stands here in the words that our cell prints. \
*Status* is the exit status of the command, where it ends. This page is made \
by `tools/index_errors.py`."""
SHOWN = """\
import csv
import os
from pathlib import Path

import nbformat

if not os.path.exists("wsgi.py"):
    os.chdir("..")  # from notebooks/ to the folder of the app


def shown(cell):
    words = ""
    for output in cell.get("outputs", []):
        words += output.get("text", "")
        words += output.get("data", {}).get("text/plain", "")
        if output.output_type == "error":
            words += f"{output.ename}: {output.evalue}"
    return words"""
COUNT = """\
with open("notebooks/errors.csv", encoding="utf-8") as file:
    errors = list(csv.DictReader(file))
produced = set()
for path in Path("notebooks").glob("*.ipynb"):
    for cell in nbformat.read(path, as_version=4).cells:
        for error in errors:
            tag, words = f"error-{error['slug']}", error["message"]
            if tag in cell.metadata.get("tags", []):
                produced |= {tag} if words in shown(cell) else set()
len(produced), len(errors)"""
ASKED = "Is each message in the output of a cell with its tag?"
SEEN = """\
Every message has its cell, whose output is compared whenever the workbook \
is tested; and a test fails when a message is no longer in its cell's \
output.

## What comes next

Back to what you were doing; or to the [map](00_start_here.ipynb)."""


def row(error, links):
    """Return the cells of an error's row in the table, a list of str."""
    where = ", ".join(links.get(error["slug"], []))
    told = [error["status"], error["cause"], error["cure"]]
    return [f"`{error['message']}`", *told, where]


def build():
    """Return the index, not yet executed."""
    errors, links = read_rows(ERRORS), read_links(TAG)
    texts = [HEAD.format(count=len(errors))]
    for group, title in GROUPS.items():
        mine = [error for error in errors if error["group"] == group]
        rows = [row(error, links) for error in mine]
        texts.append(f"## {title}\n\n{table(COLUMNS, rows)}")
    texts.append("## Is that all?\n\nWhat a cell has put out:")
    return assemble("92", [*texts, ASKED, SEEN], SHOWN, COUNT)


if __name__ == "__main__":
    sys.exit(store(INDEX, build(), sys.argv[1:]))
