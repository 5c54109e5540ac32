"""What a translation has lost of its English, or writes wrongly."""

import re
import unicodedata
from collections import Counter
from string import Formatter

from tools.glossary import BEGIN
from tools.markdown import parts
from tools.translate.catalogue import HOLES, KEEP
from tools.translate.edition import OTHER_WORD

NUMBER = r"(?<![\w.])\d+(?:[.,:]\d+)*"
BAR = r"(?<!\\)\|"  # between two fields of a row
TAG = r"</?(?:details|summary|br|kbd|sub|sup)\b[^>]*>"
WORDS = 4  # that nobody leaves in English


def code_of(text):
    """The code spans of a text, a set of str."""
    return {part["raw"] for part in parts(text) if part["type"] == "codespan"}


def blocks_of(text):
    """The blocks of code of a text without their comments, a list."""
    found = [part["raw"] for part in parts(text) if part["type"] == "block_code"]
    return [re.sub(r"(?m)(^|\s+)# .*", "", block) for block in found]


def addresses_of(text):
    """The addresses of links and images, how often each."""
    return Counter(
        part["attrs"]["url"]
        for part in parts(text)
        if part["type"] in ("link", "image")
    )


def form_of(text):
    """What a text is made of: the levels of its headings, the items of its
    lists, the rows of its tables and how wide they are, its tags of HTML."""
    found = Counter(re.findall(TAG, text))
    for part in parts(text):
        if part["type"] == "heading":
            found[f"heading {part['attrs']['level']}"] += 1
        elif part["type"] == "list_item":
            found["item"] += 1
    for line in prose_of(text).splitlines():
        if line.startswith("|"):  # also where it is a row alone
            found[f"row of {len(re.findall(BAR, line)) - 1}"] += 1
    return found


def is_mark(letter):
    """Whether a letter, or "" at an end, is a space or punctuation."""
    return not letter.strip() or unicodedata.category(letter)[0] in "PS"


def of_bold(ours):
    """Yield what was meant to be bold, and is shown with its asterisks, as
    CommonMark has it: **A (b)** next to a letter."""
    for line in prose_of(ours).splitlines():
        for found in re.finditer(r"(?<!\*)\*\*(.+?)\*\*(?!\*)", line):
            before, after = line[: found.start()][-1:], line[found.end() :][:1]
            inner = found[1]
            opens = not is_mark(inner[0]) or is_mark(before)
            closes = not is_mark(inner[-1]) or is_mark(after)
            if not opens or not closes:
                yield f"bold: {found[0]} needs a space or a mark beside it"


def prose_of(text):
    """A text without tags and addresses, and with "`" for all its code."""
    text = re.sub(r"(?ms)^```.*?^```$|(`+)[^`].*?\1", "`", text)
    return re.sub(r"\]\([^)\s]*\)", "]", re.sub(r"<[^>\n]+>", "", text))


def missing_from(ours, english):
    """What of `english` is not in `ours`, and the other way round: two
    lists, of the items of two sets or Counters."""
    return sorted(english - ours), sorted(ours - english)


def holes_of(text):
    """The holes of a sentence, a set of str such as "{line}"."""
    return {hole[1] for hole in Formatter().parse(text) if hole[1] is not None}


def of_sentence(english, ours):
    """Yield what a sentence with holes, for `say`, has lost."""
    try:
        if holes_of(english) != holes_of(ours):
            yield f"holes: {sorted(holes_of(english))} became {sorted(holes_of(ours))}"
    except ValueError as error:
        yield f"holes: {error}"


def of_text(english, ours):
    """Yield what a text has lost, or has put in: lines of text."""
    for name, find in [("code", code_of), ("link", addresses_of), ("form", form_of)]:
        lost, more = missing_from(find(ours), find(english))
        if lost or more:
            yield f"{name}: {lost or 'nothing'} lost, {more or 'nothing'} put in"
    defined, said = len(re.findall(BEGIN, english)), len(re.findall(BEGIN, ours))
    if defined and defined != said:
        yield f"definition: {defined} became {said}"
    if blocks_of(english) != blocks_of(ours):
        yield "code: a block is not the same"
    numbers = {*re.findall(NUMBER, prose_of(english))}
    if lost := numbers - {*re.findall(NUMBER.replace(r"\w", r"\d"), prose_of(ours))}:
        yield f"number: {sorted(lost)} lost"


def of_terms(english, ours, terms, others):
    """Yield each term of the English that the translation does not call by
    one of its names; `others` are those that are no terms here."""
    left = prose_of(english)
    for term, pattern, names in terms:
        left, times = pattern.subn("`", left)
        if times and term not in others and not any(name in ours for name in names):
            yield f"term: {term} is not called {' or '.join(names)}"


def losses(entry, edition):
    """Yield all that is wrong with a translated entry, lines of text."""
    english, ours = edition.ours(entry.msgid), entry.msgstr
    words = re.findall("[A-Za-z]{2,}", prose_of(english))
    if ours == english and len(words) >= WORDS and KEEP not in entry.tcomment:
        yield f"it is the English: translate it, or note `{KEEP}`"
    if HOLES in entry.flags:
        yield from of_sentence(english, ours)
    yield from of_text(english, ours)
    yield from of_bold(ours)
    _, _, note = entry.tcomment.partition(OTHER_WORD)
    others = {term.strip() for term in note.split(",")}
    yield from of_terms(english, ours, edition.terms, others)
    for name, pattern in edition.wrong:
        if found := pattern.findall(prose_of(ours)):
            yield f"{name}: {found[:5]}"
