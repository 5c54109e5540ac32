"""Skips the cells that need what is missing here, and says why.

A plugin of pytest: pyproject.toml loads it for all tests and notebooks.
"""

import pytest

from tools.needs import lacks


def pytest_collection_modifyitems(items):
    """Skip the cells that need what is missing."""
    for item in items:
        cell = getattr(item, "cell", None)  # nbval's items have one
        if cell and (why := lacks(item.parent.nb, cell)):
            item.add_marker(pytest.mark.skip(reason=why))
