"""The checks of sheet 08."""

import signal
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path

import requests
from gunicorn.config import Config

from exercises.checks.files import files_of
from exercises.commands import (
    error_in,
    let_work,
    running,
    settings_of,
    start_threads,
    stopped,
    text_of,
)
from exercises.words import say
from notebooks.serving import serve, wait_until

OPTIONS = [
    "-w 4",
    "--threads 1",
    "-k sync --threads 2",
    "-k gthread",
    "-k gevent --threads 4",
    "-w 2 --worker-connections 100",
]


def kind(options):
    """What Gunicorn itself makes of these words of a command line."""
    config = Config()
    understood = vars(config.parser().parse_args(options.split()))
    for name in "worker_class", "threads":
        if understood[name] is not None:
            config.set(name, understood[name])
    return config.worker_class_str


def exercise_1(answer):
    """Predict: which kind?"""
    hint = say(
        "What does more than one thread make of sync, and of others?"
    )
    answer.predicts("prediction", list(map(kind, OPTIONS)), hint)


@cache  # no answer changes it
def imports(options):
    """How often the app is imported: a list, for we look three times."""
    command = f"gunicorn -w 3 --threads 2 {options} -b 127.0.0.1:0 tea:app"
    with serve(command, files_of("08_2")) as server:

        def when_up(workers):
            wait_until(lambda: server.log.count("is up") == workers)
            return server.log.count("imported")

        came = [when_up(3)]
        server.workers[0].kill()
        came.append(when_up(4))
        server.process.send_signal(signal.SIGHUP)
        return [*came, when_up(7)]


def exercise_2(answer):
    """Predict: how often is the app imported?"""
    hint = say("Which process imports, and when is one started?")
    answer("prediction", hint)  # before a server is started
    with ThreadPoolExecutor(2) as crew:
        own, common = crew.map(imports, ["", "--preload"])
    answer.predicts("prediction", own + common, hint)


# May vary: the kind of worker, and how many it serves at once, from nine
# on. May not: the one process, its address, and that nobody waits in line.
def exercise_3(answer):
    """Change: eight reports and a bell."""
    command, files = text_of(answer, "command"), files_of("08_3")
    settings = settings_of(answer, command, files)
    names = "bind", "daemon", "workers"
    came = [settings[name] for name in names]
    came[0] = came[0].replace("localhost", "127.0.0.1")
    hint = say("Who can reach it, and how much memory does it take?")
    expected = ["['127.0.0.1:0']", "False", "1"]
    answer.compare("bind, daemon, workers", came, expected, hint)
    with (
        running(answer, command, files) as server,
        ThreadPoolExecutor(8) as visitors,
    ):
        if (threads := int(settings["threads"])) > 1:
            start_threads(server, server.workers[0], min(threads, 9))
        waiting = [
            visitors.submit(server.get, "/report") for _ in range(8)
        ]
        wait_until(lambda: server.log.count("one waits") == 8)
        server.get("/bell")
        came = {each.result().text for each in waiting}
    hint = say(
        "How many does the worker serve at once, and how many are they?"
    )
    called = say("eight times GET /report")
    answer.compare(called, came, {"in time"}, hint)


def workers_up(number):
    """A condition for `running`: so many have called `post_worker_init`."""
    return lambda server: (
        server.log.count("is up") == number and server.answers()
    )


# May vary: where a number comes from, and what a ticket looks like. May
# not: a ticket twice among thousands, of two workers and of the next two,
# on a machine whose clock and process ids help nobody.
def exercise_4(answer):
    """Change: a lottery with the same tickets."""
    files = files_of("08_4", answer=answer.text)
    command = "gunicorn --preload -w 2 -b 127.0.0.1:0 answer:app"
    with running(answer, command, files, workers_up(2)) as server:
        reply = server.get("/ticket")
        answer.logged = error_in(server)
        hint = say("What did it answer before?")
        answer.compare("GET /ticket", reply.status_code, 200, hint)
        for worker in server.workers:
            worker.kill()
        wait_until(lambda: workers_up(4)(server))
        sold = [reply.text, server.get("/ticket").text]
        for file in Path(server.folder).glob("tickets-*"):
            sold += file.read_text().splitlines()
    if twice := len(sold) - len({*sold}):
        hint = say(
            "What does the fork copy, and who draws, in which process?"
        )
        why = say(
            "of {many} tickets, {twice} had been sold before.",
            many=len(sold),
            twice=twice,
        )
        answer.refuse(why, hint)


def buy(server):
    """What a customer gets: a status, or "cut off"."""
    try:
        return server.post("/buy").status_code
    except requests.ConnectionError:
        return "cut off"


def left(server):
    """The stock that the file has."""
    with closing(sqlite3.connect(f"{server.folder}/stock.db")) as db:
        return db.execute("SELECT stock FROM tea").fetchone()[0]


def fill_up(server):
    """Be the owner, who has found one more cup."""
    with closing(sqlite3.connect(f"{server.folder}/stock.db")) as db, db:
        db.execute("UPDATE tea SET stock = 1")


@contextmanager
def locked(server):
    """Let nobody write to the file: who looks may, and who takes waits."""
    file = f"{server.folder}/stock.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield
        db.execute("COMMIT")


def queue_up(crew, server, number, worker, other):
    """Send customers to a worker while the other one sleeps: a list of
    Futures, when they have begun to wait, or one is back."""
    with stopped(other):
        coming = [crew.submit(buy, server) for _ in range(number)]

        def inside():
            sockets = worker.net_connections("tcp")
            here = sum(each.status == "ESTABLISHED" for each in sockets)
            return here >= number or any(each.done() for each in coming)

        wait_until(inside)
        let_work(worker, 0.2)  # until they have looked into the file
    return coming


# May vary: how a cup is taken, and who waits for whom. May not: the count
# in the file, for customers one by one, for one who waits a second or two
# (SQLite's own patience is five), for two workers that die while somebody
# waits, and for eight at once, of whom two get the last cups; and that the
# file alone says what is left.
def exercise_5(answer):
    """Build: ten teas, and no eleventh."""
    files = files_of("08_5", answer=answer.text)
    command = "gunicorn -w 2 --threads 4 -b 127.0.0.1:0 answer:app"
    command = f"DB=stock.db {command}"
    with (
        running(answer, command, files, workers_up(2)) as server,
        ThreadPoolExecutor(8) as crew,
    ):

        def customers(called, came, expected, hint):
            if 500 in came:
                answer.logged = error_in(server)
            counts = dict(sorted(Counter(came).items(), key=str))
            answer.compare(called, counts, expected, hint)

        def stock(expected, hint):
            came = left(server)
            answer.compare("SELECT stock FROM tea", came, expected, hint)

        hint = say(
            "Which file has the stock, who opened it, and until when?"
        )
        came = [buy(server) for _ in range(3)]
        customers(say("three times POST /buy"), came, {200: 3}, hint)
        hint = say(
            "Who writes it into the file, and when do others see it?"
        )
        stock(7, hint)

        one, two = server.workers
        with locked(server):
            coming = queue_up(crew, server, 1, one, two)
            time.sleep(1.3)
        hint = say("Who gets no cup, as long as there is one?")
        called = say("POST /buy, while the file is locked for 1.5 s,")
        customers(called, [coming[0].result()], {200: 1}, hint)

        with locked(server):
            cut = queue_up(crew, server, 1, one, two)
            one.kill()
            two.kill()
        wait_until(lambda: workers_up(4)(server))
        rest = 6 - [each.result() for each in cut].count(200)
        stock(rest, say("Who fills the table, and how often?"))
        hint = say("Who had the stock, when the workers died?")
        came = [buy(server) for _ in range(rest - 2)]
        called = say("POST /buy, with new workers,")
        customers(called, came, {200: rest - 2}, hint)

        one, two = server.workers
        for worker in one, two:
            start_threads(server, worker, 4)
        with locked(server):
            coming = queue_up(crew, server, 4, one, two)
            coming += queue_up(crew, server, 4, two, one)
        came = [each.result() for each in coming]
        hint = say("Who may come in between, when you have looked?")
        if came.count(409) > 6:
            hint = say("Who gets a 409, as long as there is a cup?")
        elif left(server) == 0:
            hint = say("What does a customer read who gets no cup?")
        called = say("eight times POST /buy at once, for two cups,")
        customers(called, came, {200: 2, 409: 6}, hint)
        stock(0, say("What does the file say when all is sold?"))
        hint = say("And when all is sold?")
        came = [buy(server), buy(server)]
        customers(say("two times POST /buy"), came, {409: 2}, hint)
        fill_up(server)
        hint = say("Who still knows that all was sold?")
        called = say("POST /buy, when the owner has one more cup,")
        customers(called, [buy(server)], {200: 1}, hint)


def fitting(cores, memory, own, shared, preload):
    """How many workers fit: they come one by one."""
    number = 0
    while number < 2 * cores + 1:
        tables = shared if preload else shared * (number + 1)
        if 20 + tables + own * (number + 1) > memory:
            break
        number += 1
    return number


def machines():
    """What a machine is like, and a question for whoever counts
    otherwise: a list of pairs."""
    return [
        ((2, 9000, 100, 300, False), say("What says Gunicorn's rule?")),
        ((1, 9000, 100, 0, False), say("What says Gunicorn's rule?")),
        ((16, 90000, 70, 40, True), say("What says Gunicorn's rule?")),
        ((2, 1000, 100, 300, False), say("How many of them fit?")),
        ((8, 1000, 90, 0, False), say("What takes memory, too?")),
        ((8, 700, 68, 0, False), say("Does what just fits, fit?")),
        ((8, 699, 68, 0, False), say("Does a part of a worker serve?")),
        ((4, 1220, 100, 200, False), say("In how many processes is it?")),
        ((4, 1119, 100, 200, True), say("In how many processes is it?")),
        ((4, 1120, 100, 200, True), say("In how many processes is it?")),
        ((2, 1000, 100, 300, True), say("What says Gunicorn's rule?")),
        ((2, 120, 100, 0, True), say("Does what just fits, fit?")),
        ((2, 119, 100, 0, False), say("Does even one fit?")),
        ((2, 10, 5, 0, False), say("Can there be fewer than none?")),
        ((2, 300, 100, 290, True), say("Can there be fewer than none?")),
        ((2, 320, 1, 300, True), say("Does the arbiter's memory count?")),
        ((3, 419, 100, 300, False), say("Does even one fit?")),
        ((3, 420, 100, 300, False), say("Does what just fits, fit?")),
    ]


# May vary: how it is counted. May not: the rule, the memory that the
# arbiter and the tables take, that a part of a worker is none, an int.
def exercise_6(answer):
    """Build: how many to begin with?"""
    for machine, hint in machines():
        answer.expect(f"workers{machine}", fitting(*machine), hint)
    by_name = "cores=2, memory=1000, own=100, shared=300, preload=True"
    hint = say("Which names has the text for what it is given?")
    answer.expect(f"workers({by_name})", 5, hint)
