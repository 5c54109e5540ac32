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
from saying import FOLDER, LOCALE, NAME, name_in_itself, said, say, shown, tag
from sphinx.search.en import SearchEnglish
from stage import EXTRA
from ways import HERE, links

from notebooks import find_error
from tests.compared import digest, note
from tools.test_all import supported
from tools.translate import english
from tools.workbook import ROOT, SOLUTIONS, name_of

CELL = 10_000  # myst-nb's lines: cell 3 begins at 40,000
NO_HEAD = "<th([^>]*)><p></p></th>"  # a table's corner: no head of a column
IMAGE = r'<img (?=[^>]*src="([^"]*_images/([^"]+))")([^>]*)>'
RULE = r"([^{}@;]+)\{[^{}]*\}"  # of a style sheet
CLASS = r"\.([a-zA-Z][\w-]*)"
LETTER = r"[\w\xc0-\u1fff\u3040-\ud7ff]"  # JavaScript's \w is a to z
HAN = r"[\u3400-\u9fff]"  # a Chinese character
ALWAYS = "index", "search", "genindex"  # a page of each edition
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
        python = say("{first} to {last}", first=first, last=last)
        return {"day": day, "python": python, "skipped": 0, **versions}
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
        if found["skipped"]:
            return say(
                "The outputs of this page were last compared on {day}, on Python "
                "{python}, with Flask {flask} and Gunicorn {gunicorn}, but for "
                "{skipped} that were skipped.",
                **found,
            )
        return say(
            "The outputs of this page were last compared on {day}, on Python {python}, "
            "with Flask {flask} and Gunicorn {gunicorn}.",
            **found,
        )
    first, *_, last = supported()
    known = {package: version(package) for package in ("flask", "gunicorn")}
    known |= {"first": first, "last": last}
    if date := last_changes().get(name):
        return say(
            "The tests compare the outputs of this page on Python {first} to {last}, "
            "with Flask {flask} and Gunicorn {gunicorn}. They were stored on {date}.",
            date=date,
            **known,
        )
    return say(
        "The tests compare the outputs of this page on Python {first} to {last}, "
        "with Flask {flask} and Gunicorn {gunicorn}.",
        **known,
    )


def pair(name):
    """Where the sheet of the chapter `name` is, or the chapter of a sheet:
    [(text, link)], empty where there is none."""
    folder, file = name.split("/")
    other, text = {
        "notebooks": ("exercises", say("Exercises to this chapter")),
        "exercises": ("notebooks", say("The chapter")),
    }[folder]
    found = (FOLDER / other / file).exists()
    return [(text, f"../{other}/{Path(file).stem}.html")] if found else []


def has(folder, page):
    """Whether the edition in `folder`, a str, has this page."""
    sources = (ROOT / folder / f"{page}.{kind}" for kind in ("ipynb", "md"))
    return page in ALWAYS or any(path.exists() for path in sources)


def place(folder, page):
    """Where an edition's page is on the site, from its root, a str."""
    return f"{folder}/{page}.html" if folder else f"{page}.html"


def switch(page, root):
    """Where the other editions have a page: [(tag of the language, its own name
    for itself, link)]; their first page, where they do not have it. `root` leads
    from the page to the root of the site."""
    return [
        (
            tag(locale),
            name_in_itself(locale),
            root + place(folder, page if has(folder, page) else "index"),
        )
        for folder, locale in shown().items()
        if folder != NAME
    ]


def alternates(page, root):
    """All editions of a page, for search engines: [(tag of the language, link)],
    empty where there is one alone. They want whole addresses: `root` is that of
    the site, or leads there, where nobody knows it."""
    found = [
        (tag(locale), root + place(folder, page))
        for folder, locale in shown().items()
        if has(folder, page)
    ]
    return [*found, ("x-default", found[0][1])] if len(found) > 1 else []


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
        run = links(HERE + name, context["built"], context["repository"])
        context["links"] = pair(name) + run
    root = "../" * (page.count("/") + bool(NAME))
    context["say"], context["editions"] = say, switch(page, root)
    context["alternates"] = alternates(page, context["address"] or root)
    context["language"] = tag(LOCALE)
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
    others = said().get(english.RULE_TABLE, {}).get("word others", "others")
    rows = []
    for error in find_error.errors():
        where = [
            [name[:2], f"notebooks/{Path(name).stem}.html#cell-id={id}"]
            for name, id in places.get(error["slug"], [])
        ]
        if error["source"]:
            where.append([others, error["source"]])
        patterns = []
        for form in find_error.forms(error):
            found, literal = find_error.pattern(form), len(form.replace("...", ""))
            flags = "gi" if found.flags & re.IGNORECASE else "g"
            source = found.pattern.replace("\\w", LETTER)
            word = find_error.longest_word(form)
            words = find_error.simple(form)
            patterns.append([source, flags, literal, word, words])
        causes = said().get(english.error_file(error), {})
        words = [
            causes.get(f"{error['slug']} {part}", error[part])
            for part in ("cause", "cure")
        ]
        frame = error["slug"] in find_error.FRAMES
        rows.append([patterns, error["message"], *words, where, frame])
    path = Path(app.outdir, "_static/errors.js")
    path.parent.mkdir(parents=True, exist_ok=True)
    near = {
        "said": say(
            "No message of the index stands in this whole; these have its words:"
        ),
        "none": say(
            "No message like this is known here. Paste the whole line, or search "
            "the workbook for its words."
        ),
        "short": find_error.SHORT,
        "long": find_error.LONG,
        "letters": find_error.LETTERS,
        "common": find_error.COMMON,
    }
    lines = [
        f"window.{name} = {json.dumps(value, ensure_ascii=False)};\n"
        for name, value in (("ERRORS", rows), ("NEAR", near))
    ]
    path.write_text("".join(lines), "utf-8")


def translate_theme(app, error):
    """Say in our language what the theme and MyST-NB say in English alone."""
    words = {
        "Main": say("Main"),
        "Page": say("Page"),
        "Breadcrumb": say("Breadcrumb"),
        "Toggle primary sidebar": say("Toggle primary sidebar"),
        "Toggle secondary sidebar": say("Toggle secondary sidebar"),
        "Toggle hidden content": say("Toggle hidden content"),
    }
    labels = rf'( aria-label=| title=)"({"|".join(words)})"'
    found = Path(app.outdir).rglob("*.html") if NAME and not error else []
    for path in found:
        text = path.read_text("utf-8")
        text = re.sub(labels, lambda found: f'{found[1]}"{words[found[2]]}"', text)
        path.write_text(text, "utf-8")


class SearchPairs(SearchEnglish):
    """The search in Chinese, which has no spaces: each two characters that
    stand side by side are a word, in the pages and in what is searched for.
    The rest is as in English.

    Sphinx's own needs a dictionary to find the words, and does not find them
    in what is searched for; https://github.com/sphinx-doc/sphinx/issues/14229
    is another fault of it.
    """

    lang = "zh"
    js_splitter_code = rf"""
function splitQuery(query) {{
  const runs = query.match(/{HAN}+|(?:(?!{HAN})[\p{{L}}\p{{N}}_])+/gu) ?? [];
  const pairs = (run) => Array.from(
    {{ length: Math.max(1, run.length - 1) }}, (_, n) => run.slice(n, n + 2));
  return runs.flatMap((run) => (/{HAN}/.test(run) ? pairs(run) : [run]));
}}"""

    def split(self, text):
        found = []
        for run in re.findall(rf"{HAN}+|(?:(?!{HAN})\w)+", text):
            pairs = [run[n : n + 2] for n in range(max(1, len(run) - 1))]
            found += pairs if re.match(HAN, run) else [run]
        return found

    def word_filter(self, word):
        return bool(re.match(HAN, word)) or super().word_filter(word)


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
