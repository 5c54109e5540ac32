"""The editions in other languages: nothing in them is false, or lost.

What is built is compared with what the English and the translations say
now; and each kind of fault is seen in a copy with a language of its own.
"""

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import polib
import pytest

from exercises import checking
from tools.markdown import links
from tools.sheets import of_role
from tools.translate import english
from tools.translate.building import Building, holes_in, moved
from tools.translate.catalogue import (
    HOLES,
    Catalogues,
    fill,
    is_done,
    is_stale,
    key,
    text_of_po,
    to_do,
    updated,
)
from tools.translate.edition import Edition, editions, pattern_of
from tools.translate.english import Unit
from tools.translate.losses import losses
from tools.workbook import (
    BLANKS,
    ROOT,
    chapters,
    code_cells,
    documents,
    name_of,
    read,
    sheets,
    write,
)

EDITIONS = [pytest.param(e, id=e.folder.name) for e in editions()]
LANGUAGE = "eo"  # nobody has made this edition
TOML = """locale = "eo"

[[differs]]
english = "listen()"
ours = 'listen("eo")'

[[wrong]]
name = "a hat is missing"
pattern = "cx"
"""


@cache
def catalogues_of(edition):
    """The Catalogues of an edition, which take a second or two."""
    return Catalogues(edition)


def pages_of(edition, english):
    """The pages of an edition of those in `english`, both Paths; a list."""
    paths = [edition.folder / name_of(path) for path in english]
    return [path for path in paths if path.exists()]


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_edition_is_as_it_would_be_built(edition):
    building = Building(catalogues_of(edition))
    stale = [path.relative_to(ROOT).as_posix() for path in building.stale()]
    assert not stale, "run: make translate ARGS=build"


@pytest.mark.parametrize("edition", EDITIONS)
def test_nothing_is_left_to_do_in_a_complete_edition(edition):
    """Whoever changes an English cell has it translated anew, or says in
    edition.toml that the edition is not complete."""
    left = edition.complete and [
        f"{name}: {key(entry)}: {'stale' if is_stale(entry) else 'missing'}"
        for name, file in catalogues_of(edition).files.items()
        for entry in file
        if not is_done(entry)
    ]
    assert not left, "translate them: CONTRIBUTING.md, A translation"


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_translation_has_lost_anything(edition):
    found = [
        f"{name}: {entry.msgctxt or entry.msgid}: {line}"
        for name, file in catalogues_of(edition).files.items()
        for entry in file
        if is_done(entry)
        for line in losses(entry, edition)
    ]
    assert not found


@pytest.mark.parametrize("edition", EDITIONS)
def test_code_and_outputs_of_an_edition_are_the_english_ones(edition):
    for path in pages_of(edition, [*chapters(), *sheets()]):
        page, source = read(path), read(ROOT / path.relative_to(edition.folder))
        assert [c.id for c in page.cells] == [c.id for c in source.cells]
        for ours, theirs in zip(code_cells(page), code_cells(source), strict=True):
            code = checking.code_of(edition.ours(theirs.source))
            assert checking.code_of(ours.source) == code
            kinds = [output.output_type for output in theirs.outputs]
            assert [output.output_type for output in ours.outputs] == kinds
            if "exercises" not in path.parts:
                assert ours.outputs == theirs.outputs


@pytest.mark.parametrize("edition", EDITIONS)
def test_an_answer_that_nobody_touched_is_known_in_each_language(edition):
    for path in edition.folder.glob("exercises/*.ipynb"):
        answers = of_role(read(path), "solution")
        for number, cell in of_role(read(BLANKS / path.name), "solution").items():
            ours = answers[number].source
            assert checking.code_of(ours) == checking.code_of(cell.source)


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_links_of_an_edition_lead_somewhere(edition):
    for path in pages_of(edition, [*chapters(), *sheets(), *documents()]):
        text = path.read_text("utf-8")
        if path.suffix == ".ipynb":
            text = "\n\n".join(c.source for c in english.markdown(read(path)))
        for _, address, _ in links(text):
            place = address.partition("#")[0]
            if place and not re.match("[a-z]+:", place) and "/actions/" not in place:
                assert (path.parent / place).exists(), f"{path.name}: {address}"


# A copy with few pages, and with an edition that has just begun.


@pytest.fixture
def copy(tmp_path):
    """A copy of the project with chapter 02, its sheet and what they need,
    and an edition in Esperanto, of which nothing is translated."""
    for name in "tools", "exercises", "notebooks", "classroom":
        ignored = shutil.ignore_patterns("[01][013-9]_*", "9[045]_*", "node_modules")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
    shutil.copy(ROOT / "README.md", tmp_path)
    folder = tmp_path / LANGUAGE
    folder.mkdir()
    (folder / "edition.toml").write_text(TOML, "utf-8")
    (folder / "terms.csv").write_text(
        "term,translation,note\nserver,servilo,\n", "utf-8"
    )
    return tmp_path


RUN = """
import json, sys
from tools.translate.__main__ import main

for words in json.loads(sys.argv[1]):
    print(words[0], "ends with", main(*words))
"""


def translate(folder, *commands):
    """What `python -m tools.translate` prints in a copy for each of some
    commands, and how it ends."""
    texts = json.dumps([[*map(str, words)] for words in commands])
    ran = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", RUN, texts],
        cwd=folder,
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=300,  # on a busy machine
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


PICTURE = "notebooks/img/jupyterlab.png"
KEPT = ".ipynb_checkpoints/a-checkpoint.ipynb", "__pycache__/a.pyc"
CHAPTER = "notebooks/02_look_under_flask.ipynb"
SHEET = "exercises/02_look_under_flask.ipynb"
PO = f"{LANGUAGE}/po/notebooks/02_look_under_flask.po"
TABLE = "## La tabelo\n\n| a | b | c |\n|---|---|---|"
OURS = "## Apliko estas vokebla\n\n`gunicorn wsgi:app`, `app`, `wsgi.py`: servilo."


def test_a_third_language_is_a_folder(copy):
    """Extracted, filled in, built, and then changed in English: the cell is
    stale, the check red, and the page shows the English again."""
    answer = copy / "answer.txt"
    answer.write_text(f"=== c02-04\n{OURS}\n", "utf-8")
    said = translate(
        copy,
        ("extract", LANGUAGE),
        ("fill", LANGUAGE, PO, answer),
        ("build", LANGUAGE),
        ("build", LANGUAGE, "--check"),
    )
    assert "1 entries filled in\nfill ends with 0" in said
    made = f"  {LANGUAGE}/lab/overrides.json\n  {LANGUAGE}/{CHAPTER}\n"
    assert f"2 of 2 files are written anew\n{made}" in said
    assert "0 of 2 files are not as they would be built\nbuild ends with 0" in said
    built = read(copy / LANGUAGE / CHAPTER)
    (cell,) = [c for c in built.cells if c.id == "c02-04"]
    assert cell.source == OURS
    assert "](../../notebooks/img/two_sides.svg)" in built.cells[1].source

    (copy / LANGUAGE / "notebooks/my_own.py").touch()
    (copy / LANGUAGE / PICTURE).parent.mkdir()
    (copy / LANGUAGE / PICTURE).touch()
    for folder in copy / "notebooks", copy / LANGUAGE / "notebooks":
        for name in KEPT:  # by JupyterLab, and by Python
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()

    chapter = read(copy / CHAPTER)
    (source,) = [c for c in chapter.cells if c.id == "c02-04"]
    source.source += " It is *yours*."
    write(chapter, copy / CHAPTER)
    said = translate(
        copy,
        ("status", LANGUAGE, PO),
        ("build", LANGUAGE, "--check"),
        ("extract", LANGUAGE),
        ("build",),
    )
    assert re.search(r" 1 stale, 0 lost;.*\nstatus ends with 1", said)
    assert f"as they would be built\n  {LANGUAGE}/{CHAPTER}\nbuild ends with 1" in said
    (entry,) = [e for e in polib.pofile(copy / PO) if e.msgctxt == "c02-04"]
    assert is_stale(entry) and entry.msgstr == OURS
    assert entry.msgid == entry.previous_msgid + " It is *yours*."
    assert not (copy / LANGUAGE / CHAPTER).exists()  # nothing of it is left
    assert (copy / LANGUAGE / "notebooks/my_own.py").exists()
    assert all((copy / LANGUAGE / "notebooks" / name).exists() for name in KEPT)
    assert (copy / LANGUAGE / PICTURE).exists()


def test_all_kinds_of_texts_are_built(copy):
    """A comment, a sentence of the checks, a document, a picture, a row of
    each index, and a definition."""
    translate(copy, ("extract", LANGUAGE))
    for name, said in {
        "comments": {
            "to the answers that you run": "al la respondoj",
            "Write your answer here.": "Respondu ĉi tie.",
        },
        "messages/all": {"Exercise {number}: done.": "Ekzerco {number}: preta."},
        "exercises/02_look_under_flask": {"e02-20": "## Kio sekvas"},
        "notebooks/02_look_under_flask": {},
        "notebooks/91_find_a_rule": {"c91-03": TABLE},
        "notebooks/92_find_an_error": {"c92-02": TABLE},
        "notebooks/93_glossary": {"c93-02": TABLE},
        "index/rules": {"rule 1": "Ĝi nur vokas.", "word must not": "ne rajtas"},
        "index/errors_code": {"outside-app cause": "Ĝi estas ekstere."},
        "documents/README": {"# The WSGI workbook": "# La laborlibro"},
        "pictures": {"Server, such as Gunicorn": "Servilo: Gunicorn"},
    }.items():
        path = copy / LANGUAGE / "po" / f"{name}.po"
        file = polib.pofile(path)
        for entry in file:
            if (key := entry.msgctxt or entry.msgid) in said:
                entry.msgstr = said.pop(key)
            elif entry.msgctxt == "c02-54":
                entry.msgstr = entry.msgid.replace("**environ**: ", "**medio**：")
        assert not said
        path.write_text(text_of_po(file), "utf-8")
    translate(copy, ("build", LANGUAGE))
    folder = copy / LANGUAGE
    sheet = (folder / SHEET).read_text("utf-8")
    assert r"listen(\"eo\")  # al la respondoj" in sheet
    assert "Exercise 1, not yet" in sheet and "pass  # Respondu ĉi tie." in sheet
    solved = folder / SHEET.replace("exercises/", "exercises/solutions/")
    assert "Ekzerco 1: preta." in solved.read_text("utf-8")
    for name, text in {
        "notebooks/91_find_a_rule.ipynb": "| 1 | ne rajtas | Ĝi nur vokas. |",
        "notebooks/92_find_an_error.ipynb": "| Ĝi estas ekstere. |",
        "notebooks/93_glossary.ipynb": "| **medio** |",
        "README.md": "# La laborlibro",
        "notebooks/img/two_sides.svg": ">Servilo: Gunicorn<",
        "messages.json": '"Ekzerco {number}: preta."',
        "lab/overrides.json": '"locale": "eo"',
    }.items():
        assert text in (folder / name).read_text("utf-8"), name
    readme = (folder / "README.md").read_text("utf-8")
    assert "](notebooks/02_look_under_flask.ipynb)" in readme
    assert "](../CONTRIBUTING.md)" in readme
    up = (folder / "exercises/exercises.py").read_text("utf-8")
    assert up == (ROOT / "exercises/exercises.py").read_text("utf-8")


def test_what_the_site_says_is_taken_from_its_code_and_its_templates():
    notes = {unit.text: unit.note for unit in english.of_site()}
    assert notes["Show the set-up"] == "site/stage.py"
    assert notes["As the system"] == "site/templates/colours.html"
    assert notes["The book as {kind}"] == "site/templates/book.html"


# Single translations.

EDITION = SimpleNamespace(
    ours=lambda text: text.replace("`make tea`", "`make tea CUP=eo`"),
    wrong=[("a hat is missing", re.compile("cx"))],
    terms=[
        ("worker thread", pattern_of("worker thread"), ["labora fadeno"]),
        ("worker", pattern_of("worker"), ["laboranto"]),
        ("proxy", pattern_of("proxy"), ["prokura servilo"]),
        ("GIL", pattern_of("GIL"), ["TIŜ"]),
    ],
)


@pytest.mark.parametrize(
    ("text", "translation", "fault"),
    [
        ("See [01](01.ipynb).", "Vidu [01](01.ipynb).", None),
        ("See [01](01.ipynb).", "Vidu 01.", "link: ['01.ipynb'] lost"),
        ("See it.", "Vidu [01](01.ipynb).", "link: nothing lost, ['01.ipynb']"),
        ("![a](img/a.svg)", "![b](img/b.svg)", "link: ['img/a.svg'] lost"),
        ("See <https://a.example>.", "Vidu.", "link: ['https://a.example'] lost"),
        ("It calls `app`.", "Ĝi vokas.", "code: ['app'] lost"),
        ("It calls `app`.", "Ĝi vokas `apq`.", "code: ['app'] lost, ['apq'] put in"),
        ("Type `make tea`.", "Tajpu `make tea CUP=eo`.", None),
        ("Type `make tea`.", "Tajpu `make tea`.", "code: ['make tea CUP=eo'] lost"),
        ("```\nls  # all\n```", "```\nls  # ĉio\n```", None),
        ("```\nls\n```", "```\nrm\n```", "code: a block"),
        ("After 30 seconds.", "Post 30 sekundoj.", None),
        ("After 30 seconds.", "Post sekundoj.", "number: ['30'] lost"),
        ("1,000 of 2.5", "1,000 el 2", "number: ['2.5'] lost"),
        ("# A\n\n- b\n- c", "# A\n\n- b", "form: ['item'] lost"),
        ("## A", "# A", "form: ['heading 2'] lost, ['heading 1'] put in"),
        ("| a | b |\n|---|---|\n| c | d |", "| a |\n|---|\n| c |", "form: "),
        ("| a | `b|c` |", "| a | `b|c` |", None),
        ("| a | b |", "| a b |", "form: ['row of 2'] lost, ['row of 1'] put in"),
        ("<details>\n\na\n\n</details>", "a", "form: ['</details>', '<details>']"),
        ("**Bind**: to take.", "Bindi: preni.", "definition: 1 became 0"),
        ("*Predict*: two?", "**Divenu**: ĉu du?", None),
        ("**A (b)** is", "la **A (b)**, jes", None),
        ("**A (b)** is", "la **A (b)**n", "bold: **A (b)** needs"),
        ("**`a`** is", "la**`a`** estas", "bold: **`** needs"),
        ("a **(b)** c", "a**(b)** c", "bold: **(b)** needs"),
        ("Two workers.", "Du laborantoj.", None),
        ("Two workers.", "Du homoj.", "term: worker is not called laboranto"),
        ("`worker` it is.", "`worker` ĝi estas.", None),
        ("A worker thread.", "Unu labora fadeno.", None),
        ("A worker's worker thread.", "Unu labora fadeno.", "term: worker is"),
        ("Proxies.", "Homoj.", "term: proxy is not"),
        ("A proxy-minded jupyter-server-proxy.", "Homo.", None),
        ("The GIL.", "Ĝi.", "term: GIL is not"),
        ("A fish's gil.", "Ĝi.", None),
        ("A cup.", "Tacxo.", "a hat is missing: ['cx']"),
        ("All of it is as it was.", "All of it is as it was.", "it is the English"),
    ],
)
def test_what_a_translation_has_lost_is_seen(text, translation, fault):
    entry = polib.POEntry(msgid=text, msgstr=translation)
    found = [*losses(entry, EDITION)]
    assert found == [] if fault is None else len(found) == 1
    assert fault is None or found[0].startswith(fault)


@pytest.mark.parametrize(
    ("translation", "fault"),
    [
        ("`{code}` donis {kind}.", None),
        ("`{code}` donis {speco}.", "holes: ['code', 'kind'] became"),
        ("`{code}` donis {kind.", "holes: "),
    ],
)
def test_a_sentence_keeps_its_holes(translation, fault):
    entry = polib.POEntry(
        msgid="`{code}` gave {kind}.", msgstr=translation, flags=[HOLES]
    )
    found = [*losses(entry, EDITION)]
    assert found == [] if fault is None else found[0].startswith(fault)


def test_a_translator_may_say_that_a_word_is_no_term():
    entry = polib.POEntry(msgid="A worker.", msgstr="Homo.", tcomment="not: worker")
    assert not [*losses(entry, EDITION)]


def po_of(*pairs):
    """A .po file of these pairs of English and translation."""
    file = polib.POFile()
    for text, translation in pairs:
        file.append(polib.POEntry(msgid=text, msgstr=translation))
    return file


def test_a_line_that_was_changed_a_little_is_stale_and_keeps_its_translation():
    old = po_of(("Six cups of tea.", "Ses tasoj."), ("All else.", "Ĉio."))
    moved = {entry.msgid: entry for entry in old}
    new = updated(old, [Unit("Seven cups of tea."), Unit("Rain.")], moved, "eo")
    cups, rain = new
    assert (cups.msgstr, cups.previous_msgid) == ("Ses tasoj.", "Six cups of tea.")
    assert is_stale(cups) and not rain.msgstr


def test_what_is_moved_to_another_page_keeps_its_translation():
    entry = polib.POEntry(msgctxt="c02-04", msgid="A cup.", msgstr="Taso.")
    new = updated(polib.POFile(), [Unit("A cup.", "c02-04")], {"c02-04": entry}, "eo")
    assert new[0].msgstr == "Taso." and is_done(new[0])


def test_a_file_is_filled_in_as_it_was_printed():
    file = po_of(("A cup\nof tea.", ""), ("Done before.", "Farita."), ("UDP", ""))
    printed = to_do(file)
    assert "A cup" in printed and "Done" not in printed
    assert not fill(file, printed)  # still the English
    ours = printed.replace("A cup\nof tea.", "Taso\n\nda teo.")
    assert [entry.msgid for entry in fill(file, ours)] == ["A cup\nof tea."]
    assert file[0].msgstr == "Taso\n\nda teo."
    same = re.sub(r"(=== \w+)\nUDP", r"\1 | keep\nUDP", printed)
    assert [entry.msgstr for entry in fill(file, same)] == ["UDP"]
    assert fill(file, to_do(file, all_of_it=True)) == [*file]
    with pytest.raises(ValueError, match="not in this file: c99-01"):
        fill(file, "=== c99-01\nTaso\n")


def test_comments_are_translated_and_no_code():
    """A # in a str is no comment, and what a tool reads is for the tool."""
    said = {"comments": {"of tea": "da\nteo", "noqa: S102": "?"}}
    building = SimpleNamespace(
        edition=SimpleNamespace(ours=lambda text: text.replace("'x'", "'y'"))
    )
    building.say = lambda name, text: said[name].get(text, text)
    code = "a = '# of tea'  # of tea\nb = 'x'\n# Exercise 1\nc = 1  # noqa: S102\n"
    ours = "a = '# of tea'  # da teo\nb = 'y'\n# Exercise 1\nc = 1  # noqa: S102\n"
    assert Building.code(building, code) == ours


def test_the_rows_of_an_index_are_not_translated_with_its_page():
    notebook = read(ROOT / "notebooks/92_find_an_error.ipynb")
    (cell,) = [c for c in notebook.cells if c.id == "c92-02"]
    assert "\n| `Working outside of request context.`" in cell.source
    text = "## In your own code\n\n| message | cause | cure | see it in |\n"
    assert english.of_cell(cell) == Unit(f"{text}|---|---|---|---|", "c92-02")


def test_a_translation_that_changes_code_is_refused(monkeypatch):
    """No comment can; so here a name passes for one."""
    names = [SimpleNamespace(start=(1, 6), string="tea")]
    monkeypatch.setattr(english, "comments_of", lambda source: names)
    building = SimpleNamespace(edition=SimpleNamespace(ours=str))
    building.say = lambda name, text: "teo"
    with pytest.raises(ValueError, match="changed the code"):
        Building.code(building, "a = 1 + tea")


def test_what_a_check_has_said_is_found_in_its_sentences():
    sentence = "{done} of {total} exercises done. Still to do: {left}."
    line = "2 of 6 exercises done. Still to do: 1, 2."
    assert holes_in(line, sentence) == {"done": "2", "total": "6", "left": "1, 2"}
    twice = "Exercise {number}, not yet: run `# Exercise {number}`."
    assert holes_in("Exercise 1, not yet: run `# Exercise 1`.", twice)
    assert not holes_in("Exercise 1, not yet: run `# Exercise 2`.", twice)
    assert not holes_in("Exercise 1: done.", sentence)


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("03.ipynb#cell-id=c03-01", "03.ipynb#cell-id=c03-01"),
        ("04.ipynb", "../../notebooks/04.ipynb"),
        ("04.ipynb#cell-id=c04-01", "../../notebooks/04.ipynb#cell-id=c04-01"),
        ("../small_server/", "../../small_server/"),
        ("../exercises/", "../exercises/"),
        ("../eo/notebooks/05.ipynb", "05.ipynb"),
        ("../eo/notebooks/02.ipynb", "../../notebooks/02.ipynb"),
        ("https://peps.python.org/", "https://peps.python.org/"),
        ("#here", "#here"),
        ("../../../issues", "../../../../issues"),
    ],
)
def test_a_link_leads_to_the_edition_or_else_to_the_english(address, leads_to):
    names = {"notebooks/02.ipynb", "notebooks/03.ipynb", "exercises/03.ipynb"}
    text = moved(f"[x]({address}) `x`", "notebooks/02.ipynb", "eo", names)
    assert text.startswith(f"[x]({leads_to}) ")


def test_a_link_is_moved_once():
    text = "[a](../x) [b](../../x) [a](../x)"
    there = moved(text, "exercises/solutions/02.ipynb", "eo", {*()})
    exercises = "[a](../../../exercises/x)"
    assert there == f"{exercises} [b](../../../x) {exercises}"


def test_the_longest_terms_of_an_edition_come_first(tmp_path):
    """Else a worker thread were a worker."""
    (tmp_path / "edition.toml").write_text(TOML, "utf-8")
    rows = "term,translation,note\nworker,laboranto,\nworker thread,fadeno/ero,\n"
    (tmp_path / "terms.csv").write_text(rows, "utf-8")
    terms = [(term, names) for term, _, names in Edition(tmp_path).terms]
    assert terms == [("worker thread", ["fadeno", "ero"]), ("worker", ["laboranto"])]


def test_what_is_no_edition_is_refused(tmp_path):
    with pytest.raises(OSError, match=r"edition\.toml"):
        Edition(Path(tmp_path))
