"""What stands in a Markdown text: its links, images and headings.

A parser reads it, so that what looks like a link in code is none.
"""

from functools import lru_cache

import mistune

PARSE = mistune.create_markdown(renderer=None, plugins=["table"])


@lru_cache(maxsize=8)  # a text is asked for its links, then for its headings
def parts(text):
    """The parts of a text, and their parts, a tuple of dicts of mistune."""
    found, left = [], PARSE(text)
    while left:
        part = left.pop(0)
        found.append(part)
        left = part.get("children", []) + left
    return tuple(found)


def words(part):
    """The text of a part, without its marks, a str."""
    inner = "".join(words(child) for child in part.get("children", []))
    return part.get("raw", "") + inner


def links(text):
    """The links and images, a list of triples: "link" or "image", the
    address, and the words."""
    return [
        (part["type"], part["attrs"]["url"], words(part))
        for part in parts(text)
        if part["type"] in ("link", "image")
    ]


def headings(text):
    """The headings, a list of pairs: the level, an int, and the words."""
    return [
        (part["attrs"]["level"], words(part))
        for part in parts(text)
        if part["type"] == "heading"
    ]
