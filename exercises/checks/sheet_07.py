"""The checks of sheet 07."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache

import psutil

from exercises.checks.files import files_of
from exercises.commands import (
    all_of,
    error_in,
    listens_here,
    running,
    settings_of,
    text_of,
    until_closed,
)
from exercises.words import say
from notebooks.serving import run, serve, start, wait_until

FILES = {"gunicorn.conf.py": "workers = 3\n", "other.py": "threads = 2\n"}
COMMANDS = [
    "gunicorn",
    "gunicorn -c other.py",
    "WEB_CONCURRENCY=2 gunicorn -c other.py",
    'WEB_CONCURRENCY=2 GUNICORN_CMD_ARGS="-w 4" gunicorn',
    'GUNICORN_CMD_ARGS="-w 4" gunicorn -w 5 --workers 6',
]


@cache  # no answer changes it
def workers(command):
    """How many workers Gunicorn would have."""
    files = FILES | {"shop.py": "app = print\n"}
    report = run(f"{command} --print-config shop:app", files).stdout
    return int(re.search(r"(?m)^workers += (\d+)", report)[1])


def exercise_1(answer):
    """Predict: how many workers?"""
    hint = say("Which files are read, and who has the last word?")
    answer("prediction", hint)  # before Gunicorn is started
    with ThreadPoolExecutor(2) as crew:
        came = list(crew.map(workers, COMMANDS))
    answer.predicts("prediction", came, hint)


# May vary: where a setting stands, and in which order; the quotes; the
# kind of worker; the form of a line in the log. May not: the address,
# three processes, the words for every visitor, a line for each request.
def exercise_2(answer):
    """Change: a command that does not start."""
    command, files = text_of(answer, "command"), files_of("07_2")
    settings = settings_of(answer, command, files)
    listens_here(answer, settings)
    hint = say("What would a terminal, or systemd, see of it?")
    answer.compare("daemon", settings["daemon"], "False", hint)
    hint = say("Which option counts workers?")
    answer.compare("workers", settings["workers"], "3", hint)
    with running(answer, command, files) as server:
        reply = server.get("/tea")
        came = reply.status_code, reply.text
        if reply.status_code == 500:
            came, answer.logged = (500, ""), error_in(server)
        hint = say("Has the factory been called, and with what?")
        answer.compare("GET /tea", came, (200, "Good evening"), hint)
        server.wait_for_workers(3)
        before = server.log.count("\n")
        for _ in range(20):  # more than all that it says of itself
            until_closed(server, "/cups")
        logged = min(server.log.count("\n") - before, 20)
    hint = say("Which log has a line for each request, and where is it?")
    called = say("20 times GET /cups, lines in the terminal:")
    answer.compare(called, logged, 20, hint)


# May vary: how the key gets there, or whether it is drawn before the fork;
# the name of the app. May not: the four workers, in the foreground.
def exercise_3(answer):
    """Change: four workers that do not know you."""
    command = text_of(answer, "command")
    settings = settings_of(answer, command)
    listens_here(answer, settings)
    hint = say("Were there not four, in the foreground?")
    came = settings["workers"], settings["daemon"]
    answer.compare("workers, daemon", came, ("4", "False"), hint)
    with running(answer, command) as server:
        server.wait_for_workers(4)
        first = server.get("/visits")
        hint = say("Which app counts the visits?")
        answer.compare("GET /visits", first.status_code, 200, hint)
        before = server.workers
        for worker in before:
            worker.kill()
        wait_until(lambda: not {*before} & {*server.workers})
        again = server.get("/visits", cookies=first.cookies.get_dict())
    hint = say("Who draws the key that signs a session, and when?")
    called = say("GET /visits, with its cookie,")
    answer.compare(called, again.json()["visits"], 2, hint)


def starts(command, files):
    """Whether it gets as far as to listen."""
    with start(command, files) as server:
        process = psutil.Process(server.process.pid)

        def known():
            with suppress(psutil.Error):  # it is ending
                if process.net_connections("tcp"):
                    return True
            return server.process.poll() is not None

        wait_until(known)
        listens = server.process.poll() is None
        server.process.kill()  # before it has started its 65 workers
        return listens


# Each environment: the address and the number of workers that it makes.
GOOD = [
    ("LANG=C", "127.0.0.1:8000", "4"),
    ("BIND=127.0.0.1:8123 WORKERS=9", "127.0.0.1:8123", "9"),
    ("BIND=unix:shop.sock WORKERS=64", "unix:shop.sock", "64"),
    ("WORKERS=1", "127.0.0.1:8000", "1"),
]


# May vary: how the file reads the environment, of which type a setting is,
# who refuses a number, and when; what else it sets. May not: what comes of
# it, at both ends of 1 to 64, and the line, for any request and answer.
def exercise_4(answer):
    """Build: your own run.sh."""
    files = files_of("07_4") | {
        "gunicorn.conf.py": text_of(answer, "conf")
    }

    def settings(environ):
        command = f"{environ} gunicorn shop:app"
        hint = say("And if the variables are: {given}?", given=environ)
        return settings_of(answer, command, files, hint)

    with ThreadPoolExecutor(2) as crew:
        came = list(crew.map(settings, [environ for environ, *_ in GOOD]))
    for (environ, bind, workers), its in zip(GOOD, came, strict=True):
        hint = say("Which name does Gunicorn look for?")
        if "WORKERS" in environ:
            hint = say("Where is the environment, and what is in it?")
        called = say("bind and workers, variables: {given}", given=environ)
        both = its["bind"], its["workers"]
        answer.compare(called, both, (f"['{bind}']", workers), hint)
    answer.compare("daemon", came[0]["daemon"], "False", say("Who asked?"))
    hint = say("What does `gunicorn --help` say of the control socket?")
    disabled = came[0]["control_socket_disable"]
    answer.compare("control_socket_disable", disabled, "True", hint)
    hint = say("What does Gunicorn think of this number, and what do you?")
    bad = ["0", "65", "-4", "many", "2.5"]
    words = "BIND=127.0.0.1:0 gunicorn shop:app"
    with ThreadPoolExecutor(2) as crew:
        came = crew.map(
            lambda n: starts(f"WORKERS={n} {words}", files), bad
        )
    for number, started in zip(bad, came, strict=True):
        called = say("WORKERS={number}: starts", number=number)
        answer.compare(called, started, False, hint)
    with running(answer, f"WORKERS=2 {words}", files) as server:
        server.wait_for_workers(2)
        until_closed(server, "/greet/Ada?token=secret")
        server.send(b"POST /greet/Bob HTTP/1.0\r\n\r\n")
        lines = re.findall(".*(?:Ada|Bob).*", server.log)
    hint = say(
        "Which setting says what a line of the access log is made of?"
    )
    if not lines:
        hint = say("Does a line come at all, and where?")
    expected = ["GET /greet/Ada 200", "POST /greet/Bob 404"]
    called = say("the lines with Ada and Bob")
    answer.compare(called, lines, expected, hint)


BOUND = "gunicorn -b 127.0.0.1:0"


def family():
    """How many processes there are, before and after one is killed."""
    with serve(f"{BOUND} -w 3 shop:app", files_of("07_5")) as server:
        victim = server.wait_for_workers(3)[0]
        before = 1 + len(server.workers)
        victim.kill()
        wait_until(lambda: victim not in server.workers)
        return [before, 1 + len(server.wait_for_workers(3))]


def waiters():
    """How many of three visitors wait, and the status after TERM."""
    with serve(f"{BOUND} -w 2 shop:app", files_of("07_5")) as server:
        server.wait_for_workers(2)
        with ThreadPoolExecutor(3) as crowd:
            replies = crowd.map(server.get, ["/tea"] * 3)
            begins, ends = zip(*(r.json() for r in replies), strict=True)
        server.process.terminate()
        status = server.process.wait(20)
    return [sum(begin >= min(ends) for begin in begins), status]


def unnamed():
    """The status, if the command names a file."""
    return [run(f"{BOUND} shop.py", files_of("07_5")).returncode]


def unknown():
    """How many lines two visitors leave, if the setting is unknown."""
    files = files_of("07_5")
    files["gunicorn.conf.py"] = 'access_logfile = "-"\n'
    with serve(f"{BOUND} shop:app", files) as server:
        for path in "/cups", "/cups":
            server.get(path)
        server.process.terminate()
        server.process.wait(20)
        return [server.log.count("/cups")]


@cache
def family_life():
    """What of each of these came."""
    return all_of([family, waiters, unnamed, unknown], at_once=2)


def exercise_5(answer):
    """Predict: who is there, and how does it end?"""
    hint = say("Who starts whom, who waits, and which names are known?")
    answer("prediction", hint)  # before Gunicorn is started
    answer.predicts("prediction", family_life(), hint)
