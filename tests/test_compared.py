"""A run notes what it has compared, and nothing else."""

import platform
from datetime import date

import pytest

from tests.compared import digest, note
from tests.helpers import run_pytest, write
from tools.workbook import read
from tools.workbook import write as store

pytest.importorskip("gunicorn", reason="gunicorn is not installed")
CELLS = "a = 1", "assert a", "b = a"


@pytest.fixture
def noted(tmp_path):
    """A function that runs pytest with options on the folder of a test;
    returns the names of the notebooks that are noted then."""
    (tmp_path / "pytest.ini").touch()
    write(tmp_path, "one", CELLS)
    write(tmp_path, "two", CELLS)

    def run(*options):
        run_pytest(tmp_path, "tests.compared", *options)
        return sorted(note(tmp_path))

    return run


@pytest.mark.parametrize("options", [(), ("-p", "tests.spread", "-n", "2")])
def test_a_notebook_that_is_compared_whole_is_noted(noted, tmp_path, options):
    assert noted(*options) == ["one.ipynb", "two.ipynb"]
    found = note(tmp_path)["one.ipynb"]
    assert found["file"] == digest(tmp_path / "one.ipynb")
    assert found["day"] <= date.today().isoformat()
    assert found["python"] == platform.python_version()
    assert found["skipped"] == 0


def test_a_part_is_not_noted_and_a_failure_ends_the_note(noted, tmp_path):
    assert noted("one.ipynb::Cell 0", "one.ipynb::Cell 1") == []
    assert noted("--collect-only") == []
    assert noted("one.ipynb") == ["one.ipynb"]
    write(tmp_path, "one", ["a = 0", *CELLS[1:]])
    assert noted() == ["two.ipynb"]


def test_what_is_skipped_is_counted(noted, tmp_path):
    write(tmp_path, "one", CELLS, "needs-no-such-command")  # all of them
    path = tmp_path / "two.ipynb"
    notebook = read(path)
    notebook.cells[2].metadata.tags = ["needs-no-such-command"]
    store(notebook, path)
    assert noted("-p", "tests.skip") == ["two.ipynb"]
    assert note(tmp_path)["two.ipynb"]["skipped"] == 1
