"""The words that the chapters define, each at the end of the chapter that
it belongs to: **Term**: what it is."""

import re
from collections import Counter

from tools.workbook import cells

WANTED = (  # what everybody is taken to know, and a reader may not
    *("HTTP", "client", "server", "request", "response", "header", "status code"),
    *("process", "thread", "signal", "environment variable", "kernel"),
    *("port", "socket", "backlog", "keep-alive"),
    *("WSGI", "environ", "callable", "middleware", "worker", "arbiter"),
)
BEGIN = r"\*\*([^*`]+)\*\*(?:: |：)"  # of a definition; the colon of any language
DEFINITION = rf"{BEGIN}(.+?)(?= ?{BEGIN}|$)"


def definitions(notebooks):
    """Yield each definition: the term, the words that say what it is, the
    Path of its chapter, and its cell. `notebooks` are the chapters, {Path:
    notebook}; their heads define nothing."""
    for path, notebook in notebooks.items():
        for cell in cells(notebook, "markdown")[1:]:
            for line in cell.source.splitlines():
                if re.match(BEGIN, line):
                    for found in re.finditer(DEFINITION, line):
                        yield found[1], found[2], path, cell


def rows(notebooks, translated=None):
    """The rows of the glossary, by the alphabet: lists of fields. With the
    same chapters `translated`, in their words, but in the same order."""
    found, ours = [*definitions(notebooks)], {}
    for term, words, _, cell in definitions(translated or {}):
        ours.setdefault(cell.id, []).append((term, words))
    pairs = []
    for term, words, path, cell in found:
        mine = [f[:2] for f in found if f[3] is cell]
        theirs = ours.get(cell.id, [])
        said = theirs if len(theirs) == len(mine) else mine
        pairs.append((term, *said[mine.index((term, words))], path, cell))
    return [
        [
            f"**{term}**",
            words.replace("|", r"\|"),
            f"[{path.name[:2]}]({path.name}#cell-id={cell.id})",
        ]
        for _, term, words, path, cell in sorted(
            pairs, key=lambda pair: pair[0].casefold()
        )
    ]


def missing(notebooks):
    """Yield what is wrong where a wanted term is not defined."""
    known = {term.casefold() for term, *_ in definitions(notebooks)}
    for term in WANTED:
        if term.casefold() not in known:
            yield f"nobody defines {term}: do, at the end of its chapter"


def faults(notebooks):
    """Yield what is wrong with the definitions, lines of text."""
    found = [*definitions(notebooks)]
    times = Counter(term.casefold() for term, *_ in found)
    for term, words, path, cell in found:
        if times[term.casefold()] > 1:
            yield f"{path.name}, cell {cell.id}: {term} is defined elsewhere, too"
        if not words.endswith((".", ".)")):
            yield f"{path.name}, cell {cell.id}: end what {term} is with a full stop"
