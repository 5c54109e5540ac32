"""Read the workbook as a reader does: in JupyterLab, Run All, save."""

import warnings

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import expect

from notebooks.serving import serve
from tests.browser.lab import (  # noqa: F401
    browser_of_a_module,
    called,
    opened,
    project_of_a_test,
    run_all,
    save,
)
from tools.changed_cells import drop
from tools.needs import tags
from tools.translate.edition import editions
from tools.workbook import (
    cells,
    chapters,
    code_cells,
    name_of,
    normalise,
    outcome,
    read,
    sheets,
    write,
)

CHAPTERS = [name_of(path) for path in [*chapters(), *sheets()]]


@pytest.mark.parametrize("path", CHAPTERS, ids=str)
def test_run_all_gives_what_is_stored(path, browser, project):
    chapter = project / path
    leave_out(chapter)
    stored = code_cells_in(chapter)
    if not stored:
        pytest.skip("no cell of it can run here")
    forget_outputs(chapter)
    with opened(chapter, browser, project.parent / "home") as page:
        for run in 1, 2:  # the second in the same kernel
            count = run * len(stored)
            run_all(page, count)
            save(page)
            check(code_cells_in(chapter), stored, count)
        assert broken_images(page) == []


def test_a_link_opens_the_first_sheet(browser, project):
    """The folder of the project is JupyterLab's, not `notebooks` alone."""
    chapter = project / "notebooks/00_start_here.ipynb"
    with opened(chapter, browser, project.parent / "home") as page:
        page.locator("a[href*='exercises/01']").click()
        expect(page.get_by_role("heading", name="Exercises 01")).to_be_visible()


def folder_of(edition):
    """The name of an edition's folder, a str; "" of the English pages."""
    return edition.folder.name if edition else ""


@pytest.mark.parametrize("edition", [None, *editions()], ids=folder_of)
def test_the_menus_are_in_the_language_of_the_pages(edition, browser, project):
    """As `make lab` opens them. The words are the language pack's."""
    chapter = project / folder_of(edition) / "notebooks/00_start_here.ipynb"
    title = cells(read(chapter), "markdown")[0].source.splitlines()[0]
    folder = edition and edition.folder
    names = [called(name, folder) for name in ("File", "Kernel")]
    assert ("File" in names) == (edition is None)
    with opened(chapter, browser, project.parent / "home") as page:
        bar = page.get_by_role("menubar")
        for name in names:
            expect(bar.get_by_role("menuitem", name=name, exact=True)).to_be_visible()
        heading = page.get_by_role("heading", name=title.strip("# "))
        expect(heading).to_be_visible()


def test_a_blank_sheet_leads_to_its_solutions(browser, project):
    """When all is done; they open in a tab of their own."""
    sheet = project / "exercises/11_change_the_server.ipynb"
    with opened(sheet, browser, project.parent / "home") as page:
        page.keyboard.press("Escape")
        page.locator(".jp-Notebook").press("End")
        page.get_by_role("link", name="the solved sheet").click()
        solved = page.locator("#jp-main-dock-panel .lm-TabBar-tab")
        expect(solved).to_have_count(2)
        answers = page.get_by_text("waitress-serve --listen 127.0.0.1:0 --threads 6")
        expect(answers.first).to_be_attached()


def test_a_blank_sheet_looks_as_if_nobody_had_run_it(browser, project):
    """No cell and no output has a number."""
    sheet = project / "exercises/01_call_a_flask_app.ipynb"
    with opened(sheet, browser, project.parent / "home") as page:
        prompts = page.locator(".jp-CodeCell .jp-InputArea-prompt")
        expect(prompts.first).to_have_text("[ ]:")
        outputs = page.locator(".jp-CodeCell .jp-OutputArea-prompt")
        shown = {text.strip() for text in prompts.all_inner_texts()}
        assert shown <= {"[ ]:", ""}  # one that is not in sight has none yet
        assert {text.strip() for text in outputs.all_inner_texts()} == {""}


def test_served_pages(browser, project):
    command = f"BIND=127.0.0.1:0 bash {project}/run.sh"
    with serve(command) as server, browser.new_page() as page:
        page.goto(server.url)
        expect(page.locator("body")).to_have_text("Hello, World!")
        page.goto(f"{server.url}/greet/<b>Ada")
        expect(page.locator("p")).to_have_text("Hello, <b>Ada!")


def code_cells_in(path):
    """Return the code cells of the notebook at `path`, normalised."""
    return code_cells(normalise(read(path)))


def leave_out(path):
    """Take out of the notebook at `path` the cells that cannot run here, and
    say so."""
    notebook = read(path)
    for why in drop(notebook):
        warnings.warn(f"{path.name}: not all was run, {why}", stacklevel=2)
    write(notebook, path)


def test_a_cell_that_cannot_run_here_is_left_out(tmp_path):
    """It would fail: JupyterLab knows nothing of our tags."""
    needs = {"tags": ["needs-no-such"]}
    cells = [new_code_cell("1"), new_code_cell("tea", metadata=needs)]
    path = tmp_path / "tea.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    with pytest.warns(UserWarning, match="tea.ipynb: .*no-such is not installed"):
        leave_out(path)
    assert [cell.source for cell in read(path).cells] == ["1"]


def forget_outputs(path):
    """Clear the notebook at `path`: what it shows next, a run has made."""
    notebook = read(path)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    write(notebook, path)


def failed(cell):
    return any(output.output_type == "error" for output in cell.outputs)


def check(cells, stored, count):
    """Assert that `cells` gave what is `stored`, the last one as `count`."""
    pairs = zip(cells, stored, strict=True)
    for number, (cell, old) in enumerate(pairs, count - len(stored) + 1):
        where = f"in the cell that begins with {cell.source[:60]!r}"
        if "nbval-ignore-output" not in tags(cell):  # a figure differs each time
            assert outcome(cell) == outcome(old), where
        if old.execution_count:  # of a blank sheet `normalise` drops the numbers
            assert cell.execution_count == number, where
        assert not failed(cell) or "raises-exception" in tags(cell), where


def broken_images(page):
    """Return the addresses of the pictures that the page cannot show."""
    return page.evaluate(
        "[...document.images].filter(i => !i.naturalWidth).map(i => i.src)"
    )
