"""Read the first chapters in a browser that has nothing but files: Run All, and
compare with what is stored."""

import json
import shlex
import sys
import time

import pytest
from jupyterlab_server.translation_utils import get_language_pack

from exercises.words import say
from notebooks.serving import serve
from tests.browser.lab import browser_of_a_module, choose  # noqa: F401
from tools.translate.edition import editions
from tools.workbook import (
    BLANKS,
    NOTEBOOKS,
    ROOT,
    SOLUTIONS,
    code_cells,
    name_of,
    nbformat,
    normalise,
    outcome,
    read,
    shown,
)

SITE = ROOT / "site/_build/html"
PAGES = [
    name_of(path)
    for folder in (NOTEBOOKS, BLANKS, SOLUTIONS)
    for path in sorted(folder.glob("0[1-4]_*.ipynb"))
]
# Of each edition in another language a chapter and a sheet, which says all.
EDITIONS = {edition.folder.name: edition for edition in editions()}
THEIRS = [
    (edition, f"{edition}/{folder}/02_look_under_flask.ipynb")
    for edition in EDITIONS
    for folder in ("notebooks", "exercises/solutions")
]
NEEDS_SERVER = (
    "c01-68",
    "c01-70",  # shows what c01-68 got
    "c01-72",
    "c01-53",
    "c01-105",  # runs pytest, a process of its own
    "c02-53",
    "c03-08",
    "c03-64",
    "c03-68",
    "c03-83",
    "c03-30",
    "c03-75",  # shows the log of c03-30
    "c04-08",
    "c04-42",
)


def differing():
    """What the cells show that give something else than what is stored, and why:
    {id: str}, in the language of CHECK_WORDS."""
    server = say(
        "This cell needs a server, which a browser does not have: `make lab` on "
        "your machine runs it, see README.md"
    )
    figure = say(
        "This cell needs {module}, which a browser does not have: `make lab` on "
        "your machine runs it, see README.md",
        module="matplotlib",
    )
    none = say("a browser starts no server; `make lab` does, see README.md")
    check = say("checking it, {error}", error=f"NoServer: {none}")
    left = say(
        "{done} of {total} exercises done. Still to do: {left}.",
        done=5,
        total=6,
        left=5,
    )
    differ = dict.fromkeys(NEEDS_SERVER, server)
    differ["c04-57"] = figure  # Pyodide's is in no registry of packages
    for sheet in "e02", "e03", "e04":  # solved: the rest passes all the same
        differ |= {f"{sheet}-check-5": check, f"{sheet}-19": left}
    return differ


INDICATOR = ".jp-NotebookPanel .jp-Notebook-ExecutionIndicator"
NOTEBOOK = "jupyterapp.shell.currentWidget.content"
DONE = f"""() => {NOTEBOOK}.widgets.filter(cell => cell.model.type == "code")
    .every(cell => cell.model.executionCount && cell.model.executionState == "idle")"""


@pytest.fixture(scope="module", name="server")
def server_of_files():
    """A Server that has files, and runs nothing."""
    words = [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"]
    with serve(shlex.join([*words, "--directory", str(SITE)])) as server:
        yield server


@pytest.fixture(name="page")
def page_of_a_reader(browser, server):
    """A Page in a browser that nobody has used; it asks nobody else."""
    with browser.new_context() as context:
        asked = []
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.set_default_timeout(180_000)
        yield page
        ours = server.url, "data:", "blob:"
        assert asked and [url for url in asked if not url.startswith(ours)] == []


def open_page(page, server, path, app="lab"):
    """Open a page of the workbook, and wait until its kernel is there."""
    page.goto(f"{server.url}/lite/{app}/index.html?path={path}")
    page.locator(f"{INDICATOR}[data-status=idle]").wait_for()


def run_all(page):
    """Forget all outputs, Run All; return the code cells."""
    choose(page, "Edit", "Clear Outputs of All Cells")
    choose(page, "Run", "Run All Cells")
    page.wait_for_function(DONE)
    return code_cells(nbformat.from_dict(page.evaluate(f"{NOTEBOOK}.model.toJSON()")))


@pytest.mark.parametrize(("edition", "path"), [*((None, p) for p in PAGES), *THEIRS])
def test_run_all_gives_what_is_stored(edition, path, page, server, monkeypatch):
    words = f"{ROOT}/{edition}/messages.json" if edition else ""
    monkeypatch.setenv("CHECK_WORDS", words)
    begun = time.monotonic()
    open_page(page, server, path)
    print(f"the kernel is there after {time.monotonic() - begun:.0f} seconds")
    came, stored = run_all(page), read(ROOT / path)
    assert [c.execution_count for c in came] == list(range(1, len(came) + 1))
    notebook = normalise(nbformat.from_dict(stored | {"cells": came}))
    differ = {} if path.startswith("exercises/0") else differing()
    for cell, old in zip(notebook.cells, code_cells(stored), strict=True):
        if cell.id in differ:
            assert differ[cell.id] in shown(cell), cell.id
        else:
            assert outcome(cell) == outcome(old), cell.id


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_menus_are_in_the_language_of_the_pages(edition, page, server):
    """At the edition's own entrance. Its pictures are shown, too."""
    open_page(page, server, f"{edition}/{PAGES[0]}", app=edition)
    packed = get_language_pack(EDITIONS[edition].locale)[0]["jupyterlab"]
    for name in "File", "Kernel":
        menu = packed[f"menu\x04{name}"][0]
        page.get_by_role("menubar").get_by_role("menuitem", name=menu).wait_for()
    first = ".jp-NotebookPanel .jp-MarkdownOutput img >> nth=0"
    page.wait_for_selector(first)
    assert page.eval_on_selector(first, "img => img.naturalWidth") > 0


def test_what_is_shown_is_one_string():
    """Of a list of lines JupyterLite shows a comma before all but the first."""
    outputs = [
        output
        for path in PAGES
        for cell in json.loads((SITE / "lite/files" / path).read_text("utf-8"))["cells"]
        for output in cell.get("outputs", [])
    ]
    texts = [
        text
        for output in outputs
        for text in output.get("data", {"text": output.get("text", "")}).values()
    ]
    assert sum("\n" in text for text in texts) > 50
    assert [text for text in texts if not isinstance(text, str)] == []


def test_the_first_page_leads_there(page, server):
    page.goto(f"{server.url}/index.html")
    page.get_by_role("link", name="Run it in your browser").click()
    page.locator(f"{INDICATOR}[data-status=idle]").wait_for()
    path = "jupyterapp.shell.currentWidget.context.path"
    assert page.evaluate(path) == PAGES[0]


def test_what_differs_is_there():
    ids = {cell.id for path in PAGES for cell in read(ROOT / path).cells}
    assert {*differing()} <= ids


# What a learner writes: what the cell shows, and what its check says.
LOOP = """
    while True:
        try:
            pass
        except BaseException:
            pass
"""
TRIES = {
    1: ("prediction = [200, 405, 404, 404]", "", "Exercise 1: done."),
    2: ("prediction = [1, 2, 3, 4, 5]", "", "and that is not what came"),
    3: (
        f"""from flask import Flask
app = Flask(__name__)
@app.get("/greet/<name>")
def greet(name):{LOOP}""",
        "",
        """`greeted("Ada")` did not end in 10 seconds: does it loop?""",
    ),
    4: (
        f"if True:{LOOP}",
        "KeyboardInterrupt",
        "your cell did not end in 10 seconds: does it loop?",
    ),
}


def test_what_does_not_end_is_ended(page, server):
    """A cell, and an answer that a check asks; the kernel goes on."""
    open_page(page, server, "exercises/01_call_a_flask_app.ipynb")
    for number, (text, *_) in TRIES.items():
        source = json.dumps(f"# Exercise {number}\n{text}")
        page.evaluate(
            f"""{NOTEBOOK}.widgets.map(cell => cell.model)
            .find(model => model.id == "e01-answer-{number}")
            .sharedModel.setSource({source})"""
        )
    cells = {cell.id: shown(cell) for cell in run_all(page)}
    for number, (_, shows, says) in TRIES.items():
        assert shows in cells[f"e01-answer-{number}"]
        assert says in cells[f"e01-check-{number}"]
    assert "not yet: write your answer" in cells["e01-check-7"]
