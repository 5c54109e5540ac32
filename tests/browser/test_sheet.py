"""Use a sheet of exercises as learners do, in JupyterLab: with an answer that is
broken, in another folder, with cells that were copied or moved."""

import pytest
from playwright.sync_api import expect

from tests.browser.lab import (  # noqa: F401
    browser_of_a_module,
    choose,
    opened,
    project_of_a_test,
    run_all,
    save,
)
from tools.sheets import of_role, role
from tools.workbook import code_cells, read, write

NAME = "01_call_a_flask_app.ipynb"
DONE = [f"Exercise {n}: done." for n in range(1, 8)]


def write_sheet(folder, to, **texts):
    """Write the sheet of the project in `folder` to `to`, both Paths, with right
    answers but for `texts`, such as answer_1. Return how many code cells it has."""
    solved = of_role(read(folder / "exercises/solutions" / NAME), "solution")
    sheet = read(folder / "exercises" / NAME)
    for n, cell in of_role(sheet, "solution").items():
        cell.source = texts.get(f"answer_{n}", solved[n].source)
    to.parent.mkdir(exist_ok=True)
    write(sheet, to)
    return len(code_cells(sheet))


def said(page, sheet):
    """Save the sheet; return what its checks and its last cell say, [str]."""
    save(page)
    *cells, count = code_cells(read(sheet))
    cells = [cell for cell in cells if role(cell) == "grade"] + [count]
    outputs = [[*cell.outputs, {}][0] for cell in cells]
    return [(o.get("text") or o.get("evalue") or "").strip() for o in outputs]


def test_run_all_goes_on_past_a_broken_answer(browser, project):
    sheet = project / "exercises" / NAME
    broken = "# Exercise 1\nprediction = [200, 405"
    count = write_sheet(project, sheet, answer_1=broken)
    with opened(sheet, browser, project.parent / "home") as page:
        run_all(page, count)
        first, *others = said(page, sheet)
        assert first.startswith("Exercise 1: your cell raised SyntaxError: ")
        assert others == [*DONE[1:], "6 of 7 exercises done. Still to do: 1."]


@pytest.mark.parametrize("folder", ["my", "exercises/old tries"])
def test_a_copy_in_a_folder_of_the_project_works(folder, browser, project):
    """Under another name, too."""
    sheet = project / folder / "Ada's sheet.ipynb"
    count = write_sheet(project, sheet)
    with opened(sheet, browser, project.parent / "home") as page:
        run_all(page, count)
        assert said(page, sheet) == [*DONE, "7 of 7 exercises done."]


def test_a_copy_elsewhere_says_where_it_runs(browser, project):
    """In its first cell, at which Run All stops; no answer is run."""
    sheet = project.parent / "elsewhere" / NAME
    write_sheet(project, sheet)
    with opened(sheet, browser, project.parent / "home") as page:
        choose(page, "Run", "Run All Cells")
        told = page.get_by_text("AssertionError: run this page in exercises/")
        expect(told).to_be_visible()
        save(page)
    setup, answer, *_ = code_cells(read(sheet))
    assert setup.outputs[0].evalue == "run this page in exercises/"
    assert not answer.execution_count and not answer.outputs


def test_a_cell_may_be_copied_and_moved(browser, project):
    """The answer that was run last counts, wherever it stands: here the copy of a
    wrong one, which is moved below the check and put right."""
    sheet = project / "exercises" / NAME
    wrong, right = "prediction = [7] * 5", "prediction = [1, 2, 1, 3, 3]"
    count = write_sheet(project, sheet, answer_2=f"# Exercise 2\n{wrong}")
    with opened(sheet, browser, project.parent / "home") as page:
        answer = page.locator(".jp-CodeCell", has_text=wrong)
        answer.locator(".jp-InputPrompt").click()
        page.keyboard.press("c")
        page.keyboard.press("v")
        expect(answer).to_have_count(2)
        choose(page, "Edit", "Move Cell Down")
        page.keyboard.press("Enter")
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.insert_text(f"# Exercise 2\n{right}")
        page.keyboard.press("Escape")
        run_all(page, count + 1)
        refused = said(page, sheet)[1]
        assert refused.startswith("Exercise 2: `prediction` is [7, 7, 7, 7, 7], and")
        page.locator(".jp-CodeCell", has_text='01", 2)').first.click()
        page.keyboard.press("Shift+Enter")
        expect(page.get_by_text("Exercise 2: done.")).to_be_visible()
        cells = code_cells(read(sheet))
        kept = [c.source.splitlines()[1] for c in cells if "# Exercise 2" in c.source]
        assert kept == [wrong, right]
