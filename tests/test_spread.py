"""The tests are spread over processes, and no notebook is taken apart."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import spread
from tests.helpers import run_pytest, write

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("test", "batch"),
    [
        ("notebooks/07_run.ipynb::Cell 3", "notebooks/07_run.ipynb"),
        ("notebooks/08_x.ipynb::Cell 3", "the notebooks that measure"),
        ("zh/notebooks/08_x.ipynb::Cell 3", "the notebooks that measure"),
        ("exercises/08_x.ipynb::Cell 3", "exercises/08_x.ipynb"),
        ("tests/test_app.py::test_a[b::c]", "tests/test_app.py"),
        (
            "tests/test_exercises.py::test_kept_answer[06-4-A moment: 1]",
            "kept answers 06-4",
        ),
        ("tests/test_exercises.py::test_ask", "tests/test_exercises.py"),
    ],
)
def test_batch_of(test, batch):
    assert spread.batch_of(test) == batch


def test_only_batches_that_exist_have_seconds():
    for batch in spread.known_seconds():
        if answers := re.fullmatch(r"kept answers (\d\d)-\d+", batch):
            found = [*ROOT.glob(f"exercises/wrong/{answers[1]}_*.md")]
        else:
            found = (ROOT / batch).exists() or "measure" in batch
        assert found, f"no {batch}: run `make test ARGS=--store-seconds`"


def test_each_notebook_that_measures_is_in_one_batch():
    """A load is put on a server by one notebook at a time."""
    for path in ROOT.glob("notebooks/*.ipynb"):
        measures = re.search(r"k6 run|load\.js", path.read_text("utf-8"))
        batch = spread.batch_of(f"notebooks/{path.name}::Cell 1")
        assert ("measure" in batch) == bool(measures), path.name


@pytest.mark.parametrize(
    ("args", "some"),
    [
        (["tests", "notebooks"], True),
        (["notebooks/07_run_gunicorn.ipynb"], False),
        (["notebooks/07_run_gunicorn.ipynb::Cell 1"], False),
        (["notebooks/07_a.ipynb", "notebooks/08_b.ipynb"], True),
        (["tests/test_exercises.py"], True),
    ],
)
def test_a_single_notebook_needs_no_process_of_its_own(args, some):
    config = SimpleNamespace(args=args)
    assert bool(spread.pytest_xdist_auto_num_workers(config)) == some


@pytest.mark.parametrize(("known", "processes"), [(2, 8), (9, 12), (None, 4)])
def test_where_nobody_tells_the_cores_of_a_process(monkeypatch, known, processes):
    """As on macOS and Windows: those of the machine, if they are known."""
    monkeypatch.delattr(spread.os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(spread.os, "cpu_count", lambda: known)
    config = SimpleNamespace(args=["tests"])
    assert spread.pytest_xdist_auto_num_workers(config) == processes


def test_new_seconds_are_stored_beside_those_that_were_known(tmp_path, monkeypatch):
    it, _ = progress({"a": 9, "b": 5}, [])
    monkeypatch.setattr(spread, "SECONDS", tmp_path / "seconds.json")
    it.config.option = SimpleNamespace(store_seconds=True)
    it.took = {"b": 6.4, "c": 0.1}
    it.pytest_sessionfinish()
    assert spread.known_seconds() == {"a": 9, "b": 6, "c": 1}


def test_seconds_that_nobody_measures_are_refused():
    option = SimpleNamespace(store_seconds=True, verbose=0)
    config = SimpleNamespace(option=option, getoption=lambda *a: None)
    with pytest.raises(pytest.UsageError, match="several processes"):
        spread.pytest_configure(config)


def progress(known, tests):
    """A Progress that knows so many seconds, and has so many tests."""
    said = []
    terminal = SimpleNamespace(
        isatty=lambda: True, rewrite=lambda line, erase: said.append(line)
    )
    manager = SimpleNamespace(getplugin=lambda name: terminal)
    it = spread.Progress(SimpleNamespace(pluginmanager=manager))
    it.known, it.said = known, 0
    it.pytest_xdist_node_collection_finished(tests)
    return it, said


def test_the_line_says_what_runs_and_what_is_left():
    one, two = "a/one.ipynb::Cell 0", "a/two.py::test"
    it, said = progress({"a/one.ipynb": 30, "a/two.py": 10}, [one, two])
    it.pytest_runtest_logstart(one)
    (line,) = said
    assert line.endswith(", about 0:40 left: 0 of 2 tests, running a/one")
    it.pytest_runtest_logstart(two)
    it.pytest_runtest_logfinish(one)
    assert it.line(65) == ("1:05, about 0:22 left: 1 of 2 tests, running a/two")


def test_what_passes_is_counted_and_what_fails_is_named_at_once():
    it, _ = progress({}, [])
    passed = SimpleNamespace(outcome="passed", passed=True, when="call")
    assert it.pytest_report_teststatus(passed) == ("passed", "", "PASSED")
    passed.when = "setup"
    assert it.pytest_report_teststatus(passed) == ("", "", "")
    broken = SimpleNamespace(outcome="failed", passed=False, when="setup")
    assert it.pytest_report_teststatus(broken) == ("error", "", "ERROR")


CELLS = (
    "import os, time",
    "here = os.getpid()",
    "assert here == os.getpid()",
)


def test_no_notebook_is_taken_apart(tmp_path):
    """Not even by --dist load; and a failure is named at once."""
    write(tmp_path, "one", CELLS)
    write(tmp_path, "two", CELLS)
    write(tmp_path, "bad", [CELLS[0], "1 / 0", CELLS[2]])
    said = run_pytest(tmp_path, "tests.spread", "-n", "2", "--dist", "load")
    failed = re.findall(r"(?m)^FAILED (\S+::Cell \d)$", said)
    assert failed == ["bad.ipynb::Cell 1", "bad.ipynb::Cell 2"], said
    assert " 2 failed, 7 passed" in said, said


def test_the_number_of_processes_is_ours_and_not_that_of_xdist(tmp_path):
    """For a single notebook, xdist would start one for each core."""
    write(tmp_path, "one", CELLS)
    said = run_pytest(tmp_path, "tests.spread", "-n", "auto", "one.ipynb")
    assert "created:" not in said and " 3 passed" in said, said
