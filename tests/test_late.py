"""A busy machine may act late: what a cell shows does not depend on it."""

import ast

import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.deploying import with_late_lines
from tools.needs import lacks
from tools.workbook import chapters, code_cells, execute, outcome, read

# Whoever waits gets no processor for a while, when it has come.
LATE = """
import time

in_time = wait_until

def wait_until(condition, seconds=20):
    in_time(condition, seconds)
    time.sleep({seconds})
"""
DEFINITIONS = ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign


def definitions(cell):
    """What a cell imports and defines, a str, without what it runs."""
    if ".bind(" in cell.source:
        return cell.source  # a port is held
    parts = [p for p in ast.parse(cell.source).body if isinstance(p, DEFINITIONS)]
    return "\n".join(map(ast.unparse, parts))


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("c09-34", 2.5), ("c09-62", 2.5), ("c10-56", 2.5), ("c11-65", 1.1)],
)
def test_a_cell_may_act_late(root, name, seconds):
    """Each of these once did something while a view of two seconds, or 40
    requests of a tenth, were on their way. (The last is late twice.)"""
    shows_the_same(root, name, LATE.format(seconds=seconds))


def shows_the_same(folder, name, more=""):
    """Run this cell in this folder, after what it needs of the cells before
    it, and `more`: its output is the stored one."""
    (path,) = (p for p in chapters() if p.name.startswith(name[1:3]))
    notebook = read(path)
    code = code_cells(notebook)
    (cell,) = (c for c in code if c.id == name)
    if why := lacks(notebook, cell):
        pytest.skip(why)
    before = [definitions(c) for c in code[: code.index(cell)]]
    before.append(more)
    stored = outcome(cell)
    tags = {"tags": ["raises-exception"]}  # as one of these cells does
    cells = [new_code_cell(text, metadata=tags) for text in before]
    execute(new_notebook(cells=[*cells, cell]), folder)
    assert outcome(cell) == stored


def test_a_thread_may_log_late(root, tmp_path, monkeypatch):
    folder = with_late_lines(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(root))  # of the kernel alone
    shows_the_same(folder, "c12-74")
