"""The checks of sheet 07."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psutil

from exercises.checks.files import files_of
from exercises.commands import running, settings_of, until_closed
from exercises.words import say
from notebooks.serving import run, start, wait_until

FILES = {"gunicorn.conf.py": "workers = 3\n", "other.py": "threads = 2\n"}
COMMANDS = [
    "gunicorn",
    "gunicorn -c other.py",
    "WEB_CONCURRENCY=2 gunicorn -c other.py",
    'WEB_CONCURRENCY=2 GUNICORN_CMD_ARGS="-w 4" gunicorn',
    'GUNICORN_CMD_ARGS="-w 4" gunicorn -w 5 --workers 6',
]


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


def exercise_2(answer):
    """Change: a command that does not start."""
    command, files = str(answer("command")), files_of("07_2")
    settings = settings_of(answer, command, files)
    hint = say("Who can reach that address?")
    bind = "['127.0.0.1:0']"
    answer.compare("bind", settings["bind"], bind, hint)
    hint = say("What would a terminal, or systemd, see of it?")
    answer.compare("daemon", settings["daemon"], "False", hint)
    hint = say("Which option counts workers?")
    answer.compare("workers", settings["workers"], "3", hint)
    with running(answer, command, files) as server:
        reply = server.get("/tea")
        came = reply.status_code, reply.text
        hint = say("Has the factory been called, and with what?")
        answer.compare("GET /tea", came, (200, "Good evening"), hint)
        server.wait_for_workers(3)
        until_closed(server, "/cups")
        lines = server.log.splitlines()
        logged = sum("/cups" in line for line in lines)
        hint = say(
            "Which log has a line for each request, and where is it?"
        )
        called = say("GET /cups, in the terminal,")
        answer.compare(called, logged, 1, hint)


def exercise_3(answer):
    """Change: four workers that do not know you."""
    command = str(answer("command"))
    settings = settings_of(answer, command)
    hint = say("Who can reach that address?")
    bind = "['127.0.0.1:0']"
    answer.compare("bind", settings["bind"], bind, hint)
    hint = say("Were there not four, in the foreground?")
    came = settings["workers"], settings["daemon"]
    answer.compare("workers, daemon", came, ("4", "False"), hint)
    with running(answer, command) as server:
        server.wait_for_workers(4)
        cookies = server.get("/visits").cookies.get_dict()
        before = server.workers
        for worker in before:
            worker.kill()
        wait_until(lambda: not {*before} & {*server.workers})
        again = server.get("/visits", cookies=cookies).json()["visits"]
    hint = say("Who draws the key that signs a session, and when?")
    answer.compare(say("GET /visits, with its cookie,"), again, 2, hint)


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
        return server.process.poll() is None


def exercise_4(answer):
    """Build: your own run.sh."""
    answer.load("beside_07_4")
    hint = say("Which name does Gunicorn look for? If no variable is set?")
    answer.expect('setting("bind")', "127.0.0.1:8000", hint)
    local = 'setting("bind", BIND="127.0.0.1:0")'
    answer.expect('str(setting("workers"))', "4", hint)
    hint = say("Where is the environment?")
    answer.expect(local, "127.0.0.1:0", hint)
    three = 'str(setting("workers", WORKERS="3"))'
    answer.expect(three, "3", hint)
    daemon = 'bool(settings().get("daemon"))'
    answer.expect(daemon, False, say("Who asked?"))
    hint = say("What does `gunicorn --help` say of the control socket?")
    disabled = 'setting("control_socket_disable")'
    answer.expect(disabled, True, hint)
    files = files_of("shop") | {"gunicorn.conf.py": answer("conf")}
    hint = say("What does Gunicorn think of this number, and what do you?")
    for bad in "0", "65", "many":
        command = f"WORKERS={bad} BIND=127.0.0.1:0 gunicorn shop:app"
        called = say("WORKERS={number}: starts", number=bad)
        answer.compare(called, starts(command, files), False, hint)
    command = "WORKERS=2 BIND=127.0.0.1:0 gunicorn shop:app"
    with running(answer, command, files) as server:
        server.wait_for_workers(2)
        until_closed(server, "/greet/Ada?token=secret")
        lines = re.findall(".*Ada.*", server.log)
    hint = say(
        "Which setting says what a line of the access log is made of?"
    )
    line = ["GET /greet/Ada 200"]
    answer.compare(say("the lines with Ada"), lines, line, hint)
