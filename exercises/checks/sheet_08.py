"""The checks of sheet 08."""

import signal
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from gunicorn.config import Config

from exercises.checks.files import files_of
from exercises.commands import running, settings_of
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


def imports(options):
    """How often the app is imported: three times to look, an iterator."""
    command = f"gunicorn -w 3 --threads 2 {options} -b 127.0.0.1:0 tea:app"
    with serve(command, files_of("08_2")) as server:

        def when_up(workers):
            wait_until(lambda: server.log.count("is up") == workers)
            return server.log.count("imported")

        yield when_up(3)
        server.workers[0].kill()
        yield when_up(4)
        server.process.send_signal(signal.SIGHUP)
        yield when_up(7)


def exercise_2(answer):
    """Predict: how often is the app imported?"""
    hint = say("Which process imports, and when is one started?")
    answer("prediction", hint)  # before a server is started
    came = [*imports(""), *imports("--preload")]
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: eight reports and a bell."""
    command, files = str(answer("command")), files_of("08_3")
    settings = settings_of(answer, command, files)
    names = "bind", "daemon", "workers"
    came = [settings[name] for name in names]
    hint = say("Who can reach it, and how much memory does it take?")
    expected = ["['127.0.0.1:0']", "False", "1"]
    answer.compare("bind, daemon, workers", came, expected, hint)
    with (
        running(answer, command, files) as server,
        ThreadPoolExecutor(8) as visitors,
    ):
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


def exercise_4(answer):
    """Change: a lottery with the same tickets."""
    page = 'app.test_client().get("/ticket").status_code'
    answer.expect(page, 200, say("What did it answer before?"))
    command = "gunicorn --preload -w 2 -b 127.0.0.1:0 answer:app"
    with serve(command, {"answer.py": answer.text}) as server:
        server.wait_for_workers(2)
        tickets = [server.get("/ticket").text for _ in range(3)]
        before = server.workers
        for worker in before:
            worker.kill()
        wait_until(lambda: not {*before} & {*server.workers})
        tickets += [server.get("/ticket").text for _ in range(3)]
    if len({*tickets}) < len(tickets):
        hint = say(
            "What does the fork copy, and who draws, in which process?"
        )
        answer.refuse(say("A ticket was sold twice."), hint)


def exercise_5(answer):
    """Build: ten teas, and no eleventh."""
    files = files_of("08_5", answer=answer.text)
    gunicorn = "gunicorn -w 2 --threads 4 -b 127.0.0.1:0 answer:app"
    with (
        serve(f"DB=stock.db {gunicorn}", files) as server,
        ThreadPoolExecutor(8) as crew,
    ):

        def buy(customer):
            return server.post("/buy").status_code

        wait_until(lambda: server.log.count("is up") == 2)
        came = [buy(customer) for customer in range(3)]
        hint = say(
            "Which file has the stock, who opened it, and until when?"
        )
        answer.compare(say("the first POST /buy"), came, [200] * 3, hint)
        for worker in server.workers:
            worker.kill()
        wait_until(lambda: server.log.count("is up") == 4)
        one, two = server.workers
        came += [buy(customer) for customer in range(6)]  # one is left
        file = f"{server.folder}/stock.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            db.execute("BEGIN IMMEDIATE")  # who looks may; who takes waits
            rest = []
            for idle in one, two:  # the other one gets four customers
                idle.suspend()
                rest += [
                    crew.submit(buy, customer) for customer in range(4)
                ]
                time.sleep(0.6)
                idle.resume()
            db.execute("COMMIT")
            rest += [crew.submit(buy, customer) for customer in range(7)]
            came = Counter([*came, *(each.result() for each in rest)])
            (left,) = db.execute("SELECT stock FROM tea").fetchone()
    hint = say("Who knows the count, and what happens while you look?")
    if came[200] > 10:
        answer.refuse(say("More than ten cups were sold."), hint)
    sold = {200: 10, 409: 14}
    answer.compare(say("24 times POST /buy"), dict(came), sold, hint)
    hint = say("What does the file say when all is sold?")
    answer.compare("SELECT stock FROM tea", left, 0, hint)
