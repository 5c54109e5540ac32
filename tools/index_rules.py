"""Write notebooks/91_find_a_rule.ipynb from pep3333.csv and the cells' tags.

Usage: python tools/index_rules.py [--check]    (exit status 1 when stale)
"""

import csv
import sys
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from refresh import METADATA, execute

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
RULES = NOTEBOOKS / "pep3333.csv"
INDEX = NOTEBOOKS / "91_find_a_rule.ipynb"
TAG = "pep3333-"
ROLES = {
    "all": "Rules for all",
    "server": "Rules for servers",
    "app": "Rules for apps",
    "middleware": "Rules for middleware",
}
COLUMNS = """\
| rule | level | in plain words | see it in |
|--:|---|---|---|"""
HEAD = """\
# Find a rule

*Where in this workbook can I see a rule of WSGI at work?*

**You will do**: look a rule up, and open a cell that shows it.

**You will learn**: what [PEP 3333](https://peps.python.org/pep-3333/) asks \
of servers, apps and middleware, {count} rules in our own words.

**You need**: the question that brought you here. About 10 minutes.

A rule that holds for several stands under each of them. The level is the \
strength of the PEP's words, *must not* where they forbid something; the \
sentence says how things are when the rule is kept. *Says*: the PEP \
describes a way to do it. In JupyterLab, a link leads to the cell; \
elsewhere, perhaps only to its chapter. This page is made by `tools/index_rules.py`."""
COUNT = """\
import csv
import os
from pathlib import Path

import nbformat

if not os.path.exists("wsgi.py"):
    os.chdir("..")  # from notebooks/ to the folder of the app
tags = set()
for path in Path("notebooks").glob("*.ipynb"):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.get("outputs"):
            tags |= {*cell.metadata.get("tags", [])}
with open("notebooks/pep3333.csv", encoding="utf-8") as file:
    rules = list(csv.DictReader(file))
found = [r for r in rules if r["read"] or f"pep3333-{r['number']}" in tags]
len(found), len(rules)"""
SEEN = """\
Every rule has an executed cell, whose output is compared whenever the \
workbook is tested, or where it asks for documentation only, a link to \
read. A test keeps it so.

## What comes next

Back to where you came from, or to the [map](00_start_here.ipynb). The \
rules that no other chapter shows are in \
[Check every rule](90_check_every_rule.ipynb)."""


def read_rows(path):
    """Return the rows of a CSV file, a list of dict."""
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_links(prefix):
    """Return {rest of a tag that begins with `prefix`: [Markdown links]}."""
    links = {}
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            link = f"[{path.name[:2]}]({path.name}#cell-id={cell.id})"
            for tag in cell.metadata.get("tags", []):
                if tag.startswith(prefix):
                    found = links.setdefault(tag.removeprefix(prefix), [])
                    found.append(link)
    return links


def row(rule, links):
    """Return the cells of a rule's row in the table, a list of str."""
    where = list(links.get(rule["number"], []))
    if rule["read"]:
        where.append(f"[read]({rule['read']})")
    return [rule["number"], rule["level"], rule["rule"], ", ".join(where)]


def table(columns, rows):
    """Return a Markdown table: its first two lines, a str, and `rows`, lists
    of str."""
    lines = (f"| {' | '.join(cells)} |" for cells in rows)
    return "\n".join([columns, *lines])


def build():
    """Return the index, not yet executed."""
    rules, links = read_rows(RULES), read_links(TAG)
    texts = [HEAD.format(count=len(rules))]
    for role, title in ROLES.items():
        mine = [rule for rule in rules if role in rule["who"].split(", ")]
        rows = [row(rule, links) for rule in mine]
        texts.append(f"## {title}\n\n{table(COLUMNS, rows)}")
    texts.append(
        "## Is that all?\n\nThe notebooks themselves are counted:"
    )
    return assemble("91", [*texts, SEEN], COUNT)


def assemble(chapter, texts, *codes):
    """Return the notebook of a chapter, a str of two digits: Markdown
    `texts`, and `codes` before the last of them."""
    cells = [new_markdown_cell(text) for text in texts]
    for place, code in enumerate(reversed(codes), 1):
        cells.insert(1 - 2 * place, new_code_cell(code))
    for number, cell in enumerate(cells, 1):
        cell.id = f"c{chapter}-{number:02}"
    return new_notebook(cells=cells, metadata=METADATA)


def store(path, notebook, arguments):
    """Execute an index and write it, or with --check compare what was
    written, for nbval compares the outputs; return the exit status."""
    tool = f"tools/{Path(sys.argv[0]).name}"
    if "--check" in arguments:
        stale = not path.exists() or written(notebook) != written(
            nbformat.read(path, as_version=4)
        )
        if stale:
            print(f"{path.name} is stale: run {tool}")
        return int(stale)
    old = path.read_text("utf-8") if path.exists() else ""
    execute(notebook, NOTEBOOKS)
    new = nbformat.writes(notebook) + "\n"
    path.write_text(new, encoding="utf-8")
    print(f"{path.name}: {'same' if new == old else 'changed'}")
    return 0


def written(notebook):
    """Return what a notebook says, without what came of it; a list."""
    return [
        (cell.id, cell.cell_type, cell.source, cell.metadata)
        for cell in notebook.cells
    ]


if __name__ == "__main__":
    sys.exit(store(INDEX, build(), sys.argv[1:]))
