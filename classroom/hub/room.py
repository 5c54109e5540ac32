"""Fill a hub with simulated learners, and measure what they take.

Usage: python -m classroom.hub.room N ...    (for N learners: 1 5 10, for example)

Each logs in, runs chapter 07, then keeps a Gunicorn running until all have
one. Then they leave, in three ways. Prints what README.md shows.
"""

import contextlib
import functools
import itertools
import json
import random
import re
import socket
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import requests

ROOT = Path(__file__).resolve().parent.parent.parent

from classroom.hub.learner import Learner, run_chapter
from notebooks.serving import start, wait_until
from tools.needs import tags
from tools.processes import processes_in
from tools.workbook import outcome

CHAPTER = ROOT / "notebooks/07_run_gunicorn.ipynb"
AT_ONCE = 4  # so many run the chapter at the same time
PASSWORD = "a word for all"
# A cell whose server stays, and what it tells.
HOLD = """
import json, os, time
from notebooks.serving import serve
with serve("gunicorn -w 2 -b 127.0.0.1:0 wsgi:app") as server:
    workers = server.wait_for_workers(2)
    pids = [server.process.pid] + [each.pid for each in workers]
    print(json.dumps([server.url, server.folder, os.getcwd(), pids]))
    time.sleep(600)
"""


def free_port():
    """Return a free port, below those that the system gives out: the hub
    takes it, and counts on the next ones for its learners."""
    while True:
        port = random.randrange(10_000, 30_000)
        with contextlib.suppress(OSError):
            socket.create_server(("127.0.0.1", port)).close()
            return port


@contextlib.contextmanager
def hub(edition=""):
    """Start the hub of this project, as `make hub` does, in the language of an
    `edition`, a folder; yield its Server when it answers."""
    words = f"HUB_PORT={free_port()} 'HUB_PASSWORD={PASSWORD}' EDITION={edition}"
    config = "classroom/hub/jupyterhub_config.py"
    python = f"'{sys.executable}'"
    command = f"{words} {python} -m jupyterhub -f {config}"
    with contextlib.chdir(ROOT), start(command) as server:
        wait_until(lambda: "Open http" in server.log, 60)
        server.url = re.search(r"http://[\d.:]+", server.log)[0]
        wait_until(lambda: is_up(server), 60)
        server.homes = next(Path(server.folder).glob("hub-*"))
        try:
            yield server
        finally:
            server.process.terminate()  # it has all its learners to end
            server.process.wait(60)
            wait_until(lambda: not server.homes.exists(), 60)


def is_up(server):
    if (status := server.process.poll()) is not None:
        raise RuntimeError(f"ended with status {status}:\n{server.log}")
    with contextlib.suppress(requests.RequestException):
        return server.get("/hub/health", timeout=1).ok


def gone(folder):
    """Whether no process has its TMPDIR in `folder`."""
    return not processes_in(folder)


def megabytes(processes):
    """The memory of `processes` in MiB; what n of them share counts 1/n."""
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += process.memory_full_info().pss
    return total / 2**20


def seconds(processes):
    """The processor time that `processes` and their children have used."""
    return sum(sum(process.cpu_times()[:4]) for process in processes)


class Visit:
    """What one learner does in the room, and what came of it."""

    def __init__(self, server, number):
        name = f"learner-{number}"
        self.learner = Learner(server.url, name, PASSWORD)
        self.home = server.homes / name

    def work(self):
        """Log in and run the chapter; keep how long each took."""
        began = time.monotonic()
        self.learner.log_in()
        self.in_after = time.monotonic() - began
        stored, now, self.kernel = run_chapter(self.learner, CHAPTER)
        self.done_after = time.monotonic() - began - self.in_after
        self.differ = differing(stored, now)

    def hold(self):
        """Start a server that stays; keep what its cell tells of it."""
        self.kernel.connect()  # it was idle, maybe for long
        id = self.kernel.send(HOLD)
        for message in self.kernel.messages(id):
            if message["msg_type"] == "stream":
                self.told = json.loads(message["content"]["text"])
                return
        raise RuntimeError("the cell ended early")

    def in_terminal(self):
        """Serve with run.sh, in a terminal; return the page's address."""
        self.terminal = self.learner.open_terminal("bash run.sh")
        said = ""
        while not (found := re.search(r"http://\S+Ada", said)):
            said += str(json.loads(self.terminal.recv())[1])
        return found[0]

    def killed(self, words):
        """Kill with -9 this learner's processes called so, a regular
        expression; return how many."""
        named = [
            process
            for process in processes_in(self.home)
            if re.search(words, " ".join(process.cmdline()))
        ]
        for process in named:
            process.kill()
        return len(named)

    def leave(self, way):
        """Leave, and wait until nothing is left. Way 0: log out; 1: after
        the kernel was killed; 2: when the JupyterLab is killed."""
        if way == 1:
            assert self.killed("ipykernel_launcher") == 1
            url, folder, _, _ = self.told
            wait_until(lambda: not Path(folder).exists())
            with contextlib.suppress(requests.ConnectionError):
                requests.get(url, timeout=5)
                raise RuntimeError("the server outlived its kernel")
        if way == 2:
            assert self.killed("jupyterhub-singleuser") == 1
        else:
            self.learner.log_out()
        wait_until(lambda: gone(self.home), 60)


def differing(stored, now):
    """The ids of the cells whose outputs are not the stored ones, though they
    should be: what differs from run to run has a tag."""
    return [
        old.id
        for old, new in zip(stored, now, strict=True)
        if outcome(old) != outcome(new) and "nbval-ignore-output" not in tags(old)
    ]


def distinct(sets):
    """Whether no two of these collections have a member in common."""
    every = [member for each in sets for member in each]
    return len(every) == len(set(every))


def room(n):
    """Let `n` learners work side by side; return what was measured."""
    with hub() as server:
        empty = megabytes(processes_in(server.homes))
        visits = [Visit(server, number) for number in range(n)]
        began = time.monotonic()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(Visit.work, visits))
            total = time.monotonic() - began
            list(pool.map(Visit.hold, visits))
        check(visits)
        full = [megabytes(processes_in(visit.home)) for visit in visits]
        work = [seconds(processes_in(visit.home)) for visit in visits]
        two = visits[-2:]  # they type the same, and each has a page
        for visit in two:
            visit.page = visit.in_terminal()
        for visit in two:
            wait_until(functools.partial(page_says, visit, "Hello, Ada!"))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            ways = [number % 3 for number in range(n)]
            list(pool.map(Visit.leave, visits, ways))
        left = [each for visit in visits for each in processes_in(visit.home)]
    wait_until(lambda: gone(server.folder))
    return {
        "learners": n,
        "in after": statistics.median(each.in_after for each in visits),
        "chapter": statistics.median(each.done_after for each in visits),
        "all done": total,
        "CPU each": statistics.median(work),
        "MiB each": statistics.median(full),
        "MiB all": empty + sum(full),
        "differ": sorted({id for each in visits for id in each.differ}),
        "left": len(left),
    }


def check(visits):
    """Assert that each learner meets only what is the learner's own."""
    urls, folders, places, pids = zip(*(visit.told for visit in visits), strict=True)
    assert distinct([urls]), "two have one port"
    assert distinct([folders, places]), "two have one folder"
    assert distinct(pids), "two have one process"
    for visit, its in zip(visits, pids, strict=True):
        mine = {process.pid for process in processes_in(visit.home)}
        assert mine.issuperset(its), "a process is not the learner's own"
    for visit, other in itertools.pairwise(visits):
        port = other.told[0].rpartition(":")[2]
        for path in "lab", "api/contents", f"proxy/{port}/":
            url = other.learner.base + path
            reply = visit.learner.session.get(url, timeout=60)
            assert reply.status_code in (403, 404), (
                url,
                reply.status_code,
            )


def page_says(visit, text):
    reply = visit.learner.session.get(visit.page, timeout=10)
    return reply.ok and text in reply.text


if __name__ == "__main__":
    for n in map(int, sys.argv[1:] or sys.exit(__doc__)):
        print(room(n), flush=True)
