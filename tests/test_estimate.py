"""How long a page takes: tools/estimate.py."""

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pytest import approx

from tools import estimate
from tools.sheets import BEGIN, END
from tools.workbook import NOTEBOOKS, SOLUTIONS

FOLDED = {"jupyter": {"source_hidden": True}}
ANSWER = f"given = 1\n{BEGIN}\na = 1\nb = 2\n{END}\n"


def of(*cells):
    return estimate.estimate(new_notebook(cells=cells))


def test_each_part_counts():
    assert of(new_markdown_cell("tea " * 360)) == approx(2)
    assert of(new_markdown_cell("*Predict*")) == approx(0.75 + 1 / 180)
    assert of(new_code_cell("a\n\nb\nc\n")) == approx(0.25 + 3 / 6)
    assert of(new_code_cell("import os", metadata=FOLDED)) == 0


def test_an_answer_takes_longer_than_to_read_it():
    assert of(new_code_cell(ANSWER)) == approx(0.25 + 3 / 6 + 2 * 2)


def test_it_speaks_of_chapters_and_sheets(capsys):
    name = "07_run_gunicorn.ipynb"
    estimate.main([NOTEBOOKS / name, SOLUTIONS / name])
    chapter, sheet = capsys.readouterr().out.splitlines()
    assert chapter.startswith(f"notebooks/{name} ") and "says" in chapter
    assert sheet.startswith(f"exercises/solutions/{name} ")
