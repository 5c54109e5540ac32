"""The checks of sheet 09."""

import re
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import requests

from exercises.checks.files import files_of
from exercises.words import say
from notebooks.serving import run, serve, wait_until

COMMAND = "gunicorn -w 2 -b 127.0.0.1:0 tea:app"
TEA = "print('imported')\napp = print\n"
BROKEN = "raise RuntimeError('forgot to test')\n"


def term(server):
    server.process.terminate()


def kill(server):
    server.process.kill()


def kill_a_worker(server):
    server.workers[0].kill()
    wait_until(lambda: server.log.count("imported") == 3)


def hang_up(server):
    """With code that cannot be imported."""
    Path(server.folder, "tea.py").write_text(BROKEN)
    server.process.send_signal(signal.SIGHUP)


def fails(happens):
    """Whether systemd would start a server again after that."""
    with serve(COMMAND, {"tea.py": TEA}) as server:
        wait_until(lambda: server.log.count("imported") == 2)
        happens(server)
        if happens is kill_a_worker:
            return server.process.poll() is not None
        return server.process.wait(20) != 0


def exercise_1(answer):
    """Predict: who is started again?"""
    hint = say("Which process ends, if any, and with which status?")
    answer("prediction", hint)  # before a server is started
    with ThreadPoolExecutor(2) as crew:
        came = list(crew.map(fails, [term, kill, kill_a_worker, hang_up]))
    came.append(run(COMMAND, {"tea.py": BROKEN}).returncode != 0)
    answer.predicts("prediction", came, hint)


REASONS = [  # as SQLite and Flask say it
    "tea.db",
    "unable to open",
    "no such",
    "operational",
    "database",
]


def exercise_2(answer):
    """Change: a health check that makes things worse."""
    command = "gunicorn -b 127.0.0.1:0 answer:app"
    with serve(command, {"answer.py": answer.text}) as server:
        file = Path(server.folder, "tea.db")

        def see(state, expected):
            called = say("GET /healthz, GET /readyz: {state}", state=state)
            alive, ready = server.get("/healthz"), server.get("/readyz")
            came = [alive.status_code, ready.status_code]
            hint = say("Which of the two may ask the database, and when?")
            answer.compare(called, came, expected, hint)
            told = ready.text.lower() if ready.status_code == 503 else ""
            tells = any(reason in told for reason in REASONS)
            called = say(
                "GET /healthz, GET /readyz: {state}, tells why",
                state=state,
            )
            hint = say("Who reads this page?")
            answer.compare(called, tells, False, hint)

        see(say("no database"), [200, 503])
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("CREATE TABLE cup (name)")
        see(say("a database without teas"), [200, 503])
        with closing(sqlite3.connect(file)) as db, db:
            db.execute("CREATE TABLE tea (name)")
        see(say("all is well"), [200, 200])
        file.unlink()
        see(say("the database has gone"), [200, 503])


def hang_ups(server):
    """How many HUPs it has got; USR1 comes after all that was sent."""
    usr1s = server.log.count("signal: usr1") + 1
    server.process.send_signal(signal.SIGUSR1)

    def heard():
        down = server.process.poll() is not None
        return down or server.log.count("signal: usr1") == usr1s

    wait_until(heard)
    return server.log.count("signal: hup")


def exercise_3(answer):
    """Build: a careful reload."""
    command, files = "gunicorn -b 127.0.0.1:0 shop:app", files_of("shop")
    with serve(command, files) as server:

        def deploys(code, works, called, hups, hint):
            Path(server.folder, "shop.py").write_text(code)
            call = f"deploy({server.folder!r}, {server.process.pid})"
            answer.compare(called, answer(call), works, hint)
            hint = say(
                "Which signal asks for a reload, and when is it sent?"
            )
            answer.compare(hups, hang_ups(server), int(works), hint)

        called = say("deploy(folder, pid), the new code fails,")
        hups = say("deploy(folder, pid), the new code fails, HUPs:")
        hint = say("Who imports it first?")
        deploys("raise OSError", False, called, hups, hint)
        called = say("deploy(folder, pid), the new code has no app,")
        hups = say("deploy(folder, pid), the new code has no app, HUPs:")
        hint = say("What is served?")
        deploys("application = print", False, called, hups, hint)
        called = say("deploy(folder, pid), the new code works,")
        hups = say("deploy(folder, pid), the new code works, HUPs:")
        hint = say("In which folder?")
        coffee = files["shop.py"].replace("tea", "coffee")
        deploys(coffee, True, called, hups, hint)
        wait_until(lambda: server.get("/").text == "coffee")


def exercise_4(answer):
    """Change: mend a configuration."""
    files = files_of("09_4") | {"gunicorn.conf.py": answer("conf")}
    ended = run("gunicorn --print-config shop:app", files)
    if ended.returncode:
        lines = ended.stdout.strip().splitlines()
        words = [*re.findall("for (.*?):.*", lines[0]), lines[-1]]
        why = say("gunicorn gives up ({reason}).", reason=" ".join(words))
        answer.refuse(why, say("What does it want for this setting?"))
    settings = dict(re.findall(r"(?m)^(\w+) += (.*)", ended.stdout))

    def sets(name, expected, hint):
        answer.compare(name, settings[name], expected, hint)

    sets("bind", "['127.0.0.1:0']", say("Who can reach that address?"))
    hint = say("What does a service manager see of it?")
    sets("daemon", "False", hint)
    hint = say("What becomes of a name that it does not know?")
    sets("workers", "2", hint)
    imports = 1 if settings["preload_app"] == "True" else 2
    with serve("gunicorn shop:app", files) as server:
        wait_until(lambda: server.log.count("imported") == imports)
        with ThreadPoolExecutor(1) as visitor:
            report = visitor.submit(server.get, "/report")
            wait_until(lambda: "one waits" in server.log)
            server.get("/bell")
            server.process.terminate()
            wait_until(lambda: "Handling signal: term" in server.log)
            Path(server.folder, "term").touch()
        try:
            came = report.result().text
        except requests.ConnectionError:
            came = "cut off"
        hint = say("How long may a visitor stay who is inside?")
        if came == "nobody could ring":
            hint = say("Who answers if a worker's only thread is taken?")
        answer.compare("GET /report, TERM", came, "a report", hint)
        sets("graceful_timeout", "30", hint)
        server.process.wait(40)
        said = server.log.count("A worker has come.")
        hint = say("Which hook runs once in each worker?")
        called = say("A worker has come., in the log,")
        answer.compare(called, said, 2, hint)
        asked = len(re.findall("GET /bell", server.log))
        hint = say("Which file is the terminal?")
        called = say("GET /bell, in the terminal,")
        answer.compare(called, asked, 1, hint)
