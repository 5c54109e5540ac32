"""The checks of sheet 06."""

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

import requests

from exercises.checks.files import files_of
from exercises.commands import all_of
from exercises.words import say
from notebooks.serving import run, serve, wait_until


def imports(command):
    """How often a command imports shop.py, until its server answers."""
    files = files_of("06_1")
    if command.startswith("flask") or command.endswith("shop.py"):
        with serve(command, files) as server:
            return server.log.count("imported")
    return run(command, files).stdout.count("imported")


@cache  # no answer changes it
def imports_of_all():
    """How often each command imports it."""
    flask = "flask --app shop run --port 0"
    commands = ["python -c 'import shop'", "python shop.py", flask]
    commands += [f"{flask} --debug", f"{flask} --debug --no-reload"]
    with ThreadPoolExecutor(3) as together:
        return list(together.map(imports, commands))


def exercise_1(answer):
    """Predict: how often is it imported?"""
    hint = say(
        "Which of them have a second process that imports the file?"
    )
    answer("prediction", hint)  # before a server is started
    answer.predicts("prediction", imports_of_all(), hint)


FLASK = "flask --app shop run --port {}"


def asked():
    """The status half a second after /error, and that after /exit."""
    with serve(FLASK.format(0), files_of("06_2")) as server:
        server.get("/error")
        time.sleep(0.5)
        after = server.process.poll()
        with suppress(requests.ConnectionError):
            server.get("/exit")
        return [after, server.process.wait(20)]


def told():
    """The status after SIGTERM, and that of a second one at its port."""
    with serve(FLASK.format(0), files_of("06_2")) as server:
        second = FLASK.format(server.address[1])
        status = run(second, files_of("06_2")).returncode
        server.process.terminate()
        return [server.process.wait(20), status]


def missing():
    """The status of one whose file is not there."""
    return [run("flask --app nothing run --port 0").returncode]


@cache
def ends():
    """How each ends."""
    return all_of([asked, told, missing], at_once=3)


def exercise_2(answer):
    """Predict: how does it end?"""
    hint = say(
        "Does it end; if so, by a signal, by an exit, or by a complaint?"
    )
    answer("prediction", hint)  # before a server is started
    answer.predicts("prediction", ends(), hint)


def exercise_3(answer):
    """Change: a file that cannot be imported."""
    # May vary: which server it is, and how the text is written. Must not:
    # that an import is quiet, the host, where the port comes from; for
    # anything but the text `1`, that there is no debugger and no reloader.
    answer.load("beside_06_3")
    expect = answer.expect
    hint = say("What is `__name__` in a file that is imported?")
    expect('begun("shop")', [], hint)
    said = 'PORT="8123", SHOP_DEBUG="1"'
    expect(f'begun("tea.shop", {said})', [], hint)
    hint = say("What has somebody who imports the file?")
    expect("imported()", ("tea", 500), hint)
    hint = say("What is `__name__` in a file that Python was told to run?")
    said = 'PORT="8123", SHOP_DEBUG="0"'
    expect(f'len(begun("__main__", {said}))', 1, hint)
    hint = say("From where can this address be reached?")
    loopback = '["127.0.0.1"], ["localhost"]'
    for said in 'PORT="8123"', 'PORT="0", SHOP_DEBUG="1"':
        expect(f"hosts({said}) in ({loopback})", True, hint)
    hint = say("Whose word counts, and what if there is none?")
    expect("ports()", [5000], hint)
    for more in "", ', SHOP_DEBUG="1"':
        expect(f'ports(PORT="8123"{more})', [8123], hint)
    expect('ports(PORT="0")', [0], hint)  # is not nothing
    hint = say("Which text is `1`, and is a text that is not empty true?")
    expect('extras(SHOP_DEBUG="1")', [(True, True)], hint)
    expect("extras()", [(False, False)], hint)
    for text in "0", "", "2", "10", " 1", "true", "no":
        expect(f'extras(SHOP_DEBUG="{text}")', [(False, False)], hint)
    hint = say("Who decides when you say nothing of `debug`?")
    expect('extras(FLASK_DEBUG="1")', [(False, False)], hint)
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
    # May vary: the client, how often it asks, what it returns. Must not:
    # what counts as an answer (its head, of any status, however late it
    # comes within the seconds), which error it raises, and when.
    answer.load("beside_06_4")
    for hint, said, cases in [
        (
            say("What does it do when all is well?"),
            "ready",
            ["it answers 200 OK"],
        ),
        (
            say("Is that an answer?"),
            "ready",
            [
                "it answers 404 Not Found",
                "it answers 500 Oh No",
                "it answers 503 Busy",
                "it answers 302 Found",
            ],
        ),
        (
            say("What if the server needs a moment?"),
            "ready",
            ["it listens after a moment", "it takes a second to answer"],
        ),
        (
            say("When has a server answered: at the head, or at the end?"),
            "ready",
            ["its body never ends"],
        ),
        (
            say("Who could still answer?"),
            "RuntimeError",
            [
                "it has ended",
                "it ends in a moment",
                "it has ended, another answers",
            ],
        ),
        (
            say("How long is a test to wait?"),
            "TimeoutError",
            ["nobody listens"],
        ),
        (
            say("How long may one question take?"),
            "TimeoutError",
            ["it says nothing"],
        ),
        (
            say("Is every word that comes an answer?"),
            "TimeoutError",
            ["it speaks no HTTP"],
        ),
        (
            say("Which errors does a client know, beside a refusal?"),
            "ready",
            ["it speaks no HTTP, then HTTP"],
        ),
        (
            say("How long may the last question take?"),
            "TimeoutError",
            ["it speaks no HTTP, then nothing, seconds=2"],
        ),
    ]:
        for case in cases:
            answer.expect(f'when("{case}")', said, hint)


def exercise_5(answer):
    """Build: it ends."""
    # May vary: how it waits, whom in the group it asks, whether it is a
    # function or a class. Must not: the status, who is left, whatever the
    # block and the process did; that it waits no longer than it must.
    answer.load("beside_06_5")
    expect = answer.expect
    with tempfile.TemporaryDirectory() as folder:
        answer.run(f"work_in({folder!r})")
        hint = say("Which option of `Popen` makes a group?")
        expect("has_a_group()", True, hint)
        hint = say("Who asks it to end, and who waits for it?")
        expect("end(POLITE, patience=6)", (-15, []), hint)
        hint = say("Is it asked before it is killed, and has it time?")
        expect("end(FINISHES)", (7, []), hint)
        hint = say("What if it does not listen?")
        expect("end(STUBBORN, patience=0.2)", (-9, []), hint)
        hint = say("Who ends a child that its parent has left?")
        expect("end(CHILD_IS_STUBBORN)", (-15, []), hint)
        expect("end(LEAVES_A_CHILD)", (3, []), hint)
        hint = say("Which lines are run when the block fails?")
        for error in "ZeroDivisionError()", "KeyboardInterrupt()":
            expect(f"end(POLITE, error={error})", (-15, []), hint)
        hint = say("Whom do you ask when it has ended already?")
        expect('end("exit 0")', (0, []), hint)
        hint = say("Which of the two does it end?")
        expect("two()", [-15, -15], hint)


ALONE = " --without-threads"


def threads(options):
    """How many threads answer three visits."""
    with serve(FLASK.format(0) + options, files_of("06_6")) as server:
        return [len({server.get("/who").json()[1] for _ in range(3)})]


def afresh():
    """How many processes answer before and after a change, and how many
    of them are the one that was started."""
    files = files_of("06_6")
    with serve(FLASK.format(0) + " --debug", files) as server:
        seen = [server.get("/who").json()[0]]

        def another():
            with suppress(requests.RequestException):  # it starts afresh
                seen.append(server.get("/who").json()[0])
            return seen[-1] != seen[0]

        changed = files["shop.py"] + "\n"
        Path(server.folder, "shop.py").write_text(changed, "utf-8")
        wait_until(another)
        return [len(set(seen)), len({server.process.pid} & set(seen))]


def pages():
    """On how many pages of /error the source is, and the console."""
    told = []
    for options, hosts in [
        ("", ["127.0.0.1"]),
        (" --debug", ["127.0.0.1", "192.168.1.5"]),
        (" --debug --no-reload", ["127.0.0.1"]),
    ]:
        with serve(FLASK.format(0) + options, files_of("06_6")) as server:
            for host in hosts:
                told.append(server.get("/error", headers={"Host": host}))
    texts = [reply.text for reply in told]
    words = "return 1 / 0", "EVALEX = true"
    return [sum(each in text for text in texts) for each in words]


@cache
def answerers():
    """Who answers, and what a stranger sees."""
    usual, without = partial(threads, ""), partial(threads, ALONE)
    return all_of([usual, without, afresh, pages], at_once=3)


def exercise_6(answer):
    """Predict: who answers, and what does a stranger see?"""
    hint = say("Who answers, and whom does the debugger trust?")
    answer("prediction", hint)  # before a server is started
    answer.predicts("prediction", answerers(), hint)
