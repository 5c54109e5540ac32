"""A copy of the project, for a learner or a browser."""

import shutil

import pytest

from tools import copying


@pytest.fixture
def project(root, tmp_path, monkeypatch):
    """A small project with what is made in its folder, a Path."""
    project = tmp_path / "project"
    for name in (
        *(".git/HEAD", ".venv/bin/python", "reports/links.md"),
        *("Makefile", "notebooks/__pycache__/a.pyc", "notebooks/a.py"),
        *("classroom/hub/node_modules/a/a.js", "exercises/wrong/a.md"),
    ):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).touch()
    shutil.copy(root / ".gitignore", project)
    monkeypatch.setattr(copying, "ROOT", project)
    return project


def files_of(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in files}


def test_what_git_ignores_is_not_copied(project, tmp_path):
    copy = copying.copy_project(tmp_path / "copy")
    expected = {".gitignore", "Makefile"}
    expected |= {"notebooks/a.py", "exercises/wrong/a.md"}
    assert files_of(copy) == expected


def test_a_copy_without_what_tells_all(project, tmp_path):
    copy = copying.copy_project(tmp_path / "copy", "wrong", "Makefile")
    assert files_of(copy) == {".gitignore", "notebooks/a.py"}
