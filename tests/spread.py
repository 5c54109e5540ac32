"""How the tests are spread over the cores, and what is said meanwhile.

A plugin of pytest and pytest-xdist, which starts the processes. A notebook
stays in one process, for its cells need each other. What takes longest
starts first, so that all processes end at about the same time.
"""

import json
import os
import re
import shutil
import time
from collections import Counter
from pathlib import Path

import nbval.kernel
import pytest
from xdist.scheduler import LoadScopeScheduling

from tools.kernels import Kernels

ROOT = Path(__file__).resolve().parent.parent
SECONDS = Path(__file__).with_name("seconds.json")
# A test waits for servers most of its time. And each process reads all the
# tests before it runs any: many of them do not pay.
EACH_CORE, MOST = 4, 12
PAUSE = 15  # seconds between two lines, where they are not rewritten
UNKNOWN = 5  # seconds that a batch takes of which we know nothing
# These put a load on servers and draw what they measured: one at a time, and
# so their translations.
LOADS = ("05", "08", "11")


def batch_of(nodeid):
    """The name of the tests that are run one after another; a str.

    `nodeid` is pytest's name of a test, a str. A batch is a notebook, the
    notebooks that measure, the kept answers to an exercise, or a file.
    """
    file = nodeid.partition("::")[0]
    if re.match(rf"(?:\w+/)?notebooks/({'|'.join(LOADS)})_", file):
        return "the notebooks that measure"
    if answer := re.search(r"::test_kept_answer\[(\d\d-\d+)", nodeid):
        return f"kept answers {answer[1]}"
    return file


def known_seconds():
    """How long each batch took on two cores, {name: seconds}."""
    return json.loads(SECONDS.read_text("utf-8"))


class Batches(LoadScopeScheduling):
    """Gives a batch to each process, the longest of those left."""

    def _split_scope(self, nodeid):
        return batch_of(nodeid)


def pytest_addoption(parser):
    """--store-seconds: for the next run to know how long each batch takes."""
    words = f"write how long each batch took to {SECONDS.name}"
    parser.addoption("--store-seconds", action="store_true", help=words)


@pytest.hookimpl(tryfirst=True)  # xdist has an answer of its own
def pytest_xdist_auto_num_workers(config):
    """Four processes for each core; none for a single notebook; an int."""
    files = {arg.partition("::")[0] for arg in config.args}
    if len(files) == 1 and files.pop().endswith(".ipynb"):
        return 0
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return min(EACH_CORE * cores, MOST)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config, log):
    """Our own way to spread, whatever --dist says."""
    return Batches(config, log)


def pytest_collection_modifyitems(config, items):
    """Put the longest batch first, where there are several processes."""
    if hasattr(config, "workerinput"):
        known = known_seconds()
        items.sort(  # the order within a batch stays
            key=lambda item: -known.get(batch_of(item.nodeid), UNKNOWN)
        )


@pytest.hookimpl(trylast=True)  # the terminal has its reporter by then
def pytest_configure(config):
    """Say how it goes, where the tests are spread, and let no kernel of
    one process lose its ports to a server or a client of another."""
    nbval.kernel.KernelManager = Kernels
    if hasattr(config, "workerinput"):
        return
    if config.getoption("tx", None) and not config.option.verbose:
        config.pluginmanager.register(Progress(config))
    elif config.option.store_seconds:
        raise pytest.UsageError(
            "--store-seconds needs several processes, and neither -v nor "
            "-q: leave out what asks for less"
        )


class Progress:
    """Says what is running, what failed, and how long is left."""

    def __init__(self, config):
        self.config = config
        self.terminal = config.pluginmanager.getplugin("terminalreporter")
        self.begin = self.said = time.monotonic()
        self.known = known_seconds()
        self.took, self.left, self.running = Counter(), Counter(), set()

    def pytest_xdist_node_collection_finished(self, ids):
        """Take note of the tests, `ids`, a list of str."""
        self.left = Counter(map(batch_of, ids))
        self.tests = Counter(self.left)

    def pytest_report_teststatus(self, report):
        """No letter for each test: the lines below say more."""
        if not hasattr(report, "wasxfail"):
            if report.when == "call" or report.outcome == "skipped":
                return report.outcome, "", report.outcome.upper()
            return ("", "", "") if report.passed else ("error", "", "ERROR")

    def pytest_runtest_logstart(self, nodeid):
        self.running.add(nodeid)
        self.say()

    def pytest_runtest_logreport(self, report):
        self.took[batch_of(report.nodeid)] += report.duration
        if report.failed:
            self.terminal.ensure_newline()
            self.terminal.write_line(f"FAILED {report.nodeid}", red=True)

    def pytest_runtest_logfinish(self, nodeid):
        self.running.discard(nodeid)
        self.left[batch_of(nodeid)] -= 1

    def say(self):
        """Rewrite the line in a terminal; elsewhere add one now and then."""
        live, now = self.terminal.isatty(), time.monotonic()
        if now - self.said < (0.2 if live else PAUSE):
            return
        self.said = now
        line = self.line(now - self.begin)
        if live:
            columns = shutil.get_terminal_size().columns
            self.terminal.rewrite(line[: columns - 1], erase=True)
        else:
            self.terminal.write_line(line)

    def line(self, seconds):
        """How it stands after so many `seconds`, a str."""
        done = self.tests.total() - self.left.total()
        names = sorted({name_of(batch_of(test)) for test in self.running})
        left = self.remaining(seconds)
        return (
            f"{clock(seconds)}, about {clock(left)} left: {done} of "
            f"{self.tests.total()} tests, running {', '.join(names)}"
        )

    def remaining(self, seconds):
        """The seconds that are left, if it goes on as until now."""
        all_of_it = {b: self.known.get(b, UNKNOWN) for b in self.tests}
        rest = sum(
            all_of_it[batch] * self.left[batch] / self.tests[batch]
            for batch in self.tests
        )
        done = sum(all_of_it.values()) - rest
        return rest * seconds / done if done else rest

    def pytest_sessionfinish(self):
        if self.config.option.store_seconds:
            took = {b: max(1, round(s)) for b, s in self.took.items()}
            known = dict(sorted((self.known | took).items()))
            text = json.dumps(known, indent=1)
            SECONDS.write_text(f"{text}\n", "utf-8")


def name_of(batch):
    """The name of a batch without its ending, and shorter if it is of a
    chapter or a test; a str."""
    return re.sub(r"^(notebooks|tests)/|\.\w+$", "", batch)


def clock(seconds):
    """Seconds as minutes and seconds, such as 1:05; a str."""
    return "{}:{:02}".format(*divmod(round(seconds), 60))
