"""The sheets of exercises: blanks wait, solutions pass, their form is kept.
nbval runs the sheets, so what is stored in them is what happens."""

import copy
import re
import runpy
from functools import cache
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_notebook, new_output

from tools import build_exercises, check, sheets, workbook
from tools.sheets import (
    CHECK,
    SETUP,
    STUB,
    bad_form,
    bad_needs,
    bad_outputs,
    blank_of,
    cleared,
    of_role,
    role,
)
from tools.workbook import BLANKS, ROOT, SOLUTIONS, code_cells, name_of

SOLVED = sorted(SOLUTIONS.glob("*.ipynb"))
SHEETS = workbook.sheets()
CHECKS = SOLUTIONS.parent / "checks"
read = cache(workbook.read)


def test_each_blank_has_its_solution():
    names = [path.name for path in SHEETS]
    assert names and all(names.count(name) == 2 for name in names)


@pytest.mark.parametrize("path", SOLVED, ids=name_of)
def test_blank_is_fresh(path):
    found = list(sheets.stale(BLANKS / path.name))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_each_check_waits_in_the_blank_and_accepts_the_solution(path):
    found = list(bad_outputs(read(path), path.parent == SOLUTIONS))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_form_of_a_sheet(path):
    found = list(bad_form(read(path), path.parent))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_the_count_needs_what_the_checks_need(path):
    found = list(bad_needs(read(path)))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", SOLVED, ids=name_of)
def test_each_exercise_is_written_and_has_its_wrong_answers(path):
    found = list(sheets.unwritten(read(path), path))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", SHEETS, ids=name_of)
def test_style_of_a_sheet(path):
    found = check.of_notebook(read(path), path)
    assert not found, "\n".join(found)


def test_the_shop_that_sheet_12_shows_is_the_one_that_is_served():
    (sheet,) = (path for path in SOLVED if path.name.startswith("12_"))
    shop = (CHECKS / "served/12_1/shop.py").read_text("utf-8")
    shown = f"```python\n{shop}```"
    assert any(shown in cell.source for cell in read(sheet).cells)


# The blank, and what nbgrader would hand out.


def test_cleared():
    source = "def f():\n    x = 1\n    ### BEGIN SOLUTION\n    x = 2\n\n"
    blank = "def f():\n    x = 1\n    pass  # Write your answer here."
    assert cleared(source + "    ### END SOLUTION") == blank
    end = "    ### END SOLUTION\n"
    for bad, mark in {
        source: "END",
        source + source: "END",
        "x = 1": "BEGIN",
        end: "BEGIN",
        source + end + end: "BEGIN",
    }.items():
        with pytest.raises(ValueError, match=f"lacks `### {mark} SOLUTION`"):
            cleared(bad)


def test_no_answer_leaks():
    solved = read(SOLVED[0])
    for old, new in zip(solved.cells, blank_of(solved).cells, strict=True):
        assert "SOLUTION" not in new.source
        assert (role(old) == "solution") == (STUB in new.source)


def test_nbgrader_has_our_stub():
    """And our words for where a solution begins and ends, which are its
    own without a setting."""
    settings = {
        name: SimpleNamespace()
        for name in (
            "CourseDirectory",
            "ClearSolutions",
            "ExecutePreprocessor",
            "Autograde",
        )
    }
    config = ROOT / "classroom/grading/nbgrader_config.py"
    runpy.run_path(str(config), {"get_config": lambda: SimpleNamespace(**settings)})
    assert vars(settings["ClearSolutions"]) == {"code_stub": {"python": STUB}}


def test_a_stale_blank_is_found(tmp_path, monkeypatch):
    """When the solved sheet has changed, or is gone."""
    source = SOLVED[0]
    monkeypatch.setattr(sheets, "SOLUTIONS", tmp_path)
    monkeypatch.setattr(sheets, "name_of", lambda path: path.name)
    assert "has no solution" in next(sheets.stale(BLANKS / source.name))
    changed = copy.deepcopy(read(source))
    workbook.write(changed, tmp_path / source.name)
    assert not list(sheets.stale(BLANKS / source.name))
    changed.cells[0].source += "More."
    workbook.write(changed, tmp_path / source.name)
    (fault,) = sheets.stale(BLANKS / source.name)
    assert fault.endswith("is stale: edit the one in solutions/, run `make exercises`")
    answer = of_role(changed, "solution")[2]
    answer.source = answer.source.replace("### END", "###")
    workbook.write(changed, tmp_path / source.name)
    (fault,) = sheets.stale(BLANKS / source.name)
    assert "'# Exercise 2' lacks `### END SOLUTION`" in fault
    assert fault.partition("the answer")[2] in "".join(
        sheets.unwritten(changed, source)
    )


def test_only_a_solved_sheet_can_be_built(capsys, monkeypatch):
    monkeypatch.setattr(build_exercises, "build", None)
    for path in BLANKS / SOLVED[0].name, BLANKS.parent / "notebooks/tea.ipynb":
        assert build_exercises.main([path]) == 1
        said = capsys.readouterr().out
        assert said.startswith(f"{name_of(path)}: this is made;")
        assert said.endswith(f"name exercises/solutions/{path.name}.\n")


def test_a_diff_changes_each_line_that_it_names():
    diff = "-two\n+2\n+and a half\n\n-four\n"
    assert sheets.changed("one\ntwo\nthree\nfour\n", diff) == (
        "one\n2\nand a half\nthree\n"
    )


@pytest.mark.parametrize(
    ("diff", "words"),
    [
        ("+zero\n-one\n+1\n", "follows no `-`, and is lost: '+zero'"),
        ("-one\n two\n+1\n", "follows no `-`, and is lost: ' two'"),
        ("-five\n+5\n", "does not have this once: 'five\\n'"),
    ],
)
def test_a_diff_loses_no_line(diff, words):
    """What would be added to no place, or be passed over, is an error."""
    with pytest.raises(ValueError, match=re.escape(words)):
        sheets.changed("one\ntwo\nthree\nfour\n", diff)


# Each fault is found.


def with_outputs(cell, outputs):
    cell = nbformat.from_dict({**cell, "outputs": outputs})
    return new_notebook(cells=[cell])


def test_bad_outputs_are_found():
    """A check that passes on the blank, one that waits on the solution, an
    error anywhere, a warning, a check that says nothing."""
    solved, blank = read(SOLVED[0]), read(BLANKS / SOLVED[0].name)
    checks = len(of_role(solved, "grade"))
    assert len(list(bad_outputs(solved, solved=False))) == checks
    assert len(list(bad_outputs(blank, solved=True))) == checks
    error = new_output("error", ename="E", evalue="e", traceback=["E: e"])
    warning = new_output("stream", text="Beware!", name="stderr")
    for cell in code_cells(blank):
        graded = role(cell) == "grade"
        broken = with_outputs(cell, [error])
        (fault,) = bad_outputs(broken, solved=True)  # and it does not "say" it
        assert fault.endswith("fails: E: e")
        for output in error, warning:
            broken = with_outputs(cell, [output])
            assert list(bad_outputs(broken, solved=False))
            assert list(bad_outputs(broken, solved=True))
        mute = with_outputs(cell, [])
        assert bool(list(bad_outputs(mute, solved=True))) == graded
        assert bool(list(bad_outputs(mute, solved=False))) == graded


def test_what_is_stored_and_wrong_is_run_again():
    sheet = copy.deepcopy(read(SOLVED[0]))
    of_role(sheet, "grade")[2].outputs = []
    (fault,) = check.of_notebook(sheet, SOLVED[0])
    assert fault.endswith("says []: mend it, and run `make exercises`")


SHEET = read(SOLVED[0])
HEAD = SHEET.cells[0].source
FAULTS = [  # the cell of the good sheet, and what is wrong with it
    ("e01-01", {"source": "# Exercises\n\n*Why?*\n\nAbout 40 minutes."}),
    ("e01-01", {"source": "# Exercises 01: a b\n\n*Why?*\n\nNo time."}),
    ("e01-01", {"source": "# Exercises 01: a b\n\nAbout 40 minutes."}),
    ("e01-01", {"source": HEAD.replace("even exercises", "our exercises")}),
    ("e01-01", {"source": HEAD.replace("even exercises", " exercises")}),
    ("e01-01", {"source": HEAD.replace("ipynb). About", "ipynb), and a shop. About")}),
    ("e01-01", {"source": HEAD.replace("checks/sheet_01", "nowhere")}),
    ("e01-01", {"source": HEAD.replace("an estimate, for somebody", "short, if one")}),
    ("e01-20", {"source": "## What comes next\n\nExercises 02."}),
    ("e01-02", {"source": "import os"}),
    ("e01-02", {"source": SETUP + "\nhere = os.getcwd()"}),
    ("e01-03", {"source": "## 2. Predict: four requests"}),
    ("e01-03", {"source": "No heading."}),
    ("e01-06", {"source": "## 2. Predict: no hint\n\nText."}),
    ("e01-06", {"source": "<details>No.</details>\n\n## 2. Predict: x"}),
    (
        "e01-06",
        {"source": "[x](nowhere.md)<details>?</details>\n\n## 2. "},
    ),
    ("e01-answer-1", {"metadata": {}}),
    ("e01-answer-1", {"source": "prediction = 1"}),
    ("e01-answer-1", {"source": "# Exercise 1\n" + "x" * 76}),
    ("e01-check-1", {"metadata": {}}),
    ("e01-check-1", {"source": "1 / 2"}),
    ("e01-check-2", {"source": CHECK.format("01", 3)}),
    ("e01-check-2", {"source": CHECK.format("02", 2)}),
    ("e01-19", {"source": "from exercises.checking import count"}),
]


def test_a_good_sheet_has_no_fault():
    assert not check.of_notebook(SHEET, SOLVED[0])


@pytest.mark.parametrize(("id", "fault"), FAULTS)
def test_each_fault_of_a_sheet_is_found(id, fault):
    sheet = copy.deepcopy(SHEET)
    cell = next(cell for cell in sheet.cells if cell.id == id)
    cell.update(nbformat.from_dict(fault))
    assert list(bad_form(sheet, SOLUTIONS))


def test_of_a_heading_of_no_kind_one_fault_is_found():
    sheet = copy.deepcopy(SHEET)
    cell = next(cell for cell in sheet.cells if "## 1. Predict: " in cell.source)
    cell.source = cell.source.replace("## 1. Predict: ", "## 1. Alter: ")
    (fault,) = bad_form(sheet, SOLUTIONS)
    assert fault == (
        "the heading of exercise 1 begins with none of Predict, Change, Build"
    )


@pytest.mark.parametrize("mark", ["locked", "points", "grade_id"])
def test_each_fault_of_the_marks_is_found(mark):
    sheet = copy.deepcopy(SHEET)
    cell = next(cell for cell in sheet.cells if cell.id == "e01-check-3")
    cell.metadata.nbgrader[mark] = {"grade_id": "test-3"}.get(mark, 0)
    assert list(bad_form(sheet, SOLUTIONS))


def test_needs_that_the_count_lacks_are_found():
    sheet = copy.deepcopy(SHEET)
    of_role(sheet, "grade")[2].metadata["tags"] = ["needs-tea"]
    (found,) = bad_needs(sheet)
    assert "needs-tea" in found


def test_what_is_not_written_is_found(tmp_path, monkeypatch):
    """A TODO, what goes past `say`, another title, an exercise that nobody
    judges, too few wrong answers."""
    path = SOLVED[0]
    for name, source in {
        "CHECKS": sheets.judge_of(path),
        "WRONG": sheets.wrong_of(path),
    }.items():
        text = source.read_text("utf-8")
        text = text.replace("def exercise_2(", "def exercise_0(")
        text = text.replace("## 3. ", "## 7. ", 1)
        text = re.sub(r'''"""Change: .*."""''', '"""Change: tea."""', text, count=1)
        text = re.sub(r'say\(("[^"]*\?")\)', r"\1", text, count=1)
        (tmp_path / source.name).write_text(text, "utf-8")
        monkeypatch.setattr(sheets, name, tmp_path)
    monkeypatch.setattr(sheets, "name_of", lambda path: path.name)
    sheet = copy.deepcopy(read(path))
    sheet.cells[0].source += "\n\nTODO: more."
    todo, unsaid, judge, title, *wrong = sheets.unwritten(sheet, path)
    assert "has a TODO" in todo
    assert "?' goes past `say`" in unsaid
    assert "has the title 'Change: tea.', the sheet 'Change: " in title
    assert "exercise_2 is not written" in judge
    assert len(wrong) <= 1  # there may have been five
    (tmp_path / sheets.judge_of(path).name).write_text("def")
    assert "no Python: mend line 1" in [*sheets.unwritten(sheet, path)][-1]
    (tmp_path / sheets.judge_of(path).name).unlink()
    monkeypatch.setattr(sheets, "KEPT", 99)
    few = [f for f in sheets.unwritten(sheet, path) if "keep 99" in f]
    assert len(few) == len(of_role(sheet, "grade"))
