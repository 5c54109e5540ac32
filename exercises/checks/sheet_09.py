"""The checks of sheet 09."""

import re
import shlex
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import cache
from pathlib import Path

import psutil
import requests

from exercises.checks.files import files_of
from exercises.checks.units import (
    BIN,
    TERMS,
    TRUE,
    ignored,
    last,
    obeys,
    seconds,
    service_of,
    words_of,
)
from exercises.commands import (
    error_in,
    listens_here,
    running,
    settings_of,
    text_of,
)
from exercises.words import say
from notebooks.serving import run, serve, wait_until

COMMAND = "gunicorn -w 2 -b 127.0.0.1:0 tea:app"
TEA = "print('imported')\napp = print\n"
BROKEN = "raise RuntimeError('forgot to test')\n"
NO_APP = "print('imported')\n"  # Python accepts it, and Gunicorn does not


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


@cache  # no answer changes it
def failures():
    """Which of them systemd would start again."""
    with ThreadPoolExecutor(3) as crew:
        fifth = crew.submit(run, COMMAND, {"tea.py": BROKEN})
        came = list(crew.map(fails, [term, kill, kill_a_worker, hang_up]))
        return [*came, fifth.result().returncode != 0]


def exercise_1(answer):
    """Predict: who is started again?"""
    hint = say("Which process ends, if any, and with which status?")
    answer("prediction", hint)  # before a server is started
    answer.predicts("prediction", failures(), hint)


# What SQLite, Flask or a learner says of the reason, for a stranger.
REASON = r"tea\.db|unable to open|no such|operational|database|sql"
REASON += r"|\b(table|file|db|disk|locked|traceback)\b"


def tells(reply):
    """Which word of a reply tells the reason, a str; "" if none does."""
    headers = [f"{name}: {value}" for name, value in reply.headers.items()]
    words = "\n".join([reply.text, reply.reason or "", *headers])
    found = re.search(REASON, words, re.IGNORECASE)
    return found[0] if found else ""


# May vary: what the pages say, and how an error is caught. May not: the
# two statuses, for each way in which a database can be away; a reason in
# the page, the status line or a header; that the questions change nothing.
def exercise_2(answer):
    """Change: a health check that makes things worse."""
    command, files = "gunicorn -b 127.0.0.1:0 answer:app", {}
    files["answer.py"] = answer.text
    with running(answer, command, files) as server:
        file = Path(server.folder, "tea.db")

        def see(state, expected):
            called = say("GET /healthz, GET /readyz: {state}", state=state)
            alive, ready = server.get("/healthz"), server.get("/readyz")
            came = [alive.status_code, ready.status_code]
            if 500 in came:
                answer.logged = error_in(server)
            hint = say("Which of the two may ask the database, and when?")
            answer.compare(called, came, expected, hint)
            if ready.status_code == 503:
                called = say("{state}, 503 tells of it:", state=state)
                hint = say("Who reads this page, and its headers?")
                answer.compare(called, tells(ready), "", hint)

        def write(statement):
            with closing(sqlite3.connect(file)) as db, db:
                db.execute(statement)

        see(say("no database"), [200, 503])
        hint = say("What does SQLite do with a file that is not there?")
        called = say("no database, one was made:")
        answer.compare(called, file.exists(), False, hint)
        write("CREATE TABLE cup (name)")
        see(say("a database without teas"), [200, 503])
        write("CREATE TABLE tea (name)")
        see(say("all is well"), [200, 200])
        file.write_bytes(b"no database" * 99)
        see(say("a broken database"), [200, 503])
        file.unlink()
        see(say("the database has gone"), [200, 503])
        write("CREATE TABLE tea (name)")
        see(say("it is back"), [200, 200])


def signals(server):
    """Which signals it has got, but for USR1."""
    # Of signals that wait, the lowest number is handled first, so the
    # second USR1 comes after all that was sent.
    log_anew(server)
    log_anew(server)
    got = re.findall(r"Handling signal: (\w+)", server.log)
    return [name for name in got if name != "usr1"]


def log_anew(server):
    """Send USR1, and wait until its line is in the log, or it is down."""
    usr1s = server.log.count("signal: usr1") + 1
    server.process.send_signal(signal.SIGUSR1)

    def heard():
        down = server.process.poll() is not None
        return down or server.log.count("signal: usr1") >= usr1s

    wait_until(heard)


# New code that Gunicorn does not accept. It leaves its mark on the process
# that imports it, which must not be the one that deploys.
MARK = "import os\nos.environ['IMPORTED'] = 'yes'\n"
FAILS = [
    MARK
    + "def app(environ, start_response): ...\nraise OSError('late')\n",
    MARK + "raise SystemExit('no key')\n",
    MARK + "application = print\n",
    MARK + "app = 'def app('\n",
]
KILLED = MARK + "os.kill(os.getpid(), 9)\n"
# New code that it accepts, and that says something of itself.
WARNS = MARK + "os.write(2, b'A warning: no key yet.\\n')\n"


# May vary: how Gunicorn, or another Python, is asked, and how the signal
# is sent. May not: the answer to code that fails late, leaves by an exit
# or a signal, has no app, or no callable one, and to code that warns and
# works; one HUP and no other signal; what becomes of the process that
# deploys. The path of the folder has a space.
def exercise_3(answer):
    """Build: a careful reload."""
    command, files = "gunicorn -b 127.0.0.1:0 shop:app", files_of("shop")
    with running(answer, command, files) as server:
        folder = Path(server.folder, "of Ada", "the shop")
        folder.parent.mkdir()
        folder.symlink_to(server.folder)
        call = f"deploy({str(folder)!r}, {server.process.pid})"
        where = '__import__("os").getcwd()'
        here = answer(where)

        def deploys(code, works, hint):
            Path(server.folder, "shop.py").write_text(code)
            last = code.splitlines()[-1].strip()
            called = say("deploy, new code: {code}", code=last)
            answer.compare(called, answer(call, hint), works, hint)
            hint = say(
                "Which signal asks for a reload, and when is it sent?"
            )
            called = say(
                "the signals that came, new code: {code}", code=last
            )
            expected = ["hup"] if works else []
            answer.compare(called, signals(server), expected, hint)

        def stays():
            hint = say("In which process does the new code run?")
            code = '"IMPORTED" in __import__("os").environ'
            answer.expect(code, False, hint)

        hint = say("Who imports it first, and what is served?")
        for code in FAILS:
            deploys(code, False, hint)
        stays()  # before code comes that would end it
        hint = say("What is the status of one that a signal has ended?")
        deploys(KILLED, False, hint)
        old = server.workers
        coffee = files["shop.py"].replace("tea", "coffee")
        hint = say("In which folder, and what says whether it failed?")
        deploys(WARNS + coffee, True, hint)
        wait_until(lambda: server.get("/").text == "coffee")
        wait_until(lambda: not {*old} & {*server.workers})
        signals(server)  # the arbiter has told how they ended
        killed = re.findall(r"was sent (?!SIGTERM)(\w+)!", server.log)
        hint = say("Who is asked, and who asks the workers?")
        called = say("the signals that ended a worker")
        answer.compare(called, killed, [], hint)
        stays()
        hint = say("Whose folder has changed?")
        answer.expect(where, here, hint)


COME = "A worker has come."


def has_closed(server):
    """Whether the arbiter has heard TERM: it listens no more."""
    try:
        sockets = psutil.Process(server.process.pid).net_connections("tcp")
    except psutil.Error:
        return True
    return not any(each.status == psutil.CONN_LISTEN for each in sockets)


# May vary: which hook it is, the kind of worker, and what needs no line.
# May not: what comes of it; and the two who say that they have come are
# the workers. (Whoever prints is numbered by our sitecustomize.py.)
def exercise_4(answer):
    """Change: mend a configuration."""
    files = files_of("09_4")
    files["gunicorn.conf.py"] = text_of(answer, "conf")
    command = "gunicorn shop:app"
    hint = say("What does it want for this setting?")
    settings = settings_of(answer, command, files, hint)

    def sets(name, expected, hint):
        answer.compare(name, settings[name], expected, hint)

    listens_here(answer, settings)
    hint = say("What does a service manager see of it?")
    sets("daemon", "False", hint)
    hint = say("How many are to be there?")
    if not re.search(r"\bworkers\b", answer("conf")):
        hint = say("What becomes of a name that it does not know?")
    sets("workers", "2", hint)
    sync = (settings["worker_class"], settings["threads"]) == ("sync", "1")
    if sync and 0 < int(settings["timeout"]) < 25:
        why = say("a worker is killed in the middle of a long report.")
        answer.refuse(why, say("What does `timeout` watch, with sync?"))
    imports = 1 if settings["preload_app"] == "True" else 2
    with running(answer, f"PYTHONPATH=. {command}", files) as server:
        wait_until(lambda: server.log.count("imported") == imports)
        workers = {str(each.pid) for each in server.wait_for_workers(2)}
        with ThreadPoolExecutor(1) as visitor:
            report = visitor.submit(server.get, "/report", timeout=40)
            wait_until(lambda: "one waits" in server.log)
            server.get("/bell")
            with suppress(TimeoutError):  # they have come, and say so
                wait_until(lambda: server.log.count(COME) >= 2, 6)
            early = server.log.count(COME)
            server.process.terminate()
            wait_until(lambda: has_closed(server))
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
        lines = re.findall(f".*{re.escape(COME)}", server.log)
        hint = say("Which hook runs once in each worker, and when?")
        if not lines:
            hint = say(
                "Which hook says it, and at which level of the log?"
            )
        called = say("A worker has come., in the log, before TERM,")
        answer.compare(called, early, 2, hint)
        called = say("A worker has come., in the log,")
        answer.compare(called, len(lines), 2, hint)
        numbers = re.findall(r"\[(\d+)\]", "\n".join(lines))
        called = say("A worker has come., said by a worker,")
        if numbers:
            answer.compare(called, {*numbers} == workers, True, hint)
        asked = min(server.log.count("GET /bell"), 1)
        hint = say("Which file is the terminal?")
        called = say("GET /bell, in the terminal,")
        answer.compare(called, asked, 1, hint)


SHOP = """
import time


def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(60)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"old"]
"""


def change(server, code, name):
    """Change the shop, and send the arbiter a signal; return the workers
    that there were."""
    old = server.workers
    Path(server.folder, "shop.py").write_text(code)
    server.process.send_signal(signal.Signals[name])
    return old


def new_code(server):
    new = SHOP.replace("old", "new")
    new += (
        "# A file as old and as long as the last is not compiled anew.\n"
    )
    old = change(server, new, "SIGHUP")
    wait_until(lambda: server.workers and not {*old} & {*server.workers})


def broken_code(server):
    change(server, BROKEN, "SIGHUP")
    server.process.wait(20)


def broken_code_beside(server):
    change(server, BROKEN, "SIGUSR2")
    wait_until(lambda: "Reason: Worker failed to boot" in server.log)


def nothing_new(server):
    """The code stays as it is."""


def killed_more_than(number, server):
    """Whether the arbiter has killed so many workers, and one more: each
    was asked to end a second before, and had no time to say so, as on a
    busy machine."""

    def killed():
        return server.log.count("was sent SIGKILL") > number

    with suppress(TimeoutError):
        wait_until(
            lambda: killed() or server.process.poll() is not None, 5
        )
    return killed()


def reads(options, happens, path="/"):
    """What a visitor reads when something has happened."""
    command = f"gunicorn {options} -b 127.0.0.1:0 shop:app"
    with serve(command, {"shop.py": SHOP}) as server:
        happens(server)
        for number in range(3):
            try:
                reply = server.get(path)
                return reply.text if reply.status_code == 200 else "error"
            except requests.ConnectionError:
                if not killed_more_than(number, server):
                    break
        return "nothing"


CASES = [
    ("", new_code),
    ("--preload", new_code),
    ("", broken_code),
    ("", broken_code_beside),
    ("-k sync --timeout 1", nothing_new, "/slow"),
]


@cache
def read_in_all():
    """What the visitor reads in each case."""
    with ThreadPoolExecutor(3) as crew:
        return list(crew.map(lambda case: reads(*case), CASES))


def exercise_5(answer):
    """Predict: what does the visitor read?"""
    hint = say("Who serves in the end, and with which code?")
    answer("prediction", hint)  # before a server is started
    answer.predicts("prediction", read_in_all(), hint)


def shop_command(answer, service):
    """The command that a unit starts, a str, for another port and with our
    programs; refuses what systemd does not find, or not watch."""
    lines = service.get("ExecStart", [])
    hint = say("How many commands does a service have, and which?")
    answer.compare("ExecStart, lines", len(lines), 1, hint)
    variables = " ".join(service.get("Environment", []))
    try:
        program = shlex.split(lines[0])[0]
        words = [*shlex.split(variables), *words_of(lines[0])]
    except ValueError:
        why = say("ExecStart has a quote that nothing ends.")
        answer.refuse(why, say("Which quote belongs to which?"))
    hint = say("Where does systemd look for a program?")
    called = say("the program of ExecStart")
    if program not in (f"{BIN}python", f"{BIN}python3"):
        answer.compare(called, program, f"{BIN}gunicorn", hint)
    return shlex.join(words).replace(":8000", ":0")


def reloads(answer, lines, server, code):
    """What signals come, and what the shop says, when systemd reloads it
    with new code: a list of str."""
    Path(server.folder, "shop.py").write_text(code)
    old = server.workers
    try:
        obeys(lines, server)
    except ValueError:
        why = say("ExecReload has a quote that nothing ends.")
        answer.refuse(why, say("Which quote belongs to which?"))
    came = signals(server)
    try:
        if came == ["hup"] and "coffee" in code:
            with suppress(TimeoutError):  # an old worker may still answer
                wait_until(lambda: server.get("/").text == "coffee", 6)
                wait_until(lambda: not {*old} & {*server.workers}, 6)
        return [*came, server.get("/").text]
    except requests.ConnectionError:
        return [*came, "nobody answers"]


FALSE = {"", "0", "n", "no", "f", "false", "off"}
NEVER = {"", "0", "infinity"}  # of a span, after which systemd acts


def sayings():
    """What these keys of [Service] may say, and a hint for the others."""
    return {
        "Type": (
            {"notify"},
            say("Who tells systemd that the socket is open?"),
        ),
        "Restart": (
            {"on-failure"},
            say("After which ends, and is the key spelled so?"),
        ),
        "KillMode": ({"mixed"}, say("Who gets TERM, and who gets KILL?")),
        "KillSignal": (
            {"", "SIGTERM", "TERM", "15"},
            say("Which signal is asked for?"),
        ),
        "SuccessExitStatus": (
            {""},
            say("Which of its ends are failures?"),
        ),
        "RestartPreventExitStatus": ({""}, say("And if it fails so?")),
        "RestartForceExitStatus": ({""}, say("And if it ends well?")),
        "NotifyAccess": (
            {"", "main", "exec", "all"},
            say("Whom does systemd listen to?"),
        ),
        "SendSIGKILL": (
            {"", *TRUE},
            say("Who gets KILL, when patience ends?"),
        ),
        "FinalKillSignal": (
            {"", "SIGKILL", "KILL", "9"},
            say("What is sent when patience ends?"),
        ),
        "TimeoutStopFailureMode": (
            {"", "terminate"},
            say("What is sent when patience ends?"),
        ),
        "SendSIGHUP": (FALSE, say("What is sent, and to whom?")),
        "RemainAfterExit": (FALSE, say("Does systemd see that it ends?")),
        "WatchdogSec": (NEVER, say("Who would tell systemd so often?")),
        "RuntimeMaxSec": (NEVER, say("Who ends it, though all is well?")),
        "ExecStopPost": ({""}, say("What is left to do, after KILL?")),
    }


# May vary: the user, the spelling of a time, what says the same as a line
# of ours, or is systemd's own default. May not: what is found, watched and
# started again; who gets TERM, and how long it has; what a reload does.
def exercise_6(answer):
    """Change: mend a unit file."""
    text, files = text_of(answer, "unit"), files_of("shop")
    service = service_of(text)
    for key, (right, hint) in sayings().items():
        if (value := last(service, key)) not in right:
            why = say("{key}={value} is not it.", key=key, value=value)
            answer.refuse(why, hint)
    user = last(service, "User")
    named = user or last(service, "DynamicUser").lower() in TRUE
    if user in ("root", "0") or not named:
        why = say("the shop runs as root.")
        answer.refuse(why, say("Which line gives it another user?"))
    folder = last(service, "WorkingDirectory").lstrip("-").rstrip("/")
    hint = say("Where does Gunicorn look for the shop?")
    answer.compare("WorkingDirectory", folder, "/srv/shop", hint)
    stops = " ".join(service.get("ExecStop", []))
    hint = say("What does systemd send without this line?")
    if not re.fullmatch(TERMS, stops):
        answer.compare("ExecStop", stops, "", hint)

    command = shop_command(answer, service)
    settings = settings_of(answer, command, files)
    hint = say("Which process does systemd start, and which one stays?")
    answer.compare("daemon", settings["daemon"], "False", hint)
    hint = say("What should stay as it was?")
    answer.compare("workers", settings["workers"], "2", hint)
    bind = settings["bind"].replace("localhost", "127.0.0.1")
    bind = bind.replace(":0'", ":8000'")
    answer.compare("bind", bind, "['127.0.0.1:8000']", hint)
    hint = say("Who else brings new code in, and asks nobody?")
    answer.compare("reload", settings["reload"], "False", hint)
    hint = say("Which option of Gunicorn is the grace?")
    grace = settings["graceful_timeout"]
    answer.compare("graceful_timeout", grace, "60", hint)
    patience = last(service, "TimeoutStopSec", "90")
    if not 60 < (seconds(patience) or 0) < float("inf"):
        why = say("systemd's patience is {span}.", span=patience)
        answer.refuse(why, say("Who waits for whom, and how long?"))

    lines = service.get("ExecReload", [])
    if re.search("pkill|killall", " ".join(lines)):
        why = say("ExecReload means every Gunicorn of the machine.")
        answer.refuse(why, say("What is $MAINPID?"))
    files["shop.py"] += "print('imported')\n"
    imports = 1 if settings["preload_app"] == "True" else 2
    with running(answer, command, files) as server:
        wait_until(lambda: server.log.count("imported") == imports)
        if not obeys(service.get("ExecStartPre", []), server):
            why = say("ExecStartPre fails, so nothing is started.")
            answer.refuse(why, say("Is each line found, and needed?"))
        hint = say("Which line fails first, if the code is broken?")
        called = say("the signals and the page, broken code")
        for code in BROKEN, NO_APP:
            came = reloads(answer, lines, server, code)
            answer.compare(called, came, ["tea"], hint)
        coffee = files["shop.py"].replace("tea", "coffee")
        came = reloads(answer, lines, server, coffee)
        hint = say("Which signal is it, and is each line found?")
        called = say("the signals and the page, new code")
        answer.compare(called, came, ["hup", "coffee"], hint)
    if why := ignored(text):
        why = say("systemd ignores a line: {why}.", why=why)
        answer.refuse(why, say("How is it spelled?"))
