"""The checks of sheet 06."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import requests

from exercises.checks.files import files_of
from exercises.words import say
from notebooks.serving import run, serve


def imports(command):
    """How often a command imports shop.py, until its server answers."""
    files = files_of("06_1")
    if command.startswith("flask") or command.endswith("shop.py"):
        with serve(command, files) as server:
            return server.log.count("imported")
    return run(command, files).stdout.count("imported")


def exercise_1(answer):
    """Predict: how often is it imported?"""
    hint = say(
        "Which of them have a second process that imports the file?"
    )
    answer("prediction", hint)  # before a server is started
    flask = "flask --app shop run --port 0"
    commands = ["python -c 'import shop'", "python shop.py", flask]
    commands += [f"{flask} --debug", f"{flask} --debug --no-reload"]
    with ThreadPoolExecutor(3) as together:
        came = list(together.map(imports, commands))
    answer.predicts("prediction", came, hint)


FLASK = "flask --app shop run --port {}"


def asked():
    """The status half a second after /error, and that after /exit."""
    with serve(FLASK.format(0), files_of("06_2")) as server:
        server.get("/error")
        time.sleep(0.5)
        after = server.process.poll()
        with suppress(requests.ConnectionError):
            server.get("/exit")
        return [after, server.process.wait(5)]


def told():
    """The status after SIGTERM, and that of a second one at its port."""
    with serve(FLASK.format(0), files_of("06_2")) as server:
        second = FLASK.format(server.address[1])
        status = run(second, files_of("06_2")).returncode
        server.process.terminate()
        return [server.process.wait(5), status]


def missing():
    """The status of one whose file is not there."""
    return [run("flask --app nothing run --port 0").returncode]


def exercise_2(answer):
    """Predict: how does it end?"""
    hint = say(
        "Does it end; if so, by a signal, by an exit, or by a complaint?"
    )
    answer("prediction", hint)  # before a server is started
    with ThreadPoolExecutor(3) as together:
        parts = [together.submit(f) for f in (asked, told, missing)]
        came = [status for part in parts for status in part.result()]
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: a file that cannot be imported."""
    answer.load("beside_06_3")
    hint = say("What is `__name__` in a file that is imported?")
    answer.expect('begun("shop")', [], hint)
    hint = say("What is `__name__` in a file that Python was told to run?")
    answer.expect('len(begun("__main__"))', 1, hint)
    hint = say("From where can this address be reached?")
    loopback = '("127.0.0.1", "localhost")'
    answer.expect(f'begun("__main__")[0][0] in {loopback}', True, hint)
    hint = say("Whose word counts, and what if there is none?")
    answer.expect('begun("__main__")[0][1]', 5000, hint)
    answer.expect('begun("__main__", PORT="8123")[0][1]', 8123, hint)
    hint = say("Which text is `1`, and is a text that is not empty true?")
    for environ, debug in [
        ('SHOP_DEBUG="1"', (True, True)),
        ('PORT="8123"', (False, False)),
        ('SHOP_DEBUG="0"', (False, False)),
        ('SHOP_DEBUG=""', (False, False)),
    ]:
        started = f'begun("__main__", {environ})[0][2:]'
        answer.expect(started, debug, hint)
    hint = say("Who decides when you say nothing of `debug`?")
    started = 'begun("__main__", FLASK_DEBUG="1")[0][2:]'
    answer.expect(started, (False, False), hint)
    files = {"shop.py": answer("shop")}
    with serve("PORT=0 python shop.py", files) as server:
        hint = say("Are the views still there?")
        answer.compare("GET /", server.get("/").text, "tea", hint)
        reply = server.get("/error")
        answer.compare("GET /error", reply.status_code, 500, hint)
        hint = say("What does a stranger learn of the failure?")
        tells = "recipe" in reply.text
        answer.compare('"recipe" in GET /error', tells, False, hint)


def exercise_4(answer):
    """Build: is it ready?"""
    answer.load("beside_06_4")
    hint = say("What does it do when all is well?")
    answer.expect('ready("200 OK")', "ready", hint)
    hint = say("Is that an answer?")
    answer.expect('ready("404 Not Found")', "ready", hint)
    answer.expect('ready("500 Oh No")', "ready", hint)
    hint = say("What if the server needs a moment?")
    answer.expect('ready("200 OK", after=0.3)', "ready", hint)
    hint = say("Who could still answer?")
    answer.expect('ended("exit(1)")', ("RuntimeError", "in time"), hint)
    soon = 'ended("import time; time.sleep(0.2)")'
    answer.expect(soon, ("RuntimeError", "in time"), hint)
    hint = say("How long is a test to wait?")
    answer.expect("nobody()", ("TimeoutError", "in time"), hint)
    hint = say("How long may one question take?")
    answer.expect("silent()", ("TimeoutError", "in time"), hint)


def exercise_5(answer):
    """Build: it ends."""
    hint = say("Who asks it to end, and who waits for it?")
    answer.load("beside_06_5")
    with tempfile.TemporaryDirectory() as folder:
        answer.run(f"work_in({folder!r})")
        answer.expect("end(POLITE)", (-15, []), hint)
        hint = say("Is it asked before it is killed, and has it time?")
        answer.expect("end(FINISHES)", (7, []), hint)
        hint = say("What if it does not listen?")
        answer.expect("end(STUBBORN, patience=0.3)", (-9, []), hint)
        hint = say("Which lines are run when the block fails?")
        error = "error=ZeroDivisionError()"
        answer.expect(f"end(POLITE, {error})", (-15, []), hint)
        hint = say("Whom do you ask when it has ended already?")
        answer.expect('end("exit 0")', (0, []), hint)
