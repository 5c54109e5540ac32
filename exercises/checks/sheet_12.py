"""The checks of sheet 12."""

import re
import shlex
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import cache
from pathlib import Path

import requests

from exercises.checks.files import files_of
from exercises.commands import error_in, running, text_of
from exercises.words import say
from notebooks.serving import serve, start, wait_until


@cache  # no answer changes it
def counted():
    """The five numbers of four orders, each a list of four."""
    with ExitStack() as ends:
        store = ends.enter_context(start("true"))  # a folder for all
        shared = shlex.quote(str(Path(store.folder, "orders.txt")))
        command = f"SHARED={shared} gunicorn -b 127.0.0.1:0 shop:app"
        one, two, three = (
            ends.enter_context(serve(command, files_of("12_1")))
            for _ in range(3)
        )
        cookies, came = {}, []
        for machine in one, two, one, three:
            reply = machine.get("/order", cookies=cookies)
            cookies.update(reply.cookies.get_dict())
            came.append(reply.json())
    return [list(each) for each in zip(*came, strict=True)]


def exercise_1(answer):
    """Predict: what a machine remembers."""
    hint = say("Who keeps this number: process, visitor, folder, or all?")
    answer("prediction", hint)
    answer.predicts("prediction", counted(), hint)


def serves_or_ended(server):
    """Whether a worker serves, or the process of a Server has ended."""
    return (
        "Booting worker" in server.log or server.process.poll() is not None
    )


def last_line(server):
    """The last line of the log of a Server, to be told."""
    lines = server.log.strip().splitlines()
    return lines[-1].rstrip(".") if lines else say("it printed nothing")


def mint(server):
    """Whether a Server, or what it has started, answers as it should."""
    if listens := re.search(r"Listening at: (\S+)", server.log):
        server.url = listens[1]
        with suppress(requests.RequestException):
            return server.get("/").text == "mint"
    return False


def fate(command, files):
    """What becomes of a command that is to give up: its status, an int, or
    "serves". What it leaves running ends with its folder."""
    with start(command, files) as server:
        wait_until(lambda: serves_or_ended(server))
        if "Booting worker" in server.log:
            return "serves"
        return server.process.poll()


def exercise_2(answer):
    """Change: the first process of a container."""
    # May vary: the words by which a shell does it. Must not: who hears
    # TERM, what a failed migration leads to, and each word handed on.
    script = text_of(answer, "script")
    files = files_of("12_2") | {"start.sh": script}
    log = "--access-logfile - --access-logformat 'tea  for %(m)s'"
    command = f"BIND=127.0.0.1:0 SHOP_KEY=tea sh start.sh {log}"
    with start(command, files) as server:
        wait_until(
            lambda: mint(server) or server.process.poll() is not None
        )
        if server.process.poll() is not None:
            told = error_in(server) or last_line(server)
            why = say("it ended: {reason}.", reason=told)
            answer.refuse(why, say("Can you run it in a terminal?"))
        with ThreadPoolExecutor(1) as visitor:
            slow = visitor.submit(server.get, "/slow")
            wait_until(Path(server.folder, "asked").exists)
            server.process.terminate()
            status = server.process.wait(15)
            served = not slow.exception() and slow.result().text == "mint"
        hint = say("Which process has the number that TERM is sent to?")
        answer.compare("TERM", (status, served), (0, True), hint)
        hint = say('How many words is `"$*"`, how many `$*`, and `"$@"`?')
        came = "tea  for GET" in server.log
        answer.compare(say("the words handed on"), came, True, hint)
    hint = say("What does a shell do after a command that has failed?")
    for status in 1, 7:
        called = say("exit {status}, in migrate.py", status=status)
        came = fate(f"FAILS={status} {command}", files)
        answer.compare(called, came, status, hint)
    hint = say("What is `$SHOP_KEY` where nobody has set it?")
    for key in "", "SHOP_KEY= ":
        with start(f"BIND=127.0.0.1:0 {key}sh start.sh", files) as server:
            wait_until(lambda server=server: serves_or_ended(server))
            came = server.process.poll() or 0
            called = say("without a key: it gives up")
            answer.compare(called, came > 0, True, hint)
            migrated = Path(server.folder, "migrated").exists()
            called = say("without a key: a migration")
            answer.compare(called, migrated, False, hint)


# What is changed in a right manifest, and what is wrong then.
RIGHT = [
    "",
    "labels['app2'] = 'shop'",
    "del service['selector']; service['selector'] = {'color': 'green'}",
    "service['ports'][0]['targetPort'] = 8000",
    "service['ports'] = [{'port': 8000}]",
    "service['ports'].append({'port': 9, 'targetPort': 'web'})",
    "containers.append(side); service['ports'][0]['targetPort'] = 'metrics'",
    "containers.insert(0, side)",
    "del app['lifecycle']; pod['terminationGracePeriodSeconds'] = 21",
    "del pod['terminationGracePeriodSeconds']",
    "env[0]['value'] = '34'",
    "del env[0]; pod['terminationGracePeriodSeconds'] = 36",
    "del app['env']; pod['terminationGracePeriodSeconds'] = 36",
    "del app['lifecycle']['preStop']; env[0]['value'] = '39'",
    "app['lifecycle']['preStop'] = {'exec': {'command': ['sleep', '5']}}",
    "deployment['metadata'] = {'name': 'tea'}",
]
LABELS = [
    "service['selector'] = {'app': 'tea'}",
    "service['selector']['color'] = 'black'",
    "service['selector'] = {'team': 'tea'}",
    "labels['app'] = 'Shop'",
    "del labels['color']; service['selector']['color'] = 'green'",
]
PORT = [
    "service['ports'][0]['targetPort'] = 'http'",
    "service['ports'].append({'port': 9, 'targetPort': 'tea'})",
    "app['ports'][0]['name'] = 'Web'",
    "del app['ports']",
    "del app['ports'][0]['name']",
]
GRACE = [
    "pod['terminationGracePeriodSeconds'] = 25",
    "env[0]['value'] = '35'",
    "env[0]['value'] = '100'",
    "app['lifecycle']['preStop']['sleep']['seconds'] = 20",
    "del env[0]; pod['terminationGracePeriodSeconds'] = 35",
    "del app['env'], app['lifecycle'], pod['terminationGracePeriodSeconds']",
    "del pod['terminationGracePeriodSeconds']; env[0]['value'] = '25'",
    "del app['lifecycle']; pod['terminationGracePeriodSeconds'] = 20",
]
SECRET = [
    "env[2] = {'name': 'SHOP_KEY', 'value': 'mint'}",
    "env.append({'name': 'DATABASE_PASSWORD', 'value': 'mint'})",
    "env.insert(0, {'name': 'PASSWORD', 'value': ''})",
    "containers.append(side | {'env': [{'name': 'A_KEY', 'value': 'b'}]})",
]

WRONG = {"labels": LABELS, "port": PORT, "grace": GRACE, "secret": SECRET}


def exercise_3(answer):
    """Build: read a manifest."""
    # May vary: how the text is read. Must not: what stands elsewhere (a
    # Service before its Deployment, a second container), and what is left
    # out, and so has a default.
    answer.load("beside_12_3")
    hint = say("What is left out there, and what holds then?")
    for change in RIGHT:
        answer.expect(f'faults(manifest("{change}"))', [], hint)
    hints = {
        "labels": say("Which of the two must have all the other has?"),
        "port": say("Which names are there, and who has none?"),
        "grace": say(
            "What comes first, what then, and when does KILL come?"
        ),
        "secret": say("Can everybody who reads this file read the value?"),
    }
    for word, hint in hints.items():
        for change in WRONG[word]:
            answer.expect(f'faults(manifest("{change}"))', [word], hint)
    hint = say("Are all faults told, and in which order?")
    several = {
        f"{SECRET[0]}; {GRACE[0]}": ["grace", "secret"],
        f"{PORT[0]}; {LABELS[0]}": ["labels", "port"],
        "; ".join([PORT[0], LABELS[0], SECRET[1], GRACE[1]]): [
            "labels",
            "port",
            "grace",
            "secret",
        ],
    }
    for change, expected in several.items():
        for turn in "", ", turn=True":
            called = f'faults(manifest("{change}"{turn}))'
            answer.expect(called, expected, hint)


def exercise_4(answer):
    """Build: an ASGI app."""
    # May vary: in how many events an answer goes out, its type's charset,
    # what a 404 says. Must not: what is counted, however it comes; who
    # gets an answer, when, and of which visitor.
    answer.load("beside_12_4")
    expect = answer.expect
    hint = say("Which two events make an answer, and what is in each?")
    page = (200, "text/plain", "13", b"Hello, World!")
    expect('asked("GET", "/")', page, hint)
    hint = say("What has an answer to HEAD, and what has it not?")
    expect('asked("HEAD", "/")', (*page[:3], b""), hint)
    hint = say("Whose answer is this, and what is left for the others?")
    other = "GET", "HEAD", "PUT", "DELETE"
    for method in other:
        expect(f'asked("{method}", "/count")', 404, hint)
    for method in *other, "POST":
        for path in "/tea", "/count/", "//":
            expect(f'asked("{method}", "{path}")', 404, hint)
    expect('asked("POST", "/", b"tea")', 404, hint)
    hint = say("Which key of an event says that more will come?")
    for blocks in (
        [b"tea"],
        [b"mint", b" ", b"tea"],
        [b"", b"tea", b""],
        [b""],
    ):
        length = str(sum(map(len, blocks)))
        said = (200, "text/plain", str(len(length)), length.encode())
        called = f'asked("POST", "/count", *{blocks})'
        expect(called, said, hint)
    long = (200, "text/plain", "6", b"900003")
    expect('asked("POST", "/count", *[b"t" * 300001] * 3)', long, hint)
    expect("bare()", (200, "text/plain", "1", b"3"), hint)
    hint = say("Which event says that the visitor has left?")
    expect("left()", "nothing", hint)
    hint = say("Where do you count, and for whom?")
    expect("together()", [b"3", b"60", b"900"], hint)
    hint = say("What does a WebSocket begin with, and what ends it?")
    expect('spoken("/count")', ["accept"], hint)
    words = ["tea", "", "thé", "茶", b"tea", "thé".encode(), b""]
    numbers = [str(len(word)) for word in words]
    expect(f'spoken("/count", *{words})', ["accept", *numbers], hint)
    hint = say("How is one refused that was not accepted yet?")
    expect('spoken("/", "tea")', ["close"], hint)
    expect('spoken("/tea")', ["close"], hint)
    hint = say("What does a server learn from an app that raises?")
    for kind in "lifespan", "tea":
        expect(f'refused("{kind}")', "NotImplementedError", hint)
    real(answer)


def real(answer):
    """The same on a real server."""
    hint = say("What does its log say?")
    command = "gunicorn -k asgi -b 127.0.0.1:0 answer:app"
    with running(answer, command, {"answer.py": answer.text}) as server:
        came = server.get("/").text
        answer.compare("GET /", came, "Hello, World!", hint)
        came = server.post("/count", data=b"mint" * 50_000).text
        answer.compare("POST /count", came, "200000", hint)
