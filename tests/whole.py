"""With each cell, those above it in its notebook run first: it needs them.

A plugin of pytest: pyproject.toml loads it for all tests and notebooks.
Some options and plugins pick cells (-k, --lf, a cell's name), some shuffle
them (--ff, pytest-randomly). After all these, this one mends the list.
"""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """Register Whole after all others: what it does last is the last."""
    config.pluginmanager.register(Whole(config))


class Whole:
    """Puts the cells of each notebook together, and in order."""

    def __init__(self, config):
        self.config, self.added = config, 0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items):
        """Let the others pick and shuffle; then mend the list."""
        there = {}  # {notebook: {number of a cell: cell}}
        for item in filter(is_cell, items):
            there.setdefault(item.parent, {})[item.cell_num] = item
        result = yield
        last = {}  # {notebook: number of the last cell that was picked}
        for item in filter(is_cell, items):
            number = max(item.cell_num, last.get(item.parent, 0))
            last[item.parent] = number
        mended = []
        for item in items:
            if not is_cell(item):
                mended.append(item)
            elif item.parent in last:
                cells = there[item.parent]
                mended += cells_up_to(last.pop(item.parent), item.parent, cells)
        self.added = len(mended) - len(items)
        items[:] = mended
        self.count_again({*mended})
        return result

    def count_again(self, tests):
        """Do not call those of `tests`, a set, deselected that will run."""
        terminal = self.config.pluginmanager.getplugin("terminalreporter")
        if terminal:  # a process of pytest-xdist has none
            out = terminal.stats.get("deselected", [])
            out[:] = [test for test in out if test not in tests]

    def pytest_report_collectionfinish(self):
        """Say how many cells run that nobody picked."""
        if self.added:
            return f"with {self.added} cells that those below them need"


def is_cell(item):
    """Whether a test is a cell of a notebook."""
    return hasattr(item, "cell_num")


def cells_up_to(last, notebook, there):
    """The cells of a notebook up to the one with the number `last`, a list.

    `there` has some of them, {number: cell}, and gets the others.
    """
    if any(number not in there for number in range(last)):
        for cell in notebook.collect():
            if cell.cell_num not in there:
                there[cell.cell_num] = cell
                cell.ihook.pytest_itemcollected(item=cell)  # as pytest does
    return [there[number] for number in range(last + 1)]
