"""The house: a calm hall with a map, rooms of a size, and no circles."""

import ast
import re
from graphlib import TopologicalSorter

import pytest

from tools.sheets import role
from tools.tracked import tracked
from tools.workbook import ROOT, code_cells, name_of, read, sheets

MOST = 25  # more is not a hall any more, but a store


def entries():
    """The names at the top level that git keeps; a set of str."""
    files = tracked() or pytest.skip("these files are not in git")
    return {path.relative_to(ROOT).parts[0] for path in files}


def test_the_map_names_each_entry():
    """A folder with a slash at its end; and nothing else."""
    readme = (ROOT / "README.md").read_text("utf-8")
    part = readme.partition("## What is where\n")[2]
    firsts = re.findall(r"(?m)^\| (`.*?) \|", part)
    named = [name for cell in firsts for name in re.findall("`(.+?)`", cell)]
    there = {f"{name}/" if (ROOT / name).is_dir() else name for name in entries()}
    assert sorted(named) == sorted(there)


def test_the_hall_is_calm():
    """A language is not counted: its rooms are those of the English."""
    languages = {path.parent.name for path in ROOT.glob("*/edition.toml")}
    assert len(entries() - languages) <= MOST


@pytest.mark.parametrize(
    ("pattern", "lines"),
    [("small_server/*.py", 150), ("exercises/checking.py", 300)],
)
def test_a_file_can_be_read_to_its_end(pattern, lines):
    paths = [*ROOT.glob(pattern)]
    assert paths
    for path in paths:
        assert len(path.read_text("utf-8").splitlines()) <= lines, path.name


@pytest.mark.parametrize("path", sheets(), ids=name_of)
def test_a_sheet_shows_little_code_but_answers(path):
    for cell in code_cells(read(path)):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 6 or role(cell) == "solution", cell.id


def test_a_screenshot_is_small_and_can_be_taken_again():
    script = (ROOT / "tools/screenshots.py").read_text("utf-8")
    paths = [*ROOT.glob("notebooks/img/*.png")]
    assert paths
    for path in paths:
        assert path.stat().st_size <= 60_000, f"{path.name}: take less of the page"
        assert f'"{path.stem}")' in script, f"{path.name}: no script takes it"


def imports(path, package):
    """The modules of a package that a file imports, a set of str."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level or module.split(".")[0] == package:
                found.add(module.rpartition(".")[2])
    return found


@pytest.mark.parametrize("package", ["small_server", "exercises", "tools"])
def test_no_file_imports_one_that_imports_it(package):
    """TopologicalSorter raises CycleError where there is a circle."""
    paths = [*ROOT.glob(f"{package}/*.py")]
    graph = {path.stem: imports(path, package) for path in paths}
    order = [*TopologicalSorter(graph).static_order()]
    assert len(order) >= len(paths) and any(graph.values())


def sources():
    """The text of each Python file and of each cell with code, by name."""
    for path in tracked() or pytest.skip("these files are not in git"):
        if path.suffix == ".py":
            yield name_of(path), path.read_text("utf-8")
        elif path.suffix == ".ipynb":
            for cell in code_cells(read(path)):
                yield f"{name_of(path)} {cell.id}", cell.source


def test_no_path_stands_in_quotes_of_ours():
    """The folder of the project may be `Ada's`: shlex.quote knows how."""
    path = r"""'[^'"\n]*\{(?:os\.getcwd\(\)|nginx|ROOT)\}'"""
    assert not [name for name, text in sources() if re.search(path, text)]
