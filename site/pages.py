"""What Sphinx and its theme lack for these pages; conf.py connects it."""

import functools
import json
import os
import re
import struct
import subprocess
from pathlib import Path

from docutils import nodes
from fontTools import subset
from stage import EXTRA
from ways import links

from notebooks import find_error
from tests.compared import digest, note
from tools.test_all import supported
from tools.workbook import ROOT, SOLUTIONS, name_of

CELL = 10_000  # myst-nb's lines: cell 3 begins at 40,000
NO_HEAD = "<th([^>]*)><p></p></th>"  # a table's corner: no head of a column
IMAGE = r'<img (?=[^>]*src="([^"]*_images/([^"]+))")([^>]*)>'
RULE = r"([^{}@;]+)\{[^{}]*\}"  # of a style sheet
CLASS = r"\.([a-zA-Z][\w-]*)"
LETTER = r"[\w\xc0-\u1fff\u3040-\ud7ff]"  # JavaScript's \w is a to z
ICON = r'"(\\f[0-9a-f]{3}|[\uf000-\uf8ff])"'  # as a number, or itself


def anchor_cells(app, doctree):
    """Give each cell the anchor by which JupyterLab knows it, and let
    Sphinx know it too: a link to a cell that is not there is a warning."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    slugs = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    ids = [cell["id"] for cell in json.loads(path.read_text("utf-8"))["cells"]]
    for node in doctree.findall(nodes.Element):
        index = node.get("cell_index", (node.line or 0) // CELL - 1)
        name = f"cell-id={ids[index]}"
        if index >= 0 and name not in slugs:  # the first node of its cell
            node["ids"].append(name)
            slugs[name] = (None, name, name)


@functools.cache
def version(package):
    """The version of a package that the outputs were compared with."""
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    return re.search(rf"(?m)^{package}(?:\[.*\])?==(\S+)", lock)[1]


@functools.cache
def last_changes():
    """When each file of the project was last changed, {path: date}; nothing
    where there is no git, or where it knows the last commit alone."""
    git = ["git", "-C", ROOT, "-c", "safe.directory=*", "log", "--relative"]
    if (ROOT / ".git/shallow").exists():
        return {}
    try:
        log = [*git, "--name-only", "--format=/%cs"]
        lines = subprocess.check_output(log, text=True).splitlines()
    except (OSError, subprocess.CalledProcessError):
        return {}
    dates = {}
    for line in filter(None, lines):
        if line[0] == "/":
            date = line[1:]
        else:
            dates.setdefault(line, date)
    return dates


def compared(name):
    """The note of the last run that compared the notebook `name` as it is, a
    dict, or None: of the public CI, whose run has ended well when it makes
    the pages, or of tests/compared.py. Of a sheet both notebooks count."""
    if day := os.environ.get("COMPARED"):
        first, *_, last = supported()
        versions = {package: version(package) for package in ("flask", "gunicorn")}
        return {"day": day, "python": f"{first} to {last}", "skipped": 0, **versions}
    paths = [ROOT / name]
    if name.startswith("exercises/"):
        paths.append(SOLUTIONS / Path(name).name)
    notes = [note(ROOT).get(name_of(path), {}) for path in paths]
    if [found.get("file") for found in notes] != [digest(path) for path in paths]:
        return None
    oldest = min(notes, key=lambda found: found["day"])
    return oldest | {"skipped": sum(found["skipped"] for found in notes)}


def stamp(name):
    """What is known of the outputs of the notebook `name`, a sentence."""
    if found := compared(name):
        said = (
            "The outputs of this page were last compared on {day}, on Python {python}, "
            "with Flask {flask} and Gunicorn {gunicorn}"
        ).format(**found)
        some = f", but for {found['skipped']} that were skipped"
        return said + (some if found["skipped"] else "") + "."
    date, (first, *_, last) = last_changes().get(name), supported()
    return (
        f"The tests compare the outputs of this page on Python {first} to {last}, "
        f"with Flask {version('flask')} and Gunicorn {version('gunicorn')}."
    ) + (f" They were stored on {date}." if date else "")


def pair(name):
    """Where the sheet of the chapter `name` is, or the chapter of a sheet:
    [(text, link)], empty where there is none."""
    folder, file = name.split("/")
    other, text = {
        "notebooks": ("exercises", "Exercises to this chapter"),
        "exercises": ("notebooks", "The chapter"),
    }[folder]
    found = (ROOT / other / file).exists()
    return [(text, f"../{other}/{Path(file).stem}.html")] if found else []


def size_of(path):
    """The width and the height of a picture, in pixels."""
    data = path.read_bytes()
    if path.suffix == ".png":
        return struct.unpack(">II", data[16:24])
    return [
        round(float(n)) for n in re.search(rb'viewBox="(.+?)"', data)[1].split()[2:]
    ]


def finish_page(app, page, template, context, doctree):
    """Add a page's links and its stamp. Let its pictures lead to themselves,
    large, and say their sizes, or the text would make room when they come."""
    name = f"{page}.ipynb"
    if (EXTRA / name).exists():
        context["stamp"] = stamp(name)
        run = links(name, context["built"], context["repository"])
        context["links"] = pair(name) + run
    files = {new: app.srcdir / old for old, new in app.builder.images.items()}

    def sized(tag):
        width, height = size_of(files[tag[2]])
        size = f'width="{width}" height="{height}" loading="lazy"'
        return f'<a href="{tag[1]}"><img {size} {tag[3]}></a>'

    body = re.sub(IMAGE, sized, context.get("body", ""))
    context["body"] = re.sub(NO_HEAD, r"<td\1></td>", body)


def write_errors(app):
    """Write the messages of chapter 92 for find_error.js."""
    places = find_error.cells()
    rows = []
    for error in find_error.errors():
        where = [
            [name[:2], f"notebooks/{Path(name).stem}.html#cell-id={id}"]
            for name, id in places.get(error["slug"], [])
        ]
        if error["source"]:
            where.append(["others", error["source"]])
        patterns = []
        for form in find_error.forms(error):
            found, literal = find_error.pattern(form), len(form.replace("...", ""))
            flags = "gi" if found.flags & re.IGNORECASE else "g"
            source = found.pattern.replace("\\w", LETTER)
            word = find_error.longest_word(form)
            words = find_error.simple(form)
            patterns.append([source, flags, literal, word, words])
        said = [error[part] for part in ("message", "cause", "cure")]
        frame = error["slug"] in find_error.FRAMES
        rows.append([patterns, *said, where, frame])
    path = Path(app.outdir, "_static/errors.js")
    path.parent.mkdir(parents=True, exist_ok=True)
    near = {
        "said": find_error.NEAR,
        "short": find_error.SHORT,
        "long": find_error.LONG,
        "letters": find_error.LETTERS,
        "common": find_error.COMMON,
    }
    text = f"window.ERRORS = {json.dumps(rows)};\nwindow.NEAR = {json.dumps(near)};\n"
    path.write_text(text, "utf-8")


def drop_unused(app, error):
    """Leave of the theme's style sheets what the pages use, and of its font
    those icons; and of its scripts those that a page loads."""
    static = Path(app.outdir, "_static")
    path = next(static.rglob("fa-solid-900.woff2"), None)
    if error or not path:
        return
    pages = " ".join(p.read_text("utf-8") for p in Path(app.outdir).rglob("*.html"))
    scripts = " ".join(p.read_text("utf-8") for p in static.rglob("*.js"))
    classes = " ".join(re.findall('class="(.*?)"', pages))
    used = set(re.findall(r"[\w-]+", classes + scripts))

    def kept(rule):
        parts = re.split(",(?![^(]*[)])", rule[1])
        plain = [re.sub(r"\(.*?\)", "", part) for part in parts]
        needed = any(used.issuperset(re.findall(CLASS, part)) for part in plain)
        return rule[0] if needed else ""

    icons = []
    for sheet in static.rglob("*.css"):
        text = re.sub(RULE, kept, sheet.read_text("utf-8"))
        sheet.write_text(text, "utf-8")
        found = re.findall(ICON, text)
        icons += [int(i[1:], 16) if i[1:] else ord(i) for i in found]
    options = subset.Options(flavor="woff2")
    font, some = subset.load_font(path, options), subset.Subsetter(options)
    some.populate(unicodes=icons)
    some.subset(font)
    subset.save_font(font, path, options)
    unused = "*.map", "*macros.html", "fontawesome.js", "bootstrap.js", "fa-[br]*.woff2"
    for path in [path for name in unused for path in static.rglob(name)]:
        path.unlink()
