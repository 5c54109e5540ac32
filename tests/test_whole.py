"""Whoever picks cells, or shuffles them: each runs after those above it."""

import re

import pytest

from tests.helpers import NBVAL, run_pytest, write

pytest_plugins = "pytester"  # runs pytest within this process
CELLS = (
    "seen = [0]",
    "seen.append(1)\nassert seen == [0, 1]",
    "seen.append(2)\nassert seen == [0, 1, 2]",
    "seen.append(3)\nassert seen == [0, 1, 2, 3]",
)
# A plugin that shuffles, as others do: early, late, or around them all. The
# last cells of both notebooks come first.
SHUFFLE = """
import pytest

@pytest.hookimpl({how})
def pytest_collection_modifyitems(items):
    result = {others}
    items.sort(key=lambda item: item.name, reverse=True)
    return result
"""


@pytest.fixture
def folder(pytester):
    """A folder with two notebooks and a test."""
    write(pytester.path, "one", CELLS)
    write(pytester.path, "two", CELLS)
    (pytester.path / "test_three.py").write_text("def test(): pass\n")
    pytester.syspathinsert()
    return pytester.path


@pytest.fixture
def said(folder, pytester):
    """A function of options: what pytest prints of the folder, a str."""

    def run(*options):
        options = "-p", "tests.whole", *NBVAL, *options
        return str(pytester.runpytest_inprocess(*options).stdout)

    return run


@pytest.fixture
def listed(said):
    """A function of options: the cells that would run, such as "one 0", in
    order, a list of str."""

    def names(*options):
        found = said("--collect-only", "-q", *options)
        return re.findall(r"(?m)^(\w+)\.ipynb::Cell( \d)$", found)

    return names


def cells(name, number):
    """The first so many cells of a notebook, as they are listed."""
    return [(name, f" {n}") for n in range(number)]


@pytest.mark.parametrize(
    ("options", "number"),
    [
        (["one.ipynb::Cell 2"], 3),
        (["one.ipynb::Cell 3", "one.ipynb::Cell 1"], 4),
        (["-k", "one and (3 or 1)"], 4),
        (["one.ipynb", "--deselect", "one.ipynb::Cell 0"], 4),
        (["one.ipynb", "--deselect", "one.ipynb::Cell 3"], 3),
    ],
)
def test_what_is_picked_runs_with_what_it_needs(listed, options, number):
    assert listed(*options) == cells("one", number)


@pytest.mark.parametrize("how", ["tryfirst=True", "trylast=True", "wrapper=True"])
def test_what_is_shuffled_is_put_in_order(folder, listed, how):
    others = "yield" if "wrapper" in how else None
    (folder / "shuffle.py").write_text(SHUFFLE.format(how=how, others=others))
    shuffled = listed("-p", "shuffle")
    both = cells("one", 4), cells("two", 4)
    assert shuffled in ([*both[0], *both[1]], [*both[1], *both[0]])


def test_what_failed_is_green_once_it_is_mended(folder, said, listed):
    """Which it was not as long as a cell ran without those above it."""
    write(folder, "one", [*CELLS[:2], "1 / 0", CELLS[3]])
    came = said("-x")
    assert " 1 failed, 2 passed" in came, came
    assert listed("--lf") == cells("one", 3)
    assert listed("--ff") == cells("one", 4) + cells("two", 4)
    assert listed("--sw") == cells("one", 4) + cells("two", 4)
    write(folder, "one", CELLS)
    came = said("--lf")
    assert " 3 passed" in came, came
    assert "with 2 cells that those below them need" in came
    assert len(listed("--lf")) == 8, "nothing is called a failure"


def test_several_processes_add_what_is_needed(folder):
    options = "-p", "tests.spread", "-n", "2", "-k", "2"
    said = run_pytest(folder, "tests.whole", *options)
    assert " 6 passed" in said, said


def test_what_will_run_is_not_called_deselected(said):
    came = said("--collect-only", "-k", "one and 2")
    assert "9 items / 6 deselected / 3 selected" in came, came


def test_a_cell_that_is_added_is_skipped_where_it_must_be(folder, said):
    """By tests/skip.py, which did not see it among those picked."""
    write(folder, "one", CELLS[:2], "needs-no-such-command")
    options = "-p", "tests.skip", "-rs", "one.ipynb::Cell 1"
    came = said(*options)
    assert " 2 skipped" in came and "no-such-command" in came, came
