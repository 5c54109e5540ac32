"""Find the messages of a pasted log among those of this workbook.

Usage: python -m notebooks.find_error [FILE ...]
       ... | python -m notebooks.find_error

Prints what it knows, in the order of the log, and last those messages
that only say that something failed: the line, the cause, the cure, and
the cell that produces the message; of a message that this workbook
cannot produce (Docker's, say), where others have seen it. The exit
status is 0, 1 if it knows none of the lines, and 2 if there is nothing
to read. Of one short line that it does not know, it prints those messages
that have the words of it, at most three.

The messages are the rows of errors.csv. In them `...` stands for what
differs from run to run, such as a port, a path, a name or a process id.
One that begins with `=` is found only with the same small and capital
letters.
"""

import csv
import fileinput
import functools
import json
import os
import re
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
VARIES = "[^\\n]{0,300}?"  # in one line, and as little as will do
COLOURS = re.compile("\x1b\\[[0-9;]*m")
QUOTE = r"(?:\\*'|&quot;|&apos;|&#(?:34|39|x27);)"  # also in HTML, in JSON
SPACE = r"(?:\s|\\[nrt])+"  # also a line end that is written as \n
FIRST = r"(?:(?<!\w.)|(?<=\\[nrt].))"  # the letter before begins a word
QUOTES = str.maketrans('`"\u2018\u2019\u201c\u201d', "''''''")
WIDTH = 75
SHORT = 80  # letters: what is longer is a line of a log
LONG = 15  # letters of one word that is no common one
LETTERS = 10  # of several words
COMMON = 30  # a word that more errors have says nothing of any
NEAR = (
    "No message of the index stands in this whole; these have its words:"
)
FRAMES = {  # they say that something failed, and another line says why
    *("exception-on", "error-handling", "waitress-exception"),
    *("flask-import-error", "reload-failed", "mod-wsgi-exception"),
    *("gevent-class", "eventlet-class", "service-failed", "start-limit"),
    *("supervisor-exited", "crash-loop", "docker-ended"),
    *("docker-run-failed", "build-failed", "nbval-failed", "cell-error"),
    *("arbiter-exception", "asgi-exception", "asgi-startup", "azure-page"),
    *("heroku-page", "heroku-status-3", "heroku-compile"),
    *("unit-resources", "pythonanywhere-frame", "werkzeug-request"),
    *("ending-thread", "npm-script", "poetry-build", "gcloud-build"),
    *("docker-gen-reload", "jupyterlab-build-page", "first-500"),
    "waitress-500-page",
}


class Found(NamedTuple):
    """An error of errors.csv, a dict, and where a text has its message:
    the first and the last place in the text."""

    error: dict
    begin: int
    end: int
    literal: int  # how many letters of the message are no `...`


def plain(text):
    """A text without colours, and with one kind of quotes; a str."""
    return COLOURS.sub("", text).translate(QUOTES)


@functools.cache  # `re` itself keeps fewer than there are messages
def pattern(message):
    """What a message looks like wherever it stands; a re.Pattern.

    Small and capital letters are the same (but after a `=`), and so are
    all quotes. A space may be any space, also the end of a line. Of the
    end, dots and colons may be missing. Words are found whole: no
    `Error: ` in `KeyError: `. SQLAlchemy's `(sqlite3.Error) ` is the same
    as `sqlite3.Error: `.
    """
    flags = 0 if message.startswith("=") else re.IGNORECASE
    message = plain(message).removeprefix("=").rstrip(" .:")
    parts = [
        SPACE.join(map(re.escape, part.split(" "))).replace("'", QUOTE)
        for part in message.split("...")
    ]
    said = VARIES.join(parts)
    said = re.sub(r"^(\w+(?:\\\.\w+)+):", r"\1[:)]", said)
    if re.match(r"\w", said):
        said = said[0] + FIRST + said[1:]  # here, not before: for speed
    if re.search(r"\w$", message):
        said += r"(?!\w)"
    return re.compile(said, flags)


@functools.cache
def longest_word(message):
    """The longest word of a message, in small letters. A text without it
    need not be searched, which saves nearly all of the time."""
    return max(re.findall(r"[a-z0-9_]*", plain(message).lower()), key=len)


def forms(error):
    """The message of an error, and other wordings of it; a list of str."""
    return [error["message"], *error["also"].splitlines()]


def errors():
    """The rows of errors.csv, a list of dict."""
    with open(HERE / "errors.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, restval=""))


def find(text, known=None):
    """Find the messages in a text; a list of Found, in the text's order.

    `known` are rows as those of errors(). An error is found once. Where
    two messages have a place in common, it is that of the more exact one.
    """
    text = plain(text)
    found, small = [], text.lower()
    for error in errors() if known is None else known:
        for form in forms(error):
            if longest_word(form) not in small:
                continue
            literal = len(form.replace("...", ""))
            for match in pattern(form).finditer(text):
                found.append(Found(error, *match.span(), literal))
    taken, kept = [], {}
    for one in sorted(found, key=lambda one: (-one.literal, one.begin)):
        if all(
            one.end <= begin or end <= one.begin for begin, end in taken
        ):
            taken.append((one.begin, one.end))
            first = kept.setdefault(one.error["slug"], one)
            if one.begin < first.begin:
                kept[one.error["slug"]] = one
    return sorted(kept.values(), key=lambda one: one.begin)


@functools.cache
def simple(text):
    """The words of a text, and each `...`, in small letters and between
    spaces; a str. `Time-out` is one word."""
    small = re.sub("['-]", "", plain(text).lower())
    words = re.findall(r"\.{3}|[a-z0-9_]+", small)
    return f" {' '.join(words)} "


def near(text, known=None):
    """Errors that have the words of a short line in which find() finds
    nothing; a list of at most three rows, the ones with a cell first.

    A message has the text in it; or else the text but for one word, which
    stands in place of a `...`; or else all its words.
    """
    if "\n" in text.strip() or len(asked := simple(text)) > SHORT:
        return []
    said = [
        (error, [simple(form) for form in forms(error)])
        for error in (errors() if known is None else known)
    ]

    def has(forms, word):
        return any(f" {word} " in form for form in forms)

    rare = {
        word
        for word in asked.split()
        if sum(has(forms, word) for _, forms in said) <= COMMON
    }

    def enough(words):
        letters = len(re.findall("[a-z_]", "".join(words)))
        if len(words) == 1:
            return letters >= LONG
        return letters >= LETTERS and not rare.isdisjoint(words)

    words = asked.split()
    if not enough(words):
        return []
    varied = [  # as if one word were what differs from run to run
        f" {' '.join([*words[:n], '...', *words[n + 1 :]])} "
        for n in range(len(words))
        if enough(words[:n] + words[n + 1 :])
    ]
    ways = (
        lambda form: asked in form,
        lambda form: any(other in form for other in varied),
        lambda form: all(f" {word} " in form for word in words),
    )
    for way in ways:
        if rows := [e for e, forms in said if any(map(way, forms))]:
            return sorted(rows, key=lambda row: bool(row["source"]))[:3]
    return []


def cells():
    """Where each error is produced, {slug: [(file name, id of a cell)]}."""
    places = {}
    for path in sorted(HERE.glob("*.ipynb")):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            for tag in cell["metadata"].get("tags", []):
                if tag.startswith("error-"):
                    place = path.name, cell["id"]
                    places.setdefault(tag[6:], []).append(place)
    return places


def entry(head, error, places):
    """What is known of an error, in lines below the line `head`; a str.
    `places` are those of cells()."""
    said = [head, f"Cause: {error['cause']}", f"Cure: {error['cure']}"]
    said += [
        f"See it in: notebooks/{name}, cell {cell}"
        for name, cell in places.get(error["slug"], [])
    ]
    lines = [textwrap.fill(s, WIDTH) for s in said]
    if error["source"]:  # whole, so that it can be opened
        lines.append(f"Not run here, seen by others: {error['source']}")
    return "\n".join(lines)


def report(text):
    """What is known of a pasted text, in lines; a str, "" if nothing."""
    found = find(text)
    found.sort(key=lambda one: one.error["slug"] in FRAMES)
    places = cells() if found else {}  # it reads all notebooks
    clean, parts = COLOURS.sub("", text), []
    for error, begin, end, _ in found:
        line = clean[clean.rfind("\n", 0, begin) + 1 : end].strip()
        number = clean.count("\n", 0, begin) + 1
        head = f"Line {number}: {textwrap.shorten(line, 200)}"
        parts.append(entry(head, error, places))
    return "\n\n".join(parts)


def nearest(text):
    """What near() finds for a text, in lines; a str, "" if nothing."""
    rows = near(text)
    places = cells() if rows else {}
    parts = [entry(f"Message: {e['message']}", e, places) for e in rows]
    return "\n\n".join([NEAR, *parts]) if rows else ""


def main():
    """Report on standard input, or on files; return the exit status."""
    if len(sys.argv) < 2 and sys.stdin.isatty():
        print(
            "Paste the log, then press Enter and Ctrl-D.", file=sys.stderr
        )
    try:
        with fileinput.input(encoding="utf-8", errors="replace") as lines:
            text = "".join(lines)
    except OSError as error:
        print(f"find_error: {error}", file=sys.stderr)
        return 2
    if not text.strip():
        print("find_error: nothing was pasted.", file=sys.stderr)
        return 2
    if said := report(text):
        try:
            print(said, flush=True)
        except BrokenPipeError:  # `| head` has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    print(
        nearest(text)
        or f"None of the {len(errors())} messages that this workbook knows is "
        "in this text.\nIs it all there? Of a traceback the last line says "
        "most, of a server's log\nthe first line with an error."
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
