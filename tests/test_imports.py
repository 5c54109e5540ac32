"""Who may import whom: each module by its one name, no test from another."""

import ast
import re

import pytest

from tools.tracked import tracked
from tools.workbook import ROOT

# Written so that this file has none of what it looks for.
TRICKS = r"\bsys\.[p]ath\b"
PLACES = "classroom", "tests", "tools"


def sources():
    """The Python files of PLACES that git keeps, a list of Path."""
    files = tracked() or pytest.skip("these files are not in git")
    return [
        path
        for path in files
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PLACES
    ]


def tricks(text):
    """The places where a text changes what can be imported, a list."""
    return re.findall(TRICKS, text)


def imported_tests(text):
    """The tests that a Python text imports, a list of names."""
    names = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            names += [f"{module}.{alias.name}" for alias in node.names]
    return [n for n in names if re.search(r"(^|\.)test_(?!all\b)", n)]


def test_no_file_changes_where_imports_look():
    """Tools are run as modules, from the folder of the project. Only a fork
    that stands for a new Python looks where that would look."""
    found = [path.name for path in sources() if tricks(path.read_text("utf-8"))]
    assert found == ["forking.py"], "run it as a module: python -m tools.NAME"


def test_no_test_imports_another():
    found = {
        path.name: names
        for path in sources()
        if (names := imported_tests(path.read_text("utf-8")))
    }
    assert not found, "what two tests need has a file of its own"


def test_both_can_be_found():
    assert tricks("sys.pa" + "th.insert(0, 'x')")
    assert imported_tests("from test_a import b") == ["test_a.b"]
    assert imported_tests("import tests.test_a") == ["tests.test_a"]
    assert imported_tests("from tests import test_a") == ["tests.test_a"]
    assert not imported_tests("from tests.windows import environment")
    assert not imported_tests("from tools import test_all")


def test_one_module_reads_notebooks():
    """So that all mean the same by what a notebook says."""
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if re.search(r"\bnbformat\.[r]ead", path.read_text("utf-8"))
    ]
    assert readers == ["tools/workbook.py"]
