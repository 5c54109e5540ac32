"""What there is to translate: the English of all pages, in units.

Each .po file of an edition has a name, such as "notebooks/02_look_under_flask",
and units, in the order of the page. A unit of a notebook is a cell, known by
its id; a document's is a line; the checks' and the site's, a sentence; a picture's,
a label.
"""

import html
import io
import re
import tokenize
from typing import NamedTuple

import jinja2
from jinja2 import nodes

from exercises.words import said_in
from tools import index
from tools.workbook import (
    BLANKS,
    NOTEBOOKS,
    ROOT,
    SOLUTIONS,
    cells,
    chapters,
    code_cells,
    name_of,
    read,
    rows,
    tagged,
)

# What learners and their teachers read. Whoever changes the workbook writes
# English, and so does CONTRIBUTING.md.
DOCUMENTS = "README.md", "classroom/README.md", "classroom/hub/README.md"
PICTURES = NOTEBOOKS / "img"
# They say to learners in a browser what the checks do not.
BROWSER = "site/lite/in_browser.py", "site/lite/serving.py"
COMMENTS, LABELS, RULE_TABLE = "comments", "pictures", "index/rules"
SITE = "site"
# A comment that a tool reads.
MARK = r"#+ ?(?:Exercise \d+|BEGIN SOLUTION|END SOLUTION|noqa\b.*)"
LABEL = re.compile(r"(?s)(<text [^>]*>)(.*?)(</text>)")
LINE_OF_LABEL = re.compile(r"(<tspan [^>]*>)(.*?)(</tspan>)")
# Words in the rows of 91 and 92, and what stands around them.
LINKED = ("read", "[", "]("), ("others", "[", "]("), ("status", "` (", " ")
FENCE = re.compile(r"(?ms)^```.*?^```$")
RULE_BELOW_HEAD = r"\|[\s:|-]+"


class Unit(NamedTuple):
    """A text to translate, what tells it from others of the same words (or
    None), and a note for the translator."""

    text: str
    context: str | None = None
    note: str = ""


def source_name(path):
    """The name of the .po file of a notebook or a document, a Path; a blank
    sheet has that of its solved twin."""
    name = name_of(path.with_suffix("")).replace("exercises/solutions", "exercises")
    return name if path.suffix == ".ipynb" else f"documents/{name}"


def of_cell(cell):
    """The unit of a Markdown cell: all of it, but for the rows of a table
    that tools/index.py fills."""
    text = cell.source
    if [*tagged([cell], index.TABLE)]:
        text = index.filled(text, [])
    return Unit(text, cell.id)


def of_notebook(notebook):
    """The units of a notebook: its Markdown, and what its figures show."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            yield of_cell(cell)
        elif "alt" in cell.metadata:
            yield Unit(cell.metadata["alt"], f"{cell.id} alt", "a figure, in words")


def comments_of(source):
    """The comments of a cell's code that are for people, a list of tokens."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        token
        for token in tokens
        if token.type == tokenize.COMMENT and not re.fullmatch(MARK, token.string)
    ]


def of_comments(notebooks):
    """The units of all comments, each once, with the line that it is on."""
    found = {}
    for notebook in notebooks:
        for cell in code_cells(notebook):
            for token in comments_of(cell.source):
                text = token.string.lstrip("# ")
                note = f"{cell.id}: {token.line.strip()}"
                found.setdefault(text, Unit(text, note=note))
    return [*found.values()]


def blocks(text):
    """The lines of a document, but a block of code is one: a list of str
    that make the document when they are joined."""
    found, end = [], 0
    for fence in FENCE.finditer(text):
        found += [*text[end : fence.start()].splitlines(keepends=True), fence[0]]
        end = fence.end()
    return [*found, *text[end:].splitlines(keepends=True)]


def translatable(block):
    """The text of a line of a document, or of its code, a str; "" where
    there is nothing to translate."""
    text = block.strip("\n")
    bare = re.fullmatch(RULE_BELOW_HEAD, text) or not re.search(r"[A-Za-z]", text)
    code = text.startswith("```") and "#" not in text
    return "" if bare or code else text


def of_document(text):
    """The units of a document, each line once."""
    texts = dict.fromkeys(map(translatable, blocks(text)))
    return [Unit(line) for line in texts if line]


def label(found):
    """The text of a label in an SVG, a match of LABEL; its lines are lines."""
    lines = [line[2] for line in LINE_OF_LABEL.finditer(found[2])]
    return html.unescape("\n".join(lines) if lines else found[2])


def of_pictures():
    """The units of all labels of pictures, each once, with its picture."""
    found = {}
    for path in sorted(PICTURES.glob("*.svg")):
        for match in LABEL.finditer(path.read_text("utf-8")):
            text = label(match)
            if re.search(r"[A-Za-z]{2}", text):
                found.setdefault(text, Unit(text, note=path.stem))
    return [*found.values()]


def of_rules():
    """The units of the tables of 91: words, levels, and rules."""
    words = [*(word for word, *_ in LINKED), *index.LEVELS]
    units = [Unit(word, f"word {word}", "in a table of 91 or 92") for word in words]
    for rule in rows(index.RULES):
        units.append(Unit(rule["rule"], f"rule {rule['number']}", rule["level"]))
    return units


def error_file(error):
    """The name of the .po file of an error's row: by its group, and the
    large group by the alphabet."""
    group, first = error["group"], error["slug"][0]
    if group == index.ELSEWHERE:
        group += next(f"_{last}" for last in "cflnprz" if first <= last)
    return f"index/errors_{group}"


def of_errors():
    """The units of the tables of 92, {name of a .po file: [unit]}."""
    found = {}
    for error in rows(index.ERRORS):
        units = found.setdefault(error_file(error), [])
        for part in "cause", "cure":
            context = f"{error['slug']} {part}"
            units.append(Unit(error[part], context, error["message"]))
    return dict(sorted(found.items()))


def of_messages():
    """The units of what checks say, {name of a .po file: [unit]}; each
    sentence is in one file, in that of its sheet if no other says it."""
    found, known = {}, set()
    files = [*BLANKS.glob("*.py"), *BLANKS.glob("checks/*.py")]
    files += [path for name in BROWSER for path in ROOT.glob(name)]
    for path in sorted(files, key=lambda path: (path.parent != BLANKS, path.name)):
        sheet = re.match(r"(?:sheet|beside)_(\d\d)", path.stem)
        name = f"messages/sheet_{sheet[1]}" if sheet else "messages/all"
        for text in said_in(path):
            if text not in known:
                known.add(text)
                unit = Unit(text, note=name_of(path))
                found.setdefault(name, []).append(unit)
    return dict(sorted(found.items()))


def said_in_template(path):
    """The sentences that a template of the site says, a list of str."""
    calls = jinja2.Environment().parse(path.read_text("utf-8")).find_all(nodes.Call)
    return [c.args[0].as_const() for c in calls if getattr(c.node, "name", "") == "say"]


def of_site():
    """The units of what the reading edition itself says, each once."""
    found = {}
    for path in sorted([*ROOT.glob("site/*.py"), *ROOT.glob("site/templates/*.html")]):
        if not path.name.startswith("test_"):
            say = said_in if path.suffix == ".py" else said_in_template
            for text in say(path):
                found.setdefault(text, Unit(text, note=name_of(path)))
    return [*found.values()]


def catalogues():
    """All units, {name of a .po file: [unit]}."""
    paths = [*chapters(), *sorted(SOLUTIONS.glob("*.ipynb"))]
    notebooks = {path: read(path) for path in paths}
    blanks = [read(path) for path in sorted(BLANKS.glob("*.ipynb"))]
    found = {source_name(p): [*of_notebook(n)] for p, n in notebooks.items()}
    for document in DOCUMENTS:
        path = ROOT / document
        found[source_name(path)] = of_document(path.read_text("utf-8"))
    found[COMMENTS] = of_comments([*notebooks.values(), *blanks])
    found[LABELS] = of_pictures()
    found[RULE_TABLE] = of_rules()
    found[SITE] = of_site()
    return found | of_errors() | of_messages()


def markdown(notebook):
    """The Markdown cells of a notebook, a list."""
    return cells(notebook, "markdown")
