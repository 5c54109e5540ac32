"""The checks of sheet 10."""

import re
from contextlib import suppress
from pathlib import Path

from werkzeug.middleware.proxy_fix import ProxyFix

from exercises.checks.files import files_of
from exercises.client import ask
from exercises.commands import behind, settings_of
from exercises.words import say

GUNICORN = "gunicorn -b unix:app.sock shop:app"


def remote_address(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["REMOTE_ADDR"].encode()]


def exercise_1(answer):
    """Predict: whose address?"""
    forwarded = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7, 10.0.0.1"}
    came = []
    for count in range(5):
        fixed = ProxyFix(remote_address, x_for=count)
        reply = ask(fixed, headers=forwarded, REMOTE_ADDR="10.0.0.2")
        came.append(reply.body.decode())
    hint = say("Counted from which end, and what if there are too few?")
    answer.predicts("prediction", came, hint)


SITE = """
location /a/ { proxy_pass http://gunicorn; }
location /b/ { proxy_pass http://gunicorn/; }
location /c  { proxy_pass http://gunicorn/; }
location /d/ { proxy_pass http://gunicorn/shop; }
"""


def exercise_2(answer):
    """Predict: what a slash does."""
    hint = say("What is cut off, and what is put in its place?")
    answer("prediction", hint)
    with behind(answer, GUNICORN, files_of("10_2"), SITE) as (front, _):
        came = [front.get(f"/{place}/tea").text for place in "abcd"]
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: as many as there are."""
    answer.load("beside_10_3")
    hint = say("Who has written the last word, and who the last but one?")
    answer.expect("seen()[0]", "203.0.113.7", hint)
    answer.expect('seen(before="6.6.6.6, ")[0]', "203.0.113.7", hint)
    hint = say("How many proxies write this header, or add to it?")
    link = "https://shop.example/seen"
    answer.expect("seen()[1]", link, hint)
    hint = say("Which of the two proxies says anything about this header?")
    answer.expect('seen(Port="6666")[1]', link, hint)
    answer.expect('seen(Prefix="/evil")[1]', link, hint)


FORGED = {"For": "6.6.6.6", "Proto": "https", "Host": "evil.example"}
FORGED |= {"Prefix": "/evil"}


def exercise_4(answer):
    """Change: the shop at /shop/."""
    site = answer("site")
    if "X-Forwarded" not in site:
        hint = say("Which headers are there to tell?")
        answer.refuse(say("`site` tells the app nothing."), hint)
    if re.search(r"X-Forwarded-Proto\s+[\"']?http", site):
        hint = say(
            "Which variable of nginx knows, and what if it is https?"
        )
        why = say("`site` says which scheme it is by itself.")
        answer.refuse(why, hint)
    with behind(answer, GUNICORN, files_of("10_4"), site) as (front, _):

        def seen(**forged):
            names = {f"X-Forwarded-{n}": v for n, v in forged.items()}
            headers = {"Host": "shop.example:8000"} | names
            reply = front.get("/shop/seen", headers=headers)
            return reply.status_code, reply.ok and reply.json()

        hint = say("Which path does the app have a route for?")
        answer.compare("GET /shop/seen", seen()[0], 200, hint)
        address, link = seen()[1]
        hint = say("Which header has the visitor's address?")
        answer.compare("remote_addr", address, "127.0.0.1", hint)
        hint = say("Which four parts has a link, and who tells of each?")
        right = "http://shop.example:8000/shop/seen"
        answer.compare("url_for", link, right, hint)
        hint = say(
            "What does nginx do with a header that it is not told of?"
        )
        for name, value in FORGED.items():
            came = seen(**{name: value})[1]
            called = f"X-Forwarded-{name}: {value}"
            answer.compare(called, came, ["127.0.0.1", right], hint)
        reply = front.get("/seen")
        came = reply.status_code, reply.headers["Server"]
        hint = say("Who answers?")
        answer.compare("GET /seen", came, (404, "nginx"), hint)


FILES = {"style.css": "p { color: navy }", "sorry.html": "Back soon."}


def exercise_5(answer):
    """Build: a front for the shop."""
    command, site = str(answer("command")), answer("site")
    app = files_of("10_5")
    settings = settings_of(answer, command, app)
    came = settings["bind"], settings["daemon"]
    hint = say(
        "Where does Gunicorn listen if you say nothing? Does it stay?"
    )
    right = "['unix:app.sock']", "False"
    answer.compare("bind, daemon", came, right, hint)
    ours = behind(answer, command, app, site, FILES)
    with ours as (front, back):

        def says(path, size=0):
            method = "POST" if size else "GET"
            reply = front.get(path, method, data=b"x" * size)
            return reply.status_code, reply.text

        mode = Path(back.folder, "app.sock").stat().st_mode & 0o777
        hint = say("Which rights does the umask take, in octal numbers?")
        called = say("the mode of app.sock")
        answer.compare(called, f"{mode:o}", "660", hint)
        hint = say("Which path goes where?")
        answer.compare("GET /", says("/"), (200, "0 bytes"), hint)
        hint = say("Who says how long a body may be?")
        size = 2_000_000
        came = says("/", size)
        answer.compare("POST 2 MB", came, (200, f"{size} bytes"), hint)
        came = says("/", 3_000_000)[0]
        answer.compare("POST 3 MB", came, 413, hint)
        hint = say(
            "Who is asked for this file, and which types are there?"
        )
        style = front.get("/style.css")
        came = style.text, style.headers["Content-Type"]
        right = (FILES["style.css"], "text/css")
        answer.compare("GET /style.css", came, right, hint)
        came = "daemon" in says("/nginx.conf")[1]
        hint = say("Which of its files does nginx give to whoever asks?")
        called = say("GET /nginx.conf, shows it,")
        answer.compare(called, came, False, hint)
        hint = say("Whose errors do you replace?")
        came = says("/broken")
        answer.compare("GET /broken", came, (502, "0 bytes"), hint)
        hint = say("Which option of Gunicorn counts them?")
        with suppress(TimeoutError):
            back.wait_for_workers(2, 2)
        many = len(back.workers)
        answer.compare(say("the number of workers"), many, 2, hint)
        back.process.terminate()
        back.process.wait(40)
        hint = say("Which error has nginx then, and what may replace it?")
        came = says("/tea")
        called = say("GET /tea without Gunicorn")
        answer.compare(called, came, (503, "Back soon."), hint)
        came = says("/style.css")[0]
        called = say("GET /style.css without Gunicorn")
        answer.compare(called, came, 200, say("Who has the file?"))
