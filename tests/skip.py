"""Skips the cells that need what is missing here, and says why.

A plugin of pytest: pyproject.toml loads it for all tests and notebooks.
"""

import pytest

from tools.needs import lacks


def pytest_itemcollected(item):
    """Skip a cell that needs what is missing."""
    cell = getattr(item, "cell", None)  # nbval's items have one
    if cell and (why := lacks(item.parent.nb, cell)):
        item.add_marker(pytest.mark.skip(reason=why))
