"""Fill the tables of the indexes: where is a rule, an error, a word?

Usage: python -m tools.index

Chapters 91, 92 and 93 have a cell with a tag such as `table-server` for each
table. All in it is its author's but the rows: those of 91 and 92 are made of
a CSV file and of the tags of all cells, such as `pep3333-54` and
`error-port-taken`, and those of 93 of the definitions that chapters end with.
No cell is run.
"""

import re
import sys

from notebooks.find_error import forms, pattern, plain
from tools import glossary
from tools.workbook import (
    NOTEBOOKS,
    chapters,
    name_of,
    read,
    rows,
    shown,
    tagged,
    write,
)

TABLE = "table-"  # and the name of its group: the tag of a table's cell
RULE, ERROR = "pep3333-", "error-"  # and a number, a name: of a shown one
RULES, ERRORS = NOTEBOOKS / "pep3333.csv", NOTEBOOKS / "errors.csv"
WORDS = NOTEBOOKS / "93_glossary.ipynb"
HEAD = r"\|[\s:|-]+$"  # the line below a table's head
ROLES = "all", "server", "app", "middleware"
LEAST = 8  # letters of a message by which it is found
LEVELS = "must", "must not", "should", "should not", "may", "says"
ELSEWHERE = "elsewhere"  # the group of what cannot be produced here
GROUPS = (
    *("code", "old", "data", "start", "serve"),
    *("change", "proxy", "client", "tools", ELSEWHERE),
)


def rule_row(rule, links):
    """The fields of a rule's row, a list of str."""
    places = list(links.get(rule["number"], []))
    if rule["read"]:
        places.append(f"[read]({rule['read']})")
    return [rule["number"], rule["level"], rule["rule"], ", ".join(places)]


def error_row(error, links):
    """The fields of an error's row, a list of str."""
    places = ", ".join(links.get(error["slug"], []))
    if error["source"]:
        places = f"[others]({error['source']})"
    status = f" (status {error['status']})" if error["status"] else ""
    message = f"`{error['message']}`{status}"
    return [message, error["cause"], error["cure"], places]


def links_to(notebooks, prefix):
    """Markdown links to the cells with a tag that begins with `prefix`,
    {rest of the tag: [link]}; `notebooks` are {Path: notebook}."""
    links = {}
    for path, notebook in notebooks.items():
        for cell, rest in tagged(notebook.cells, prefix):
            link = f"[{path.name[:2]}]({path.name}#cell-id={cell.id})"
            links.setdefault(rest, []).append(link)
    return links


def tables(notebooks, rule_in=dict, error_in=dict):
    """The rows of all tables, {file name of the index: {group: lists of
    fields}}; `notebooks` are the chapters, {Path: notebook}. `rule_in` and
    `error_in` return a row of a CSV file, a dict, in another language."""
    places, rules = links_to(notebooks, RULE), rows(RULES)
    cells, errors = links_to(notebooks, ERROR), rows(ERRORS)
    return {
        "91_find_a_rule.ipynb": {
            role: [
                rule_row(rule_in(rule), places)
                for rule in rules
                if role in rule["who"].split(", ")
            ]
            for role in ROLES
        },
        "92_find_an_error.ipynb": {
            group: [
                error_row(error_in(error), cells)
                for error in errors
                if error["group"] == group
            ]
            for group in GROUPS
        },
        WORDS.name: {"words": glossary.rows(notebooks)},
    }


def filled(text, fields):
    """A cell's text with other rows below the head of its table, a str;
    ValueError where it has no table."""
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines) if re.match(HEAD, line)]
    if len(heads) != 1:
        raise ValueError("its cell needs one table, with a line |---|")
    (head,) = heads
    after = [line for line in lines[head + 1 :] if line[:1] != "|"]
    table = [f"| {' | '.join(row)} |" for row in fields]
    return "\n".join([*lines[: head + 1], *table, *after])


def fill(index, groups):
    """Fill the tables of the notebook `index`; `groups` are {group: lists
    of fields}. ValueError where a group has no cell, or a cell no table."""
    found = {group: cell for cell, group in tagged(index.cells, TABLE)}
    if found.keys() != groups.keys():
        raise ValueError(
            f"its tables are {', '.join(found)}: tag a cell {TABLE}GROUP "
            f"for each of {', '.join(groups)}"
        )
    for group, fields in groups.items():
        found[group].source = filled(found[group].source, fields)


def stale(notebooks):
    """Yield what must be filled anew, or cannot be: the index's Path, and
    what is wrong. `notebooks` are the chapters, {Path: notebook}."""
    for name, groups in tables(notebooks).items():
        index = read(NOTEBOOKS / name)
        before = [cell.source for cell in index.cells]
        try:
            fill(index, groups)
        except ValueError as error:
            yield NOTEBOOKS / name, str(error)
            continue
        if before != [cell.source for cell in index.cells]:
            yield NOTEBOOKS / name, "is stale: run `make notebooks`"


# What is wrong with the rows, and with the cells that they need.


def unseen_rules(rules, cells):
    """Yield what is wrong between the rules and the tags of `cells`."""
    seen = {n for cell, n in tagged(cells, RULE) if cell.get("outputs")}
    known = {rule["number"] for rule in rules}
    for cell, number in tagged(cells, RULE):
        if number not in known:
            yield f"cell {cell.id}: no rule {number}: mend its tag"
    for rule in rules:
        if rule["number"] not in seen and not rule["read"]:
            yield (
                f"rule {rule['number']} has no cell with an output: show "
                f"it, and give the cell the tag {RULE}{rule['number']}"
            )


def unseen_errors(errors, cells):
    """Yield what is wrong between the errors and what `cells` show; one
    with a source needs no cell, and has none."""
    outputs = {}
    for cell, slug in tagged(cells, ERROR):
        outputs[slug] = outputs.get(slug, "") + shown(cell)
    for slug in outputs.keys() - {error["slug"] for error in errors}:
        yield f"the tag {ERROR}{slug} has no row: add one"
    for error in errors:
        if error["source"]:
            if error["slug"] in outputs:
                yield (
                    f"{error['slug']} has a cell: drop its source, and "
                    f"choose another group than {ELSEWHERE}"
                )
            continue
        output = outputs.get(error["slug"], "")
        no_cell = f"no cell tagged {ERROR}{error['slug']} shows"
        if not pattern(error["message"]).search(plain(output)):
            yield f"{no_cell} {error['message']!r}: tag it, or mend the row"
        status = error["status"]
        if status and not re.search(rf"\b{status}\b", output):
            yield f"{no_cell} the status {status}: show it, or drop it"


def bad_rules(rules):
    """Yield what is wrong with the rows of pep3333.csv."""
    if [r["number"] for r in rules] != [str(n) for n in range(1, 99)]:
        yield "the numbers are not 1 to 98: they are fixed, drop none"
    for rule in rules:
        if rule["level"] not in LEVELS:
            yield f"rule {rule['number']}: the level is none of {LEVELS}"
        if not set(rule["who"].split(", ")) <= {*ROLES}:
            yield f"rule {rule['number']}: who is not of {ROLES}"
        if not rule["rule"].endswith((".", ".)")):
            yield f"rule {rule['number']}: write it as a sentence"
        if rule["read"] and not rule["read"].startswith("https://"):
            yield f"rule {rule['number']}: link to a page with https"


def bad_errors(errors):
    """Yield what is wrong with the rows of errors.csv."""
    slugs = [error["slug"] for error in errors]
    for error in errors:
        slug = error["slug"]
        if slugs.count(slug) > 1:
            yield f"{slug}: there are several, make them one"
        for form in forms(error):
            if len(form.replace("...", "")) < LEAST:
                yield f"{slug}: {form!r} is too short to search for"
            if form.startswith("..."):
                yield f"{slug}: {form!r} says not where it begins"
        if error["group"] not in GROUPS:
            yield f"{slug}: the group is none of {GROUPS}"
        for part in "cause", "cure":
            if not error[part].endswith("."):
                yield f"{slug}: write the {part} as a sentence"
        if bool(error["source"]) != (error["group"] == ELSEWHERE):
            yield f"{slug}: a source for {ELSEWHERE}, and for no other group"
        if error["source"] and not error["source"].startswith("https://"):
            yield f"{slug}: link to a page with https"
        if "|" in "".join(error.values()):
            yield f"{slug}: a | would end the column of the table"


def faults(notebooks):
    """What is wrong with the indexes: pairs of a Path and a line of text.
    `notebooks` are the chapters, {Path: notebook}."""
    cells = [cell for n in notebooks.values() for cell in n.cells]
    rules, errors = rows(RULES), rows(ERRORS)
    for path, found in [
        (RULES, [*bad_rules(rules), *unseen_rules(rules, cells)]),
        (ERRORS, [*bad_errors(errors), *unseen_errors(errors, cells)]),
        (WORDS, [*glossary.faults(notebooks), *glossary.missing(notebooks)]),
    ]:
        for fault in found:
            yield path, fault
    yield from stale(notebooks)


def main():
    """Fill all indexes; return the exit status."""
    notebooks = {path: read(path) for path in chapters()}
    try:
        filled = tables(notebooks)
    except ValueError as error:
        print(error)
        return 1
    for name, groups in filled.items():
        path = NOTEBOOKS / name
        index = read(path)
        try:
            fill(index, groups)
        except ValueError as error:
            print(f"{name_of(path)}: {error}")
            return 1
        if index != notebooks[path]:
            write(index, path)
            print(f"{name_of(path)}: its tables are filled anew")
    return 0


if __name__ == "__main__":
    sys.exit(main())
