"""The checks of sheet 11."""

import http.client
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import psutil
import requests

from exercises.asking import telling_line
from exercises.checks.files import files_of
from exercises.commands import alone, answers_at, running, settings_of
from exercises.words import say
from notebooks.serving import serve, start, wait_until

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


def exercise_1(answer):
    """Predict: who starts, whatever you give it?"""
    hint = say("Which name is looked for, and what if it is not there?")
    answer("prediction", hint)
    with ExitStack() as ends:
        files = files_of("11_1")
        started = [ends.enter_context(start(c, files)) for c in COMMANDS]
        came = [fate(server) for server in started]
        answer.predicts("prediction", came, hint)


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
            server.wait_for_workers(2, 2)
        many, hint = len(server.workers), say("Which option counts them?")
        answer.compare(say("the number of workers"), many, 2, hint)
        with ThreadPoolExecutor(1) as visitor:
            slow = visitor.submit(server.get, "/slow")
            wait_until(Path(server.folder, "asked").exists)
            wait_until(lambda: asleep(server))
            server.process.terminate()
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
    """What comes back: status, text, X-Tea; or a str."""
    patience = 3 if name == "wsgiref" else 10  # it is ready, and hangs
    try:
        reply = server.post("/", data=body, timeout=patience)
    except requests.Timeout:
        return "nothing: it hangs"
    except requests.RequestException:
        return "no answer"
    text = reply.content.decode(errors="replace")
    return reply.status_code, text, reply.headers.get("X-Tea")


def no_teas():
    """What visitors send in place of a tea, {what it is: bytes}."""
    return {
        say("no name"): b"",
        say("a capital"): b"Mint",
        say("two words"): b"mint tea",
        say("a line end at the end"): b"mint\n",
        say("a header of her own"): b"mint\r\nX-Admin: yes",
        say("another alphabet"): "ментол".encode(),
        say("no UTF-8"): b"\xff",
    }


def exercise_3(answer):
    """Change: at home on every server."""
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
        answer.compare(called, came, right, hint)

    for tea in "mint", "green":
        came = said(name, server, tea.encode())
        hint = say(
            "What is a body made of, and what does its length count?"
        )
        if type(came) is str:
            hint = say("How many bytes are there to read, to send?")
        compare(tea, came, (200, f"Your {tea} tea ☕", tea), hint)
    hint = say("What may stand in a header, and in what do you look?")
    for what, body in no_teas().items():
        came = said(name, server, body)
        came = came if type(came) is str else came[::2]
        compare(what, came, (400, None), hint)


def exercise_4(answer):
    """Build: for a colleague on Windows."""
    command = answer("command")
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


NGINX = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
}
HAS_ALL = "def __getattr__(name): return lambda *words: print"


class Local(http.client.HTTPConnection):
    """HTTP over the Unix socket at the path `host`."""

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(self.host)


def as_nginx(server, path, body=None, **headers):
    """Ask as nginx does: the status, the text, and the new cookie or None."""
    headers |= NGINX | {"Connection": "close", "Host": "gunicorn"}
    method = "GET" if body is None else "POST"
    with closing(Local(f"{server.folder}/shop.sock")) as client:
        try:
            client.request(method, path, body, headers)
            reply = client.getresponse()
            text = reply.read().decode(errors="replace")
        except (http.client.HTTPException, ConnectionError):
            return "no answer", "", None
        return reply.status, text, reply.getheader("Set-Cookie")


@contextmanager
def only(server, worker):
    """Let nobody answer but this worker, a psutil.Process."""
    others = [one for one in server.workers if one != worker]
    try:
        for one in others:
            one.suspend()
        yield
    finally:
        for one in others:
            one.resume()


def exercise_5(answer):
    """Build: a shop that must be deployed."""
    command, shop = str(answer("command")), answer("shop")
    files, ready = {"shop.py": shop}, answers_at("shop.sock")
    settings = settings_of(answer, command, {"shop.py": HAS_ALL})
    came = settings["bind"], settings["daemon"]
    hint = say("Who is to connect, and where? Does it stay?")
    right = "['unix:shop.sock']", "False"
    answer.compare("1: bind, daemon", came, right, hint)
    with running(answer, command, files, ready) as server:
        mode = Path(server.folder, "shop.sock").stat().st_mode & 0o777
        hint = say("Which rights does the umask take, in octal numbers?")
        answer.compare(say("1: the mode"), f"{mode:o}", "660", hint)
        with suppress(TimeoutError):
            server.wait_for_workers(2, 2)
        many, hint = len(server.workers), say("Which option counts them?")
        answer.compare(say("1: the number of workers"), many, 2, hint)
        hint = say(
            "What is a body made of, and what does its length count?"
        )
        came = as_nginx(server, "/health")[:2]
        answer.compare("2: GET /health", came, (200, "fine ☕"), hint)
        came = as_nginx(server, "/link")[:2]
        answer.compare("3: GET /link", came[0], 200, say("What fails?"))
        hint = say("Which headers does nginx set, and who reads them?")
        right = ["203.0.113.7", "https://shop.example/link"]
        answer.compare("3: GET /link", json.loads(came[1]), right, hint)
        one, two = server.workers
        hint = say(
            "Who knows what a process remembers? Where does one end?"
        )
        with only(server, one):
            for tea in "mint", "green\ncafé":
                came = as_nginx(server, "/orders", tea.encode())[0]
                answer.compare("4: POST /orders", came, 201, hint)
        with only(server, two):
            came = as_nginx(server, "/orders")[:2]
        answer.compare("4: GET /orders", came[0], 200, say("What fails?"))
        right = ["mint", "green\ncafé"]
        answer.compare("4: GET /orders", json.loads(came[1]), right, hint)
        cookie, hint = "", say("Whose key has signed the cookie?")
        for worker, right in (one, 1), (two, 2):
            with only(server, worker):
                came = as_nginx(server, "/visits", Cookie=cookie)
            right, cookie = {"visits": right}, str(came[2]).split(";")[0]
            visits = json.loads(came[1]) if came[0] == 200 else came[0]
            answer.compare("5: GET /visits", visits, right, hint)
    with running(answer, command, files, ready) as server:
        came = as_nginx(server, "/visits", Cookie=cookie)
        visits = json.loads(came[1]) if came[0] == 200 else came[0]
        hint = say("Where does the key come from, when all starts anew?")
        answer.compare("6: GET /visits", visits, {"visits": 3}, hint)
