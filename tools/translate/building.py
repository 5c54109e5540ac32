"""The pages of an edition, from the English ones and the translations.

A file is built when something of it is translated; a cell, line or row
without a translation of what the English says now shows the English. The
code is the English code but for comments and what edition.toml declares.
"""

import ast
import copy
import html
import json
import os
import re
from pathlib import PurePosixPath

from exercises import checking, words
from tools import glossary, index
from tools.markdown import links
from tools.sheets import blank_of
from tools.tracked import tracked
from tools.translate import english
from tools.workbook import (
    BLANKS,
    NOTEBOOKS,
    ROOT,
    SOLUTIONS,
    chapters,
    name_of,
    read,
    text_of,
)

UP = BLANKS / "exercises.py"  # each folder with blank sheets has one
MESSAGES = "messages.json"
# `make lab` shows these to JupyterLab.
SETTINGS = "lab/overrides.json"
LOCALE = "@jupyterlab/translation-extension:plugin"


class Building:
    """The built files of an edition: `files`, {name: text}; a name is that
    of the English file, as "notebooks/02_look_under_flask.ipynb"."""

    def __init__(self, catalogues):
        """Build all; ValueError where a translation would change code."""
        self.edition, self.said = catalogues.edition, catalogues.said
        self.english = {path: read(path) for path in chapters()}
        self.files = self.pictures() | self.documents()
        pages = self.chapters() | self.sheets()
        own = self.edition.written()
        names, here = {*self.files, *pages}, self.edition.folder.name
        names |= {p.relative_to(self.edition.folder).as_posix() for p in own}
        for name in names:
            if name in pages:
                for cell in english.markdown(pages[name]):
                    cell.source = moved(cell.source, name, here, names)
                self.files[name] = text_of(pages[name])
            elif name.endswith(".md"):
                self.files[name] = moved(self.files[name], name, here, names)
        self.files |= self.beside(names) | self.settings()

    def say(self, name, text, context=None):
        """`text` in this edition's language, if it is translated in the .po
        file with this `name`; else as it is."""
        return self.said[name].get(context or text, text)

    def chapters(self):
        """The translated chapters, {name: notebook}."""
        found = {p: self.notebook(n, p) for p, n in self.english.items()}
        for path, groups in self.tables(found).items():
            try:
                index.fill(found[path], groups)
            except ValueError as error:
                raise ValueError(f"{path.name}, translated: {error}") from error
        return {name_of(p): found[p] for p in found if self.begun(p)}

    def sheets(self):
        """The translated sheets, solved and blank, {name: notebook}."""
        found = {}
        for path in sorted(SOLUTIONS.glob("*.ipynb")):
            if self.begun(path):
                solved = self.notebook(read(path), path)
                blank = self.notebook(read(BLANKS / path.name), path)
                for cell, ours in zip(blank.cells, blank_of(solved).cells, strict=True):
                    if cell.cell_type == "markdown":
                        cell.source = ours.source  # links lead from its folder
                found[name_of(path)] = solved
                found[name_of(BLANKS / path.name)] = blank
        return found

    def begun(self, path):
        """Whether something of a page is translated."""
        return bool(self.said[english.source_name(path)])

    def notebook(self, notebook, path):
        """The translation of the notebook at `path`, all but what the rows
        of its tables say."""
        notebook, name = copy.deepcopy(notebook), english.source_name(path)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                unit = english.of_cell(cell)
                cell.source = self.say(name, *unit[:2])
                continue
            cell.source = self.code(cell.source)
            if "alt" in cell.metadata:
                alt = cell.metadata["alt"]
                cell.metadata["alt"] = self.say(name, alt, f"{cell.id} alt")
            if path.parent == SOLUTIONS:
                self.speak(cell)
        return notebook

    def code(self, source):
        """The code of a cell with its comments translated, and with what
        this edition declares to differ."""
        lines = source.splitlines(keepends=True)
        for token in reversed(english.comments_of(source)):
            row, column = token.start[0] - 1, token.start[1]
            said = self.say(english.COMMENTS, token.string.lstrip("# "))
            end = "\n" * lines[row].endswith("\n")
            lines[row] = f"{lines[row][:column]}# {' '.join(said.split())}{end}"
        ours = "".join(lines)
        source, ours = self.edition.ours(source), self.edition.ours(ours)
        if ast.dump(ast.parse(source)) != ast.dump(ast.parse(ours)):
            raise ValueError(f"a comment has changed the code:\n{ours}")
        return ours

    def speak(self, cell):
        """Let a cell of a sheet show what the checks say in our language."""
        for output in cell.outputs:
            if "text" in output:
                lines = output.text.splitlines(keepends=True)
                output.text = "".join(map(self.told, lines))
            elif "text/html" in output.get("data", {}):
                shown = html.unescape(output.data["text/html"])
                output.data["text/html"] = html.escape(self.told(shown), quote=False)

    def told(self, line):
        """A line that `judge` or `count` has said, in our language."""
        for sentence in words.said_in(checking.__file__):
            if holes := holes_in(line.rstrip("\n"), sentence):
                ours = self.say("messages/all", sentence).format(**holes)
                return ours + "\n" * line.endswith("\n")
        return line

    def tables(self, pages):
        """The rows of 91, 92 and 93, {Path: {group: rows}}; `pages` are the
        translated chapters, {Path: notebook}."""
        found = {}
        for name, groups in index.tables(self.english, self.rule, self.error).items():
            for rows in groups.values():
                for row in rows:
                    for word, begin, end in english.LINKED:
                        ours = self.say(english.RULE_TABLE, word, f"word {word}")
                        row[0], row[-1] = (
                            field.replace(begin + word + end, begin + ours + end)
                            for field in (row[0], row[-1])
                        )
            found[NOTEBOOKS / name] = groups
        found[index.WORDS] = {"words": glossary.rows(self.english, pages)}
        return found

    def rule(self, rule):
        """A row of pep3333.csv, translated."""
        name, level = english.RULE_TABLE, rule["level"]
        text = self.say(name, rule["rule"], f"rule {rule['number']}")
        return rule | {"rule": text, "level": self.say(name, level, f"word {level}")}

    def error(self, error):
        """A row of errors.csv, translated."""
        name, slug = english.error_file(error), error["slug"]
        return error | {
            part: self.say(name, error[part], f"{slug} {part}")
            for part in ("cause", "cure")
        }

    def documents(self):
        """The translated documents, {name: text}."""
        found = {}
        for name in english.DOCUMENTS:
            path = ROOT / name
            if self.begun(path):
                found[name] = "".join(
                    block.replace(text, self.say(english.source_name(path), text))
                    if (text := english.translatable(block))
                    else self.edition.ours(block)
                    for block in english.blocks(path.read_text("utf-8"))
                )
        return found

    def pictures(self):
        """The pictures with a translated label, {name: text}."""
        found = {}
        for path in english.PICTURES.glob("*.svg"):
            text = path.read_text("utf-8")
            ours = english.LABEL.sub(self.label, text)
            if ours != text:
                found[name_of(path)] = re.sub(
                    r'font-family: ("d2-[^"]+");(?=\s*})',
                    r"font-family: \1, sans-serif;",
                    ours,
                )
        return found

    def label(self, match):
        """A label of a picture, a match of LABEL, translated: a str."""
        text = english.label(match)
        ours = self.say(english.LABELS, text)
        if ours == text:
            return match[0]
        lines = [html.escape(line) for line in ours.splitlines()]
        if begins := [line[1] for line in english.LINE_OF_LABEL.finditer(match[2])]:
            begins += begins[-1:] * len(lines)
            pairs = zip(begins, lines, strict=False)
            lines = [f"{begin}{line}</tspan>" for begin, line in pairs]
        return match[1] + "".join(lines) + match[3]

    def beside(self, names):
        """What the translated sheets need beside them, {name: text}."""
        if not any(name.startswith("exercises/") for name in names):
            return {}
        said = {}
        for name, sentences in self.said.items():
            if name.startswith("messages/"):
                said |= sentences
        text = json_of(dict(sorted(said.items())))
        return {MESSAGES: text, name_of(UP): UP.read_text("utf-8")}

    def settings(self):
        """The settings of JupyterLab, {name: text}: its own language."""
        return {SETTINGS: json_of({LOCALE: {"locale": self.edition.locale}})}

    def stale(self):
        """Where the edition's folder is not what would be built: Paths. A
        file that only stands there, such as a learner's own, is none."""
        folder = self.edition.folder
        kept = {path.relative_to(folder) for path in self.edition.written()}
        ours = {path for path in tracked() if path.is_relative_to(folder)}
        ours |= {path for path in folder.rglob("*") if self.has_english(path)}
        for path in sorted(ours):
            name = path.relative_to(folder)
            if name not in kept and name.as_posix() not in self.files:
                yield path
        for name, text in sorted(self.files.items()):
            path = folder / name
            if not path.exists() or path.read_text("utf-8") != text:
                yield path

    def has_english(self, path):
        """Whether a file of the edition has an English one in its place; one
        that JupyterLab or Python keeps for itself is none."""
        english = ROOT / path.relative_to(self.edition.folder)
        kept = {".ipynb_checkpoints", "__pycache__"}
        return path.is_file() and english.is_file() and kept.isdisjoint(path.parts)

    def write(self):
        """Write what is stale, remove what is no longer built; return the
        Paths, a list."""
        changed = [*self.stale()]
        for path in changed:
            text = self.files.get(path.relative_to(self.edition.folder).as_posix())
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return changed


def json_of(value):
    """What a file of JSON contains, a str."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def holes_in(line, sentence):
    """What stands in the holes of a sentence for `say` in a line that it
    made, {name: str}; None where it did not make it."""
    parts = [re.escape(part) for part in re.split(r"\{\w+\}", sentence)]
    names = re.findall(r"\{(\w+)\}", sentence)
    found = re.fullmatch("(.+?)".join(parts), line)
    holes = {}
    for name, value in zip(names, found.groups() if found else (), strict=False):
        if holes.setdefault(name, value) != value:
            return None
    return holes or None


def moved(text, name, folder, names):
    """A page's text with its links as they lead from the edition's `folder`,
    a str: to a file of the edition, if it is among the built `names`, else
    to the English one. `name` is that of the page; where it leads to its own
    translation, this leads back to it."""
    here, leads_to = PurePosixPath(name).parent, {}
    for _, address, _ in links(text):
        place, mark, rest = address.partition("#")
        if not place or re.match(r"[a-z]+:", place):
            continue
        target = os.path.normpath(here / place).replace(os.sep, "/")
        if target == f"{folder}/{name}":
            target = name
        elif any(n == target or n.startswith(f"{target}/") for n in names):
            continue
        slash = "/" * place.endswith("/")
        new = os.path.relpath(target, f"{folder}/{here}").replace(os.sep, "/") + slash
        leads_to[address] = f"{new}{mark}{rest}"
    return re.sub(r"(?<=\]\()[^()\s]+(?=\))", lambda m: leads_to.get(m[0], m[0]), text)
