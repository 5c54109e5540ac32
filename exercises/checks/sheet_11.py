"""The checks of sheet 11."""

import ast
import http.client
import json
import platform
import re
import socket
import time
import types
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from functools import cache
from pathlib import Path

import psutil
import requests
from flask import Flask
from werkzeug.http import parse_options_header

from exercises.asking import telling_line
from exercises.checks.files import files_of
from exercises.commands import (
    alone,
    answers_at,
    let_work,
    only,
    running,
    settings_of,
)
from exercises.words import say
from notebooks.serving import run, serve, start, wait_until

COMMANDS = [
    "gunicorn -b 127.0.0.1:0 tea",
    "uwsgi --http-socket 127.0.0.1:0 --module tea",
    "uwsgi --http-socket 127.0.0.1:0 --module tea --need-app",
    "uwsgi --socket 127.0.0.1:0 --module tea:app",
    "uwsgi --http-socket 127.0.0.1:0 --wsgi-file tea.py --callable app",
    "waitress-serve --listen 127.0.0.1:0 tea:application",
]


def fate(server):
    """ "ends", "no HTTP" or the status of GET /, of a Server."""
    asked = "invalid request block size"  # by us, in HTTP
    try:
        wait_until(lambda: asked in server.log or server.answers())
    except RuntimeError:
        return "ends"
    if asked in server.log:
        return "no HTTP"
    return str(server.get("/").status_code)


@cache  # no answer changes it
def fates():
    """The fate of each command."""
    with ExitStack() as ends:
        files = files_of("11_1")
        started = [ends.enter_context(start(c, files)) for c in COMMANDS]
        return [fate(server) for server in started]


def exercise_1(answer):
    """Predict: who starts, whatever you give it?"""
    hint = say("Which name is looked for, and what if it is not there?")
    answer("prediction", hint)
    answer.predicts("prediction", fates(), hint)


SPAWNED = "spawned uWSGI worker 1"


def ended(server):
    """Whether the process of a Server has ended."""
    return server.process.poll() is not None


def sockets(server):
    """The ports at which a Server listens."""
    process = psutil.Process(server.process.pid)
    found = process.net_connections("tcp")
    return [one.laddr.port for one in found if one.status == "LISTEN"]


def asleep(server):
    """Whether all wait, and so have said what they do at a signal."""
    family = [psutil.Process(server.process.pid), *server.workers]
    return all(each.status() == "sleeping" for each in family)


def exercise_2(answer):
    """Change: a uWSGI that behaves."""
    command = answer("command")
    if "uwsgi" not in command:
        hint = say("Which server is this exercise about?")
        answer.refuse(say("`command` does not run uWSGI."), hint)
    alone(answer, command)
    files = files_of("11_2")
    with start(command, files) as server:
        wait_until(lambda: SPAWNED in server.log or ended(server))
        if ended(server):
            said = re.findall("unrecognized option .*", server.log)
            last = (said or [telling_line(server.log)])[0]
            why = say("it ended: {reason}.", reason=last)
            answer.refuse(why, say("Can you run it in a terminal?"))
        hint = say("Through which of the three doors does a browser come?")
        many = len(sockets(server))
        answer.compare(say("the number of sockets"), many, 1, hint)
        server.url = f"http://127.0.0.1:{sockets(server)[0]}"
        try:
            came = server.get("/").status_code
        except requests.ConnectionError:
            came = "no HTTP"
        answer.compare("GET /", came, 200, hint)
        with suppress(TimeoutError):
            server.wait_for_workers(2, 5)
        many = len(server.workers)
        hint = say("Which option counts them, and who keeps them?")
        answer.compare(say("the number of workers"), many, 2, hint)
        with ThreadPoolExecutor(1) as visitor:
            slow = visitor.submit(server.get, "/slow")
            wait_until(Path(server.folder, "asked").exists)
            wait_until(lambda: asleep(server))
            server.process.terminate()
            Path(server.folder, "term").touch()
            again = f"(?s){SPAWNED}.*{SPAWNED}"
            wait_until(
                lambda: ended(server) or re.search(again, server.log)
            )
            good = server.process.poll() == 0
            server.process.kill()
            served = not slow.exception() and slow.result().text == "mint"
        hint = say("What does TERM mean to uWSGI, and what do you want?")
        came = ("ends" if good else "reloads", served)
        answer.compare("TERM", came, ("ends", True), hint)
    files["shop.py"] = files["shop.py"].replace("app", "tea")
    with start(command, files) as server:
        wait_until(lambda: SPAWNED in server.log or ended(server))
        came = ended(server)
        server.process.kill()
        hint = say("Which option makes it as strict as Gunicorn?")
        answer.compare(say("it ends, without an app"), came, True, hint)


SERVERS = {
    "Gunicorn": "gunicorn -b 127.0.0.1:0 answer:app",
    "waitress": "waitress-serve --listen 127.0.0.1:0 answer:app",
    "wsgiref": "python wsgiref_server.py",
}


def listens(server):
    """Whether a Server listens; it then has its url. RuntimeError if it
    has ended."""
    if server.process.poll() is not None:
        raise RuntimeError(server.log)
    process = psutil.Process(server.process.pid)
    for one in process.net_connections("tcp"):
        if one.status == "LISTEN":
            server.url = f"http://127.0.0.1:{one.laddr.port}"
            return True
    return False


def said(name, server, body):
    """What comes back to a `body`, bytes, or to GET, if it is None:
    status, text, type and X-Tea; or a str."""
    patience = 6 if name == "wsgiref" else 10  # it is ready, and hangs
    method = "GET" if body is None else "POST"
    try:
        reply = server.get("/", method, timeout=patience, data=body)
    except requests.Timeout:
        return "nothing: it hangs"
    except requests.RequestException:
        return "no answer"
    phrase = http.client.responses.get(reply.status_code, "")
    alike = reply.reason.upper() == phrase.upper()  # Flask shouts
    status = f"{reply.status_code} {phrase if alike else reply.reason}"
    text = reply.content.decode(errors="replace")
    kind = reply.headers.get("Content-Type", "")
    kind, options = parse_options_header(kind)
    kind = f"{kind}; charset={options.get('charset', '').lower()}"
    return status, text, kind, reply.headers.get("X-Tea")


TEAS = "mint", "green", "z", "abcdefghijklmnopqrstuvwxyz" * 40


def no_teas():
    """What visitors send in place of a tea, {what it is: bytes}."""
    return {
        say("no body"): None,
        say("no name"): b"",
        say("a capital"): b"Mint",
        say("a digit"): b"mint2",
        say("a brace"): b"mint{",
        say("two words"): b"mint tea",
        say("a space at the end"): b"mint ",
        say("a line end at the end"): b"mint\n",
        say("a header of her own"): b"mint\r\nX-Admin: yes",
        say("another alphabet"): "ментол".encode(),
        say("no UTF-8"): b"\xff",
    }


def exercise_3(answer):
    """Change: at home on every server."""
    # May vary: the words of the 400, how a body is sent, any framework.
    # Must not: what is a name, that text and header are as below, and that
    # whoever has said all gets an answer.
    files = files_of("11_3", answer=answer.text)
    with ExitStack() as ends:
        commands = [start(command, files) for command in SERVERS.values()]
        started = [ends.enter_context(command) for command in commands]
        for name, server in zip(SERVERS, started, strict=True):
            wait_until(lambda server=server: listens(server))
            takes_tea(answer, name, server)


def takes_tea(answer, name, server):
    """Refuse the answer if it does not serve all visitors of one server."""

    def compare(what, came, right, hint):
        called = say("POST {what}, {server}", what=what, server=name)
        if came == "nothing: it hangs":
            hint = say("How many bytes are there to read?")
        elif type(came) is str:
            hint = say("What is a body made of, and how long is it?")
        answer.compare(called, came, right, hint)

    kind = "text/plain; charset=utf-8"
    hint = say("What is a body made of, and what does its length count?")
    for tea in TEAS:
        came = said(name, server, tea.encode())
        right = "200 OK", f"Your {tea} tea ☕", kind, tea
        compare(tea[:26], came, right, hint)
    hint = say("What may stand in a header, and in what do you look?")
    for what, body in no_teas().items():
        came = said(name, server, body)
        came = came if type(came) is str else (came[0], came[3])
        compare(what, came, ("400 Bad Request", None), hint)


def exercise_4(answer):
    """Build: for a colleague on Windows."""
    command = answer("command")
    if "uwsgi" in command:
        why = say("uWSGI is a program for Unix.")
        answer.refuse(why, say("Which server needs nothing but Python?"))
    alone(answer, command)
    with serve(f"PYTHONPATH=. {command}", files_of("11_4")) as server:
        reply = server.get("/shop/tea")
        hint = say("What is called, and when?")
        answer.compare("GET /shop/tea", reply.status_code, 200, hint)
        hint = say("Which option tells the server where the app lives?")
        answer.compare("GET /shop/tea", reply.text, "/shop /tea", hint)
        with ThreadPoolExecutor(6) as visitors:
            replies = list(
                visitors.map(server.get, ["/shop/together"] * 6)
            )
        many = sum(reply.ok for reply in replies)
        hint = say("How many can this server serve at once?")
        answer.compare(say("six visitors at once"), many, 6, hint)


HAS_ALL = "def __getattr__(name): return lambda *words: print"


class Local(http.client.HTTPConnection):
    """HTTP over the Unix socket at the path `host`."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.host)


VISITOR = "203.0.113.7"
FORGED = {"For": "6.6.6.6", "Port": "6666", "Prefix": "/evil"}


def as_nginx(server, path, body=None, **more):
    """Ask as nginx does: the status, the text, and the headers of the
    reply. `more` are headers, before or in place of which nginx has its
    own, and the `visitor` and `host`, if she and it are others."""
    told = {
        "X-Forwarded-For": more.pop("visitor", VISITOR),
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": more.pop("host", "shop.example"),
    }
    if forged := more.pop("X-Forwarded-For", ""):
        told["X-Forwarded-For"] = f"{forged}, {told['X-Forwarded-For']}"
    headers = more | told | {"Connection": "close", "Host": "gunicorn"}
    method = "GET" if body is None else "POST"
    with closing(Local(f"{server.folder}/shop.sock")) as client:
        try:
            client.request(method, path, body, headers)
            reply = client.getresponse()
            text = reply.read().decode(errors="replace")
        except (http.client.HTTPException, ConnectionError):
            return "no answer", "", {}
        return reply.status, text, reply.headers


def in_json(server, asked):
    """What JSON says that as_nginx has got; or a str: the status, and the
    last error in the log of the Server."""
    status, text, _ = asked
    if status == 200:
        return json.loads(text)
    return f"{status}: {telling_line(server.log)}"


def exercise_5(answer):
    """Build: a shop that must be deployed."""
    # May vary: where the orders and the key are kept, who answers /health.
    # Must not: that no order is lost, whoever takes it, that a visitor is
    # believed nothing, and that the source tells nobody the key.
    command, shop = str(answer("command")), answer("shop")
    files, ready = {"shop.py": shop}, answers_at("shop.sock")
    settings = settings_of(answer, command, {"shop.py": HAS_ALL})
    came = settings["bind"], settings["daemon"]
    hint = say("Who is to connect, and where? Does it stay?")
    right = "['unix:shop.sock']", "False"
    answer.compare("1: bind, daemon", came, right, hint)
    with running(answer, command, files, ready) as server:
        is_deployed(answer, server, settings)
        sees_visitors(answer, server)
        keeps_orders(answer, server)
        cookie = keeps_visits(answer, server)
    with running(answer, command, files, ready) as server:
        as_nginx(server, "/orders", b"oolong")
        came = in_json(server, as_nginx(server, "/orders"))
        hint = say("Whose orders are these, and where are they kept?")
        answer.compare("6: GET /orders", came, ["oolong"], hint)
        came = in_json(server, as_nginx(server, "/visits", Cookie=cookie))
        hint = say("Where does the key come from, when all starts anew?")
        answer.compare("6: GET /visits", came, {"visits": 3}, hint)
        hides_key(answer, server, shop)


def is_deployed(answer, server, settings):
    """Refuse another socket, number of workers, or text: points 1, 2."""
    mode = Path(server.folder, "shop.sock").stat().st_mode & 0o777
    hint = say("Which rights does the umask take, in octal numbers?")
    answer.compare(say("1: the mode"), f"{mode:o}", "660", hint)
    many, hint = settings["workers"], say("Which option counts them?")
    answer.compare(say("1: the number of workers"), many, "2", hint)
    server.wait_for_workers(2)
    status, text, headers = as_nginx(server, "/health")
    hint = say("What is a body made of, and what does its length count?")
    if status == 500:
        hint = say("What does Gunicorn call, for each request?")
    came = status, text
    answer.compare("2: GET /health", came, (200, "fine ☕"), hint)
    options = parse_options_header(headers.get("Content-Type", ""))[1]
    hint = say("Which header says how the bytes are to be read?")
    came = options.get("charset", "").lower()
    answer.compare(say("2: the charset"), came, "utf-8", hint)


def sees_visitors(answer, server):
    """Refuse what does not know who asks for what: point 3."""
    hint = say("Which headers does nginx set, and who reads them?")
    for visitor, host in (
        (VISITOR, "shop.example"),
        ("2001:db8::7", "tea:80"),
    ):
        asked = as_nginx(server, "/link", visitor=visitor, host=host)
        right = [visitor, f"https://{host}/link"]
        answer.compare("3: GET /link", in_json(server, asked), right, hint)
    hint = say("Whose word is it, and did nginx write over it?")
    right = [VISITOR, "https://shop.example/link"]
    for name, value in FORGED.items():
        name = f"X-Forwarded-{name}"
        came = in_json(server, as_nginx(server, "/link", **{name: value}))
        answer.compare(f"3: {name}: {value}", came, right, hint)


def keeps_orders(answer, server):
    """Refuse a shop that loses or changes an order: point 4."""
    one, two = server.workers
    hint = say(
        "Who knows what a process remembers? Where does an order end?"
    )
    orders = ["mint", "green\ncafé", "mint"]
    let_work(two, 0)  # one that is stopped as it starts may keep a lock
    with only(server, one):
        for tea in orders:
            came = as_nginx(server, "/orders", tea.encode())[0]
            answer.compare("4: POST /orders", came, 201, hint)
    with only(server, two):
        came = in_json(server, as_nginx(server, "/orders"))
        answer.compare("4: GET /orders", came, orders, hint)
    one.terminate()
    wait_until(lambda: len({*server.workers} - {one}) == 2)
    (new,) = {*server.workers} - {one, two}
    with only(server, new):
        came = in_json(server, as_nginx(server, "/orders"))
    called, hint = say("4: the list"), say("What does a new worker run?")
    answer.compare(called, came, orders, hint)
    with ThreadPoolExecutor(40) as visitors:
        with only(server, None):  # all of them wait at the door
            asked = [
                visitors.submit(
                    as_nginx, server, "/orders", b"%d" % number
                )
                for number in range(40)
            ]
            time.sleep(0.2)
        took = sum(reply.result()[0] == 201 for reply in asked)
    hint = say("What if two read, before one of them has written?")
    answer.compare(say("4: forty at once, taken"), took, 40, hint)
    kept = in_json(server, as_nginx(server, "/orders"))
    many = len({*kept} - {*orders}) if type(kept) is list else kept
    answer.compare(say("4: forty at once, kept"), many, 40, hint)


def keeps_visits(answer, server):
    """Refuse a shop that forgets a visitor, point 5; return her cookie."""
    cookie, hint = "", say("Whose key has signed the cookie?")
    for worker, count in zip(server.workers, (1, 2), strict=True):
        with only(server, worker):
            asked = as_nginx(server, "/visits", Cookie=cookie)
        answer.compare(
            "5: GET /visits",
            in_json(server, asked),
            {"visits": count},
            hint,
        )
        cookie = asked[2].get("Set-Cookie", "").split(";")[0]
    return cookie


def texts_in(value):
    """The texts that stand in compiled code, a set of str and bytes."""
    if isinstance(value, types.CodeType):
        value = value.co_consts
    if isinstance(value, (tuple, frozenset)):
        return set().union(*map(texts_in, value))
    return {value} if isinstance(value, (str, bytes)) else set()


def hides_key(answer, server, shop):
    """Refuse a key that the source tells, or that is the name of this
    machine: with it, anybody signs a cookie. Point 7."""
    keys = run("python keys.py", files_of("11_5", shop=shop)).stdout
    guesses = {*ast.literal_eval(keys.splitlines()[-1])} - {None}
    guesses |= texts_in(compile(shop, "shop.py", "exec")) - {"", b""}
    for key in guesses | {platform.node(), "shop"}:
        app = Flask("somebody")
        app.secret_key = key
        signer = app.session_interface.get_signing_serializer(app)
        cookie = f"session={signer.dumps({'visits': 41})}"
        came = in_json(server, as_nginx(server, "/visits", Cookie=cookie))
        hint = say("Who may read the source, and what can they do then?")
        called = say("7: the visits of a forged cookie")
        answer.compare(called, came, {"visits": 1}, hint)


WAITS = [
    "uwsgi --http-socket 127.0.0.1:0 --module shop:app --processes 2",
    "gunicorn -b 127.0.0.1:0 shop:app",
    "gunicorn -b 127.0.0.1:0 --threads 4 shop:app",
    "gunicorn -b 127.0.0.1:0 -k gevent shop:app",
    "waitress-serve --listen 127.0.0.1:0 shop:app",
]
VISITORS = 8


def many_in(server):
    """How many visitors of a Server are in its view."""
    return len([*Path(server.folder).glob("in-*")])


def settled(count, seconds=5):
    """What `count()` returns when it has stayed the same for a while."""
    came, since = count(), time.monotonic()
    while time.monotonic() < since + seconds:
        time.sleep(0.01)
        if count() != came:
            came, since = count(), time.monotonic()
    return came


@cache
def turns():
    """How often each server lets visitors in, until all have been there.

    It does not wait for eight seconds: it counts how many are in the view
    at once, from whom nobody can go."""
    with ExitStack() as ends:
        files = files_of("11_6")
        started = [ends.enter_context(start(c, files)) for c in WAITS]
        for server in started:
            wait_until(server.answers)
            for _ in range(VISITORS):
                visitor = socket.create_connection(server.address, 10)
                ends.enter_context(visitor)
                visitor.sendall(b"GET /wait HTTP/1.0\r\n\r\n")
        wait_until(lambda: all(map(many_in, started)))
        at_once = settled(lambda: [many_in(server) for server in started])
        for server in started:
            Path(server.folder, "go").touch()
    return [-(-VISITORS // many) for many in at_once]


def exercise_6(answer):
    """Predict: the fastest server."""
    hint = say("How many may be in the view at once?")
    answer("prediction", hint)
    answer.predicts("prediction", turns(), hint)


HEADS = {
    "Gunicorn": "gunicorn -b 127.0.0.1:0 shop:app",
    "waitress": "waitress-serve --listen 127.0.0.1:0 shop:app",
    "wsgiref": "python wsgiref_server.py",
}


def exercise_7(answer):
    """Build: ask, before you call it wrong."""
    # May vary: in what words it asks, and how it reads. Must not: what it
    # says of a server, in however many pieces that sends, and that it ends.
    hint = say("Is there a function of that name?")
    answer.expect("callable(question)", True, hint)
    files = files_of("11_7")
    with ExitStack() as ends:
        started = {
            name: ends.enter_context(start(command, files))
            for name, command in HEADS.items()
        }
        odd = ends.enter_context(start("python odd.py", files))
        hint = say("What is a part of a head, and what stands behind it?")
        for name, server in started.items():
            wait_until(server.answers)
            sent = server.send(
                b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            )
            right = "a body" if sent.partition(b"\r\n\r\n")[2] else "ok"
            says_of(answer, name, right, hint, server.address[1])
        wait_until(lambda: "}\n" in odd.log)
        known = odd_servers()
        for key, port in ast.literal_eval(odd.log).items():
            says_of(answer, *known[key], port)
    hint = say("Which error comes up when nobody listens?")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        says_of(answer, say("nobody"), "no answer", hint, port)


def odd_servers():
    """For each key of `11_7/odd.py` the name of its server, what is right
    to say of it, and a hint."""
    more = say("How do you know that nothing more will come?")
    part = say("What is a part of a head, and what stands behind it?")
    whole = say("What is the end of a head?")
    asked = say("Is it one HEAD for `/`, as HTTP/1.1 wants it?")
    return {
        "late": (say("a server whose body comes late"), "a body", more),
        "one byte": (
            say("a server whose body is one line end"),
            "a body",
            part,
        ),
        "no text": (say("a server whose body is no text"), "a body", part),
        "empty line": (
            say("a server whose body has an empty line"),
            "a body",
            part,
        ),
        "long head": (say("a server with a long head"), "a body", whole),
        "slow": (
            say("a server that pauses five times, 0.6 seconds each"),
            "a body",
            more,
        ),
        "pieces": (
            say("a server whose head comes in pieces"),
            "ok",
            whole,
        ),
        "chunked": (say("a server that promises chunks"), "ok", asked),
        "last chunk": (
            say("a server that sends the chunk that ends a body"),
            "a body",
            part,
        ),
        "missing": (say("a server that says 404"), "ok", asked),
        "half": (
            say("a server that ends within the head"),
            "no answer",
            whole,
        ),
        "mute": (say("a server that says nothing"), "no answer", whole),
    }


def says_of(answer, name, right, hint, port):
    """Refuse the answer if its question has another answer at a port."""
    came = answer(f"question(('127.0.0.1', {port}))", hint)
    called = say("question, asked of {name}", name=name)
    answer.compare(called, came, right, hint)
