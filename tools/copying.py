"""Copy the project, without what was made in this folder alone."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def copy_project(target, *others):
    """Copy the project to `target`, a Path where nothing is yet.

    What git ignores is left out, wherever it lies, and git's own folder,
    and what has one of these `other` names. Returns `target`.
    """
    ignored = (ROOT / ".gitignore").read_text().split()
    names = [".git", *(Path(line).name for line in ignored), *others]
    ignore = shutil.ignore_patterns(*names)
    return shutil.copytree(ROOT, target, ignore=ignore)
