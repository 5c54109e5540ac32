"""Notes which notebooks a run has compared whole: `make site` says when.

A plugin of pytest: pyproject.toml loads it for all tests and notebooks. The
note is in .pytest_cache. It has a notebook of which each cell has passed, or
was skipped for what is missing here; and none any more of which one fails.
"""

import hashlib
import json
import platform
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

KEY = "workbook/compared"


def note(root):
    """What is noted in the project at `root`, {notebook: {name: value}}."""
    path = Path(root, ".pytest_cache/v", KEY)
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def digest(path):
    """By which the file at `path` is known again, a str."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pytest_configure(config):
    """Note what happens, in the process that sees it all. But not where there
    is no Gunicorn: a page says with which one it was compared."""
    sees_all = not hasattr(config, "workerinput") and hasattr(config, "cache")
    if sees_all and find_spec("gunicorn"):
        config.pluginmanager.register(Compared(config))


class Compared:
    """Sees how each cell ends."""

    def __init__(self, config):
        self.config = config
        self.files = {}  # {notebook: digest, when it was read}
        self.cells = {}  # {notebook: {cell: "passed", "skipped" or "failed"}}

    def pytest_collection_finish(self, session):
        self.collected(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids):
        self.collected(ids)

    def collected(self, ids):
        """Take note of the notebooks among the tests, `ids`."""
        for name in {id.partition("::")[0] for id in ids} - {*self.files}:
            if name.endswith(".ipynb"):
                self.files[name] = digest(self.config.rootpath / name)

    def pytest_runtest_logreport(self, report):
        """A cell fails also where only its begin or its end does."""
        name = report.nodeid.partition("::")[0]
        if name in self.files and (report.when == "call" or not report.passed):
            cells = self.cells.setdefault(name, {})
            if cells.get(report.nodeid) != "failed":
                cells[report.nodeid] = report.outcome

    def pytest_sessionfinish(self):
        """Write the note."""
        known = self.config.cache.get(KEY, {})
        for name, cells in self.cells.items():
            outcomes = [*cells.values()]
            if "failed" in outcomes:
                known.pop(name, None)
            elif "passed" in outcomes and len(outcomes) == self.count(name):
                known[name] = {
                    "file": self.files[name],
                    "day": date.today().isoformat(),
                    "python": platform.python_version(),
                    "flask": version("flask"),
                    "gunicorn": version("gunicorn"),
                    "skipped": outcomes.count("skipped"),
                }
        if self.cells:
            self.config.cache.set(KEY, known)

    def count(self, name):
        """How many cells of code a notebook has."""
        text = (self.config.rootpath / name).read_text("utf-8")
        return [c["cell_type"] for c in json.loads(text)["cells"]].count("code")
