"""The top level: few entries, and the README's map names each of them."""

import re
from pathlib import Path

import pytest

from tools.tracked import tracked

ROOT = Path(__file__).resolve().parent.parent
MOST = 24  # more is not a hall any more, but a store


def entries():
    """The names at the top level that git keeps; a set of str."""
    files = tracked() or pytest.skip("these files are not in git")
    return {path.relative_to(ROOT).parts[0] for path in files}


def test_the_map_names_each_entry():
    """A folder with a slash at its end; and nothing else."""
    readme = (ROOT / "README.md").read_text("utf-8")
    part = readme.partition("## What is where\n")[2]
    firsts = re.findall(r"(?m)^\| (`.*?) \|", part)
    named = [
        name for cell in firsts for name in re.findall("`(.+?)`", cell)
    ]
    there = {
        f"{name}/" if (ROOT / name).is_dir() else name
        for name in entries()
    }
    assert sorted(named) == sorted(there)


def test_the_hall_is_calm():
    assert len(entries()) <= MOST
