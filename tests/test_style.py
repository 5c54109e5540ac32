"""The pages keep the style: no fault of tools/style.py is in the workbook,
and each kind of fault is found. No cell is run."""

import re
import shutil
import subprocess
import sys
from functools import cache

import nbformat
import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tools import check, style, workbook
from tools.check import bad_image, bad_rows, bad_size, compared
from tools.copying import copy_project
from tools.style import (
    HEAD,
    LINES,
    OF_ALL,
    OF_CHAPTERS,
    OUTPUT,
    WIDTH,
    bad_links,
    closes_with_what_comes_next,
    errors_are_meant,
    figures_are_described,
    fits_the_page,
    has_no_warnings,
    ids_are_unique,
    ignores_only_what_an_assert_checks,
    is_executed_in_order,
    is_plain_python,
    is_safe,
    is_written,
    links_lead_somewhere,
    lost_chapters,
    metadata_is_normal,
    names_chapters_that_exist,
    names_no_machine,
    opens_with_its_head,
    outputs_do_not_vary,
    prints_in_one_piece,
    says_what_it_needs,
    shows_its_values,
    shows_things,
    speaks_between_cells,
)
from tools.tracked import tracked
from tools.workbook import METADATA, NOTEBOOKS, ROOT

PATHS = workbook.chapters()
KINDS = OF_ALL + OF_CHAPTERS
DOCUMENTS = workbook.documents()
read = cache(workbook.read)


def test_there_are_notebooks():
    assert PATHS, f"no notebook in {NOTEBOOKS}: is the copy complete?"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_chapter(path, kind):
    faults = list(kind(read(path)))
    assert not faults, "\n".join([path.name, *faults])


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_notebook_is_valid_and_well_named(path):
    assert not check.of_notebook(read(path), path)


def test_tables_of_chapters():
    """What tells of the chapters agrees with them: the README, the map in
    00, the page for teachers, the indexes, the images."""
    found = list(check.of_tables({path: read(path) for path in PATHS}))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_of_documents(path):
    faults = list(bad_links(path.read_text("utf-8"), path.parent))
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_chapters_that_exist(path):
    assert not lost_chapters(path.read_text("utf-8"))


def test_no_file_names_a_machine():
    files = tracked() or pytest.skip("these files are not in git")
    for path in files:
        text = path.read_bytes().decode(errors="replace")
        found = re.search(f"{style.MACHINE}|{style.REGISTRY}", text)
        assert not found, f"{path.relative_to(ROOT)} has {found[0]!r}"


# The style itself: a good notebook, and a fault of each kind.

ERROR = new_output("error", ename="E", evalue="e", traceback=["E: e"])
FIGURE = new_output("display_data", {"image/png": "iVBORw0K"})


def value(text):
    return new_output("execute_result", {"text/plain": text})


def stream(text, name="stdout"):
    return new_output("stream", text=text, name=name)


def good():
    """A notebook without a fault."""
    tag = {"tags": ["raises-exception"]}
    cells = [
        new_markdown_cell(f"# Do\n\n*Why?*\n\n{': a '.join(HEAD)}: b. 9 minutes."),
        new_code_cell("1, 2", execution_count=1, outputs=[value("(1, 2)")]),
        new_markdown_cell("A [link](serving.py), and an error:"),
        new_code_cell("1 / 0", execution_count=2, outputs=[ERROR], metadata=tag),
        new_markdown_cell("## What comes next\n\nThe end."),
    ]
    return new_notebook(cells=cells, metadata=METADATA)


FAULTS = [  # kind, number of the cell, what is wrong with it
    (is_executed_in_order, 1, {"execution_count": None}),
    (is_executed_in_order, 3, {"execution_count": 3}),
    (shows_its_values, 1, {"outputs": []}),
    (shows_its_values, 1, {"outputs": [], "source": "x = 1\nf'{x}'"}),
    (shows_its_values, 1, {"outputs": [], "source": "x.y"}),
    (ignores_only_what_an_assert_checks, 1, {"source": "#NBVAL_SKIP\n1"}),
    (
        ignores_only_what_an_assert_checks,
        1,
        {"source": "# NBVAL_IGNORE_OUTPUT\n# assert\n1"},
    ),
    (
        ignores_only_what_an_assert_checks,
        1,
        {"metadata": {"tags": ["nbval-ignore-output"]}},
    ),
    (
        ignores_only_what_an_assert_checks,
        3,
        {"metadata": {"tags": ["nbval-skip"]}},
    ),
    (shows_things, 1, {"outputs": [value("True")]}),
    (shows_things, 1, {"outputs": [value("(True, False)")]}),
    (shows_things, 1, {"outputs": [stream("True\nFalse\n")]}),
    (errors_are_meant, 3, {"outputs": []}),
    (errors_are_meant, 3, {"metadata": {}}),
    (errors_are_meant, 1, {"outputs": [ERROR]}),
    (has_no_warnings, 1, {"outputs": [stream("w", "stderr")]}),
    (outputs_do_not_vary, 1, {"outputs": [value("/" + "home/x")]}),
    (outputs_do_not_vary, 1, {"outputs": [value("'/tmp/a'")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("a/site-packages/b")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream(f"{ROOT}/wsgi.py")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("127.0.0.1:40123")]}),
    (
        outputs_do_not_vary,
        1,
        {"outputs": [value("<A at 0x7f0123456789>")]},
    ),
    (outputs_do_not_vary, 1, {"outputs": [stream("2026-11-22")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("Sun, 22 Nov 2026")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("[22/Nov/2026:14]")]}),
    (outputs_do_not_vary, 1, {"outputs": [stream("[4321] [INFO] Boot")]}),
    (outputs_do_not_vary, 1, {"outputs": [value("{'pid': 4321}")]}),
    (outputs_do_not_vary, 1, {"source": "import os\nos.getpid()"}),
    (outputs_do_not_vary, 1, {"source": "time.time()"}),
    (outputs_do_not_vary, 1, {"source": "server.process.pid"}),
    (says_what_it_needs, 3, {"source": "with serve('gunicorn -w 4 a:b'):\n    1"}),
    (says_what_it_needs, 1, {"source": "run(f'k6 run {options}')"}),
    (says_what_it_needs, 1, {"source": "run(f'curl -i {server.url}/')"}),
    (says_what_it_needs, 1, {"source": "Popen(['nginx', '-p', '.'])"}),
    (says_what_it_needs, 3, {"source": "os.killpg(1, signal.SIGTERM)"}),
    (names_no_machine, 0, {"source": "/" + "root/x"}),
    (names_no_machine, 1, {"source": "C:" + "\\Users\\x"}),
    (names_no_machine, 1, {"source": "python" + "hosted"}),
    (fits_the_page, 1, {"source": "1\n" * (LINES + 1)}),
    (fits_the_page, 1, {"source": "x" * (WIDTH + 1)}),
    (fits_the_page, 1, {"outputs": [stream("\n" * (OUTPUT + 1))]}),
    (figures_are_described, 1, {"outputs": [FIGURE]}),
    (figures_are_described, 1, {"outputs": [FIGURE], "metadata": {"alt": "A bar"}}),
    (metadata_is_normal, 1, {"metadata": {"collapsed": True}}),
    (metadata_is_normal, None, {"kernelspec": {"name": "mine"}}),
    (metadata_is_normal, None, {"language_info": {"version": "3.11.7"}}),
    (ids_are_unique, slice(0, 2), {"id": "same"}),
    (speaks_between_cells, 2, {"cell_type": "code"}),
    (opens_with_its_head, 0, {"source": "No title."}),
    (opens_with_its_head, 2, {"source": "# A second title"}),
    (opens_with_its_head, 0, {"source": f"# Do {HEAD} no minutes"}),
    (opens_with_its_head, 0, {"source": "# Do\n9 minutes"}),
    (opens_with_its_head, 0, {"source": f"# Do\n{HEAD} no question, 9 minutes"}),
    (is_written, 2, {"source": "TODO: a sentence."}),
    (is_written, 1, {"source": "x = 'TODO'"}),
    (closes_with_what_comes_next, 4, {"source": "Bye."}),
    (is_plain_python, 1, {"source": "%timeit 1"}),
    (is_plain_python, 1, {"source": "!ls"}),
    (prints_in_one_piece, 1, {"source": "app = 'print(1, 2)'"}),
    (prints_in_one_piece, 1, {"source": "app = {'a.py': 'print(*all)'}"}),
    (is_safe, 1, {"source": "run(command, shell=True)"}),
    (is_safe, 1, {"source": "serve('gunicorn --daemon')"}),
    (is_safe, 1, {"source": "from os import *"}),
    (links_lead_somewhere, 2, {"source": "[a](99_nowhere.ipynb)"}),
    (links_lead_somewhere, 2, {"source": "![](img)"}),
    (links_lead_somewhere, 2, {"source": "![a picture](img)"}),
    (links_lead_somewhere, 2, {"source": "![a](img/nowhere.svg)"}),
    (links_lead_somewhere, 2, {"source": "[a](http://example.org)"}),
    (links_lead_somewhere, 2, {"source": "[a](00_start_here.ipynb#cell-id=c99)"}),
    (names_chapters_that_exist, 2, {"source": "See [chapter 89](serving.py)."}),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_good_notebook_passes(kind):
    assert list(kind(good())) == []


@pytest.mark.parametrize(("kind", "number", "fault"), FAULTS)
def test_each_kind_can_be_found(kind, number, fault):
    notebook = good()
    if number is None:
        notebook.metadata.update(nbformat.from_dict(fault))
    elif isinstance(number, slice):
        for cell in notebook.cells[number]:
            cell.update(fault)
    else:
        notebook.cells[number].update(nbformat.from_dict(fault))
    assert list(kind(notebook)), "it misses this fault"


@pytest.mark.parametrize("kind", ["", "code", "markdown"])
def test_a_page_that_has_just_been_made_is_no_error(kind):
    """As JupyterLab makes it: empty, or with an empty cell."""
    cells = {
        "": [],
        "code": [new_code_cell()],
        "markdown": [new_markdown_cell()],
    }
    page = new_notebook(cells=cells[kind], metadata=METADATA)
    (fault,) = check.of_notebook(page, NOTEBOOKS / "13_try_it.ipynb")
    assert fault == "begins with no words, or has no code: write both"


def test_each_kind_has_a_fault():
    assert {kind for kind, *_ in FAULTS} == set(KINDS)


def test_an_ignored_output_is_fine_with_an_assert():
    notebook = good()
    notebook.cells[1].source = "# NBVAL_IGNORE_OUTPUT\nassert x\nx"
    assert not list(ignores_only_what_an_assert_checks(notebook))
    assert compared([notebook]) == 0.5
    assert compared([good()]) == 1


@pytest.mark.parametrize("number", [1, 3])  # the first code cell; the cell itself
def test_a_tag_says_what_a_cell_needs(number):
    notebook = good()
    notebook.cells[3].source = "serve('gunicorn a:b')"
    (fault,) = says_what_it_needs(notebook)
    assert "starts gunicorn, and neither it nor the first code cell has" in fault
    assert fault.endswith("the tag `needs-gunicorn`")
    notebook.cells[number].metadata["tags"] = ["needs-gunicorn"]
    assert not list(says_what_it_needs(notebook))


def test_a_text_about_a_command_starts_none():
    notebook = good()
    notebook.cells[3].source = "find_spec('gunicorn')\nx = 'gunicorn a:b'"
    assert not list(says_what_it_needs(notebook))


def test_bad_rows():
    row = "| [01 Do](notebooks/01_do.ipynb) | What? | 9 |"
    assert not list(bad_rows(row, {"01_do.ipynb": ("What?", 9)}))
    door = '| "Do it" | [01](notebooks/01_do.ipynb) |'  # a row of another table
    assert not list(bad_rows(f"{door}\n{row}", {"01_do.ipynb": ("What?", 9)}))
    for text, asked, expected, words in (
        (row, "What?", 8, "says 8 minutes, and the table 9"),
        (row, "Why?", 9, "does not ask what its head asks: Why?"),
        (row.replace("9", ""), "What?", 9, "lacks its minutes"),
        ("", "What?", 9, "the table lacks 01_do.ipynb"),
        (f"{row}\n{row.replace('01', '02')}", "What?", 9, "no chapter 02_do.ipynb"),
    ):
        (fault,) = bad_rows(text, {"01_do.ipynb": (asked, expected)})
        assert words in fault


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("In chapter 05, at 10 minutes; or 91, for 89 visitors in 3.11 to 3.15.", []),
        ("`chapter 89 watch_it_run`; chapters [02](a.ipynb) to [05](b.ipynb)", []),
        ("To the ground: 02 to 05, and 89.", ["89"]),
        ("[Chapter 89](91_find_a_rule.ipynb#cell-id=c91-88)", ["89"]),
        ("chapters [07](07.ipynb) and [88](88.ipynb)", ["88"]),
    ],
)
def test_lost_chapters(text, lost):
    assert lost_chapters(text) == lost


def test_one_output_in_ten_may_be_a_truth_value():
    values = [["True"], *(["(True, 5)"] for _ in range(9))]
    cells = [new_code_cell("1", outputs=[value(*text)]) for text in values]
    assert not list(shows_things(new_notebook(cells=cells)))
    assert list(shows_things(new_notebook(cells=cells[:-1])))


def test_bad_size():
    good = '<svg viewBox="0 0 1000 640"><svg viewBox="9 9 2000 900"><text style='
    good += '"font-size:14px;"/></svg></svg>'
    assert not bad_size(good)
    assert "1001 wide" in bad_size(good.replace("1000", "1001"))
    assert "641 high" in bad_size(good.replace("640", "641"))
    assert "13.5 px" in bad_size(good.replace("14", "13.5"))


def test_bad_image():
    assert not bad_image('<svg><rect x="0" fill="#FFFFFF"/></svg>')
    assert bad_image('<svg><rect x="0" fill="none"/></svg>')
    assert bad_image('<svg><text fill="white">words</text></svg>')


# The command, in a copy of the project in which much is wrong.


def spoil(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_command_lists_all_faults(tmp_path):
    """Those of a page, of its sheet, and of what tells of the pages."""
    project = copy_project(tmp_path / "project")
    pages, images = project / "notebooks", project / "notebooks/img"
    page = pages / "07_run_gunicorn.ipynb"
    spoil(page, "About 75 minutes", "About 65 minutes")
    spoil(page, '"## What comes next', '"## The end')
    spoil(page, '"execution_count": 1,', '"execution_count": 8,')
    spoil(page, "word by word?", "letter by letter?")
    sheet = project / "exercises" / page.name
    spoil(sheet, '"execution_count": 0,', '"execution_count": 8,')
    spoil(pages / "06_serve_in_development.ipynb", '"c06-03"', '"c07-03"')
    spoil(project / "README.md", "| [12 Leave", "| [12 Left")
    spoil(project / "README.md", "12_leave_one_machine.ipynb)", "12_left.ipynb)")
    spoil(project / "classroom/README.md", "Chapters 01 to ", "Chapters 02 to ")
    spoil(pages / "91_find_a_rule.ipynb", "| 54 | ", "| 154 | ")
    spoil(pages / "errors.csv", ",code,", ",tea,")
    shutil.rmtree(images)  # all of them would be drawn, as for `of_tables`
    images.mkdir()
    (images / "new.d2").write_text("a -> b")
    (images / "old.svg").write_text('<svg viewBox="0 0 9 700"><path/></svg>')
    done = subprocess.run(
        [sys.executable, "-m", "tools.check", page],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,  # on a busy machine
    )
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (1, "")
    for words in (
        "notebooks/07_run_gunicorn.ipynb: counts are [8, 2,",
        "exercises/07_run_gunicorn.ipynb: counts are [8, 0,",
        "0, 0, 0...: run `make exercises`",
        "06_serve_in_development.ipynb, 07_run_gunicorn.ipynb have the id c07-03",
        "07_run_gunicorn.ipynb: its last cell lacks the heading",
        "README.md: the table lacks 12_leave_one_machine.ipynb",
        "README.md: there is no chapter 12_left.ipynb: drop its row",
        "README.md: 07_run_gunicorn.ipynb says 65 minutes, and the table 75",
        "start_here.ipynb: 07_run_gunicorn.ipynb says 65 minutes",
        "start_here.ipynb: the row of 07_run_gunicorn.ipynb does not ask",
        "classroom/README.md: sums up what is no longer so: say `Chapters",
        "91_find_a_rule.ipynb: is stale: run `make notebooks`",
        "errors.csv: outside-request: the group is none of",
        "new.d2: its .svg is stale: run `make diagrams`",
        "old.svg: has no source: commit its .d2, too",
        "old.svg: give it a white background",
        "old.svg: is 9 wide and 700 high",
    ):
        assert any(words in line for line in lines), words
    assert lines[-1] == f"Faults of style: {len(lines) - 1}."
