"""A .po file, brought up to date with the English, and filled in."""

import difflib
import hashlib
import re

import polib

from tools.translate.english import catalogues

ALIKE = 0.6  # of two lines, one of which was made of the other
LOOK = "--- only to look at"  # ends the text of an entry
KEEP = "keep"  # a translator's note: in our language it is the same
HEAD = re.compile(r"^=== (\S.*?)(?: \| (.+))?$")
HOLES = "python-brace-format"  # Poedit and Weblate know this flag
SAYING = "exercises/", "site/"  # where sentences have holes
HEADER = {
    "Project-Id-Version": "WSGI workbook",
    "POT-Creation-Date": "2026-01-01 00:00+0000",
    "PO-Revision-Date": "2026-01-01 00:00+0000",
    "Last-Translator": "the translators of the workbook",
    "Language-Team": "none",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
}


def read_po(path):
    """The .po file at `path`, a Path; an empty one where there is none."""
    return polib.pofile(path, wrapwidth=0) if path.exists() else polib.POFile()


def identity(entry):
    """What an entry is known by: its context, or else its English."""
    return entry.msgctxt or entry.msgid


def key(entry):
    """What an entry is called where a translator fills it in: its context,
    or eight letters made of its English."""
    made = hashlib.sha1(entry.msgid.encode()).hexdigest()
    return entry.msgctxt or made[:8]


def is_stale(entry):
    """Whether the English has changed since the entry was translated."""
    return "fuzzy" in entry.flags


def is_done(entry):
    """Whether the entry says in its language what the English says now."""
    return bool(entry.msgstr) and not is_stale(entry)


class Catalogues:
    """The .po files of an edition as the English has them now: `files`,
    {name: POFile}, and `said`, {name: {context or English: translation}}."""

    def __init__(self, edition):
        self.edition, self.files = edition, {}
        units = catalogues()
        old = {name: read_po(edition.po(name)) for name in units}
        moved = {identity(e): e for file in old.values() for e in file if e.msgstr}
        for name, wanted in units.items():
            self.files[name] = updated(old[name], wanted, moved, edition.locale)
        self.said = {
            name: {identity(e): e.msgstr for e in file if is_done(e)}
            for name, file in self.files.items()
        }

    def save(self, only=None):
        """Write all .po files that have changed, or the one with the name
        `only`, and remove those of pages that are gone; return the Paths."""
        changed = []
        for name in [only] if only else self.files:
            file = self.files[name]
            path = self.edition.po(name)
            if not path.exists() or path.read_text("utf-8") != text_of_po(file):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text_of_po(file), "utf-8")
                changed.append(path)
        if only:
            return changed
        known = {self.edition.po(name) for name in self.files}
        for path in {*self.edition.folder.glob("po/**/*.po")} - known:
            path.unlink()
            changed.append(path)
        return changed


def text_of_po(file):
    """What a .po file contains, a str."""
    file.wrapwidth = 0
    return str(file).rstrip("\n") + "\n"


def updated(old, units, moved, locale):
    """A .po file of these `units`, with the translations of `old`, and of
    `moved`, {context or English: entry}. Where the English is another, the
    entry is fuzzy, and has the English that it was."""
    file = polib.POFile()
    file.metadata = HEADER | {"Language": locale} | old.metadata
    gone = {e.msgid: e for e in old if e.msgstr and not e.msgctxt}
    for unit in units:
        gone.pop(unit.text, None)
    for unit in units:
        entry = polib.POEntry(msgid=unit.text, msgctxt=unit.context, comment=unit.note)
        before = moved.get(unit.context or unit.text)
        if before is None and unit.context is None:
            like = difflib.get_close_matches(unit.text, gone, 1, ALIKE)
            before = gone.pop(like[0]) if like else None
        if before is not None:
            take_over(before, entry)
        if "{" in unit.text and unit.note.startswith(SAYING):
            entry.flags = [*{*entry.flags} - {HOLES}, HOLES]
        file.append(entry)
    return file


def take_over(before, entry):
    """Give `entry` the translation that `before` has."""
    entry.msgstr, entry.tcomment = before.msgstr, before.tcomment
    entry.flags, entry.previous_msgid = before.flags[:], before.previous_msgid
    if before.msgid != entry.msgid:
        entry.previous_msgid = before.previous_msgid or before.msgid
        entry.flags = ["fuzzy"]
    if entry.msgid == entry.previous_msgid:  # the English is as it was
        entry.previous_msgid = None
        entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]


def to_do(file, all_of_it=False):
    """The entries of a .po file that are missing or stale, or all: a str
    for a translator, as `fill` reads it."""
    parts = []
    for entry in file:
        if is_done(entry) and not all_of_it:
            continue
        note = f" | {entry.tcomment}" if entry.tcomment else ""
        look = [entry.comment] if entry.comment else []
        if is_done(entry):
            look.append(entry.msgid)
        elif is_stale(entry):
            look += ["The English was:", entry.previous_msgid]
            look += ["and was translated as:", entry.msgstr]
        text = entry.msgstr if is_done(entry) else entry.msgid
        below = "\n".join([LOOK, *look, ""]) if look else ""
        parts.append(f"=== {key(entry)}{note}\n{text}\n{below}")
    return "\n".join(parts)


def answers_in(text):
    """What a translator has filled in, {key: (note, translation)}."""
    found = {}
    for line in text.splitlines():
        if head := HEAD.match(line):
            found[head[1]] = (head[2] or "", lines := [])
        elif found:
            lines.append(line)
    return {
        key: (note, "\n".join(lines).partition(f"\n{LOOK}\n")[0].strip())
        for key, (note, lines) in found.items()
    }


def fill(file, text):
    """Give entries of a .po file the translations in `text`, a str; return
    those that were given one, a list. What is still the English is none,
    without the note `keep`. ValueError for an entry that is not in the file.
    """
    entries, given = {key(entry): entry for entry in file}, []
    answers = answers_in(text)
    if unknown := answers.keys() - entries.keys():
        raise ValueError(f"not in this file: {', '.join(sorted(unknown))}")
    for name, (note, translation) in answers.items():
        entry = entries[name]
        same = translation == entry.msgid.strip() and KEEP not in note
        if translation and not same:
            begin = re.match(r"\n*", entry.msgid)[0]
            end = re.search(r"\n*$", entry.msgid)[0]
            entry.msgstr = begin + translation + end
            entry.tcomment, entry.previous_msgid = note, None
            entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
            given.append(entry)
    return given
