"""An edition in another language: a folder of the project, such as zh/.

Three things in it are written by people: `po/`, the translations;
`terms.csv`, what each term is called; and `edition.toml`, what the code of
the edition may differ in, and what is wrong in its language. All else in
the folder is built from the English.
"""

import csv
import re
import tomllib

from tools.workbook import ROOT

OTHER_WORD = "not:"  # and terms: a translator's note that they are none here


class Edition:
    """What the people of an edition have written, but for its .po files.

    `locale` is a str such as "zh_CN"; `complete`, whether all is to be
    translated, always; `differs`, pairs of English code or a command and
    ours; `wrong`, pairs of a fault's name and its pattern; `terms`, triples
    of a term, a pattern of the English, and a list of translations.
    """

    def __init__(self, folder):
        """Read the edition in `folder`, a Path; OSError where it is none."""
        said = tomllib.loads((folder / "edition.toml").read_text("utf-8"))
        self.folder, self.locale = folder, said["locale"]
        self.complete = said.get("complete", False)
        self.differs = [(d["english"], d["ours"]) for d in said["differs"]]
        self.wrong = [(w["name"], re.compile(w["pattern"])) for w in said["wrong"]]
        with open(folder / "terms.csv", encoding="utf-8", newline="") as file:
            rows = [*csv.DictReader(file)]
        rows.sort(key=lambda row: -len(row["term"]))  # "worker thread" first
        self.terms = [
            (row["term"], pattern_of(row["term"]), row["translation"].split("/"))
            for row in rows
        ]

    def ours(self, text):
        """An English text, a str, with what this edition declares to differ:
        code, or prose with commands in it."""
        for english, ours in self.differs:
            text = text.replace(english, ours)
        return text

    def po(self, name):
        """The Path of a .po file with the name `name`."""
        return self.folder / "po" / f"{name}.po"

    def written(self):
        """The Paths of what is not built: what people have written, and the
        pictures of pages that tools/screenshots.py takes; a list."""
        names = "edition.toml", "terms.csv"
        found = [self.folder / name for name in names]
        for pattern in "po/**/*.po", "notebooks/img/*.png":
            found += self.folder.glob(pattern)
        return found


def pattern_of(term):
    """A pattern of a term, a str, in the singular and the plural, but not
    within a path, such as notebooks/, or a name, such as Flask-Session.
    One in capitals is no word in small letters: HTTP, but not http://."""
    word = re.escape(term)
    forms = f"{word[:-1]}(?:y|ies)" if word.endswith("y") else f"{word}(?:s|es)?"
    case = "" if term.isupper() else "(?i)"
    return re.compile(rf"{case}(?<![\w/-]){forms}(?![\w/]|-\w)")


def editions():
    """All editions, a list."""
    return [Edition(path.parent) for path in sorted(ROOT.glob("*/edition.toml"))]
