"""Reads the wire cases of wire/*.md, whose heads explain the notation."""

import json
import re
from pathlib import Path

WIRE = Path(__file__).with_name("wire")
NOTATION = r"(?:[ -\[\]-~]|\\[rnt\\]|\\x[0-9a-f]{2})*"
WORDS = r"(?:(?:(?!```|[#>-]).+\n)+\n)?"  # perhaps a paragraph
HEADING = re.compile(rf"## .+\n\n{WORDS}")
ITEM = r"- `((?:\S(?:.*?\S)?)?)`: (.+)\n"
# A title, words, a request, perhaps what takes the place of {?} in it, and
# what is expected: a status, or a part of the environ.
CASE = re.compile(
    rf"### (.+)\n\n{WORDS}```http\n((?:.*\S\n)+?)```\n\n((?:{ITEM})+\n)?"
    r"(?:> (?P<status>\d{3})\n|```json\n(?P<environ>.+)\n```\n)\n*"
)


def cases(text):
    """The cases in the text of a file, {name: (request, expected)}, where
    a request is bytes, and what is expected an int or a dict. ValueError
    says what is malformed."""
    found = {}
    for part in re.split(r"(?m)^(?=##)", text)[1:]:
        if HEADING.fullmatch(part):
            continue
        if not (case := CASE.fullmatch(part)):
            raise ValueError(f"neither a heading nor a case:\n{part}")
        title, request, items = case[1], case[2], case[3] or ""
        if bool(items) != ("{?}" in request):
            raise ValueError(f"{title}: a list needs {{?}}, it the list")
        for item, words in re.findall(ITEM, items) or [("", "")]:
            name = f"{title}: {words}" if words else title
            sent = data(request.replace("\n", "").replace("{?}", item))
            if name in found or sent in dict(found.values()):
                raise ValueError(f"twice: {name}")
            if case["status"]:
                found[name] = sent, int(case["status"])
            else:
                seen = json.loads(case["environ"].replace("{?}", item))
                found[name] = sent, {k: repeated(seen[k]) for k in seen}
    return found


def data(text):
    """The bytes that `text` means in the notation; ValueError."""
    if not re.fullmatch(NOTATION, text):
        raise ValueError(f"not the notation: {text}")
    text = text.encode().decode("unicode_escape")
    return repeated(text).encode("latin-1")


def repeated(text):
    """`text`, a str or None, with each {3 * ab} written out."""
    times = re.compile(r"\{(\d+) \* (.+?)\}", re.DOTALL)
    return text and times.sub(lambda t: int(t[1]) * t[2], text)


REFUSED = cases((WIRE / "refused.md").read_text("utf-8"))
ACCEPTED = cases((WIRE / "accepted.md").read_text("utf-8"))
