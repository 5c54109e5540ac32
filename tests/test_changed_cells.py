"""What the weekly and the monthly run report: tools/changed_cells.py; and
that tools/refresh.py goes on after a cell that fails."""

from importlib.metadata import version

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from tools import changed_cells, refresh, workbook
from tools.changed_cells import (
    CUT,
    LIMIT,
    changes,
    link,
    locked,
    part,
    report,
    versions,
)

ERROR = new_output("error", ename="KeyError", evalue="'tea'", traceback=[])
PICTURE = new_output("display_data", {"image/png": "iVBOR" * 99})

OTHER = new_output("display_data", {"image/png": "iVBOX" * 99})


def says(text, name="stdout"):
    return new_output("stream", text=text, name=name)


def cell(id, source="", *outputs, tags=()):
    return new_code_cell(
        source,
        id=id,
        outputs=[*outputs],
        metadata={"tags": [*tags]} if tags else {},
    )


def between(before, after):
    """The changes between a cell with the output `before` and one with
    `after`, each an output or None."""
    old, new = (
        new_notebook(cells=[cell("c1", "", *([output] if output else []))])
        for output in (before, after)
    )
    return dict(changes(old, new))


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (says("1\n2\n"), says("1\n3\n"), [" 1", "-2", "+3"]),
        (says("1\n"), ERROR, ["-1", "+KeyError: 'tea'"]),
        (says("1\n"), None, ["-1"]),
        (None, says("old\n", "stderr"), ["+stderr: old"]),
        (None, PICTURE, ["+image/png, 495 letters"]),
        (PICTURE, OTHER, ["(a picture, or colours)"]),
        (new_output("execute_result", {"text/plain": "1"}), ERROR, ["-1"]),
    ],
)
def test_a_changed_output_is_shown_old_and_new(before, after, lines):
    said = between(before, after)["c1"]
    assert [line for line in lines if line not in said] == [], said


def test_the_same_output_is_no_change():
    for output in says("1\n"), ERROR, PICTURE, None:
        assert between(output, output) == {}


def test_a_cell_that_is_gone_is_a_change():
    old = new_notebook(cells=[cell("c1", "", says("1\n")), cell("c2")])
    assert dict(changes(old, new_notebook(cells=[cell("c2")]))) == {
        "c1": ["-1", "+(no cell)"]
    }


def test_a_figure_may_differ_but_not_fail():
    tags = ["nbval-ignore-output"]
    old, other, failed = (
        new_notebook(cells=[cell("c1", "", output, tags=tags)])
        for output in (PICTURE, says("1\n"), ERROR)
    )
    assert dict(changes(old, other)) == {}
    assert "c1" in dict(changes(old, failed))


def test_a_long_output_is_cut():
    text = part("a.ipynb", "c1", ["+" + "x" * 10 * CUT])
    assert CUT < len(text) < CUT + 200
    assert f"... and {9 * CUT + 1} letters more" in text


def test_a_long_report_is_cut_and_says_so():
    found = [(f"{n}.ipynb", "c1", ["+" + "x" * CUT]) for n in range(99)]
    text = report("", found, [])
    shown = text.count("### ")
    assert LIMIT - 2 * CUT < len(text) < LIMIT + CUT
    assert f"**And {99 - shown} cells more**" in text
    assert text.startswith("Changed cells: 99, in notebooks: 99.")


def test_an_output_cannot_leave_its_block():
    text = part("a.ipynb", "c1", ["+````", "+# a title"])
    assert text.count("`````") == 2


def test_a_link_leads_to_the_commit_that_was_run(monkeypatch):
    for name, value in {
        "GITHUB_SERVER_URL": "https://host.example",
        "GITHUB_REPOSITORY": "ada/tea",
        "GITHUB_SHA": "abc",
    }.items():
        monkeypatch.delenv(name, raising=False)
        assert link("a.ipynb") == "[a.ipynb](a.ipynb)"
        monkeypatch.setenv(name, value)
    assert link("a.ipynb", "c1") == (
        "[c1](https://host.example/ada/tea/blob/abc/a.ipynb#cell-id=c1)"
    )


def test_versions():
    ours = version("flask")
    lock = f"flask=={ours} \\\n    --hash=sha256:0\nnbval==0.1 ; python_version > '3' \\\nnbval==0.2 ; python_version < '3' \\\nno-such==1\n"
    before = locked(lock)
    assert before == {"flask": ours, "nbval": "0.1", "no-such": "1"}
    assert [*versions(before).splitlines()[2:]] == [
        f"| nbval | 0.1 | {version('nbval')} |",
        "| no-such | 1 | not installed |",
    ]
    assert versions({"flask": ours}) == "No version is another one.\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A project with a notebook that has a new error, one that has
    changed, one with a cell that cannot run here, and one with another
    figure; a Path."""
    monkeypatch.setattr(workbook, "ROOT", tmp_path)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "lock").write_text("nbval==0.1 \\\n")
    for name, cells in {
        "01_error": [
            cell("c01-1", "print('same')", says("same\n")),
            cell("c01-2", "print({}['tea'])", says("1\n")),
            cell("c01-3", "print('not run')", says("kept\n")),
        ],
        "02_changed": [
            cell("c02-1", "print('new')", says("old\n")),
            cell("c02-2", "1 / 0", ERROR, tags=["raises-exception"]),
        ],
        "03_missing": [
            cell("c03-0", "tea = 1"),
            cell("c03-1", "tea", tags=["needs-no-such"]),
            cell("c03-2", "print('new')", says("old\n")),
        ],
        "04_figure": [cell("c04-1", "1", PICTURE, tags=["nbval-ignore-output"])],
    }.items():
        path = tmp_path / "notebooks" / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=cells), path)
    return tmp_path


def texts(folder):
    """The texts of the notebooks, {name: str}."""
    return {p.name: p.read_text() for p in folder.glob("notebooks/*")}


def run(folder, *arguments):
    """Run the tool; return its exit status and its report."""
    names = str(folder / "lock"), str(folder / "report.md")
    status = changed_cells.main([*arguments, *names])
    return status, (folder / "report.md").read_text()


def test_the_report_of_a_run(folder):
    before = texts(folder)
    status, text = run(folder)
    assert status == 1
    assert texts(folder) == before
    assert text.startswith("Changed cells: 4, in notebooks: 3.")
    for words in (
        "after it were not run: `KeyError: 'tea'`",
        "not all was run, no-such is not installed: its chapter says how",
        f"| nbval | 0.1 | {version('nbval')} |",
        "[c01-2](notebooks/01_error.ipynb#cell-id=c01-2)",
        "-1\n+KeyError: 'tea'",
        "-old\n+new",
        "-KeyError: 'tea'\n+ZeroDivisionError: division by zero",
    ):
        assert words in text
    assert "c01-1" not in text
    assert "c01-3" not in text


def test_what_passes_is_stored_if_asked(folder):
    before = texts(folder)
    status, _ = run(folder, "--store")
    after = texts(folder)
    assert status == 1
    same = {name for name in before if before[name] == after[name]}
    assert same == {*before} - {"02_changed.ipynb"}
    for name in "01_error", "03_missing":
        (folder / f"notebooks/{name}.ipynb").unlink()
    changed = folder / "notebooks/02_changed.ipynb"
    changed.write_text(before[changed.name])
    assert run(folder, "--store")[0] == 0
    status, text = run(folder)
    assert status == 0
    assert text.startswith("Changed cells: 0, in notebooks: 0.")


def test_refresh_goes_on_after_a_cell_that_fails(folder, capsys):
    before = texts(folder)
    names = [
        str(folder / "notebooks" / name)
        for name in ("01_error.ipynb", "02_changed.ipynb")
    ]
    assert refresh.main(names) == 1
    after = texts(folder)
    assert after["01_error.ipynb"] == before["01_error.ipynb"]
    assert '"new\\n"' in after["02_changed.ipynb"]
    said = capsys.readouterr().out
    assert "01_error.ipynb: left as it was" in said
    assert "02_changed.ipynb: c02-1, c02-2\n" in said
    assert "    -old\n    +new\n" in said
