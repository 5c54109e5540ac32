"""The checks of sheet 10."""

import http.client
import json
import re
import secrets
import sys
from contextlib import closing
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
    # May vary: how the numbers are given. Must not: whom the app believes,
    # whoever visits, by which scheme, and however many words she makes up.
    answer.load("beside_10_3")
    hint = say("Who has written the last word, and who the last but one?")
    answer.expect("seen()[0]", "203.0.113.7", hint)
    answer.expect('seen(visitor="2001:db8::7")[0]', "2001:db8::7", hint)
    answer.expect('seen(before="6.6.6.6, ")[0]', "203.0.113.7", hint)
    hint = say("How many proxies write this header, or add to it?")
    link = "https://shop.example/seen"
    answer.expect("seen()[1]", link, hint)
    other = 'seen(scheme="http", host="tea.example:8000")[1]'
    answer.expect(other, "http://tea.example:8000/seen", hint)
    hint = say("Which of the two proxies says anything about this header?")
    for count in 1, 2, 3:
        port, prefix = (
            ", ".join(["6666"] * count),
            ", ".join(["/e"] * count),
        )
        answer.expect(f'seen(Port="{port}")[1]', link, hint)
        answer.expect(f'seen(Prefix="{prefix}")[1]', link, hint)


FORGED = {"For": "6.6.6.6", "Proto": "https", "Host": "evil.example"}
FORGED |= {"Prefix": "/evil"}
# All of 127.0.0.0/8 is this machine; macOS has to be told so of each.
VISITORS = ["127.0.0.1"] + ["127.0.0.2"] * (sys.platform == "linux")


def seen_by(front, visitor, host, **forged):
    """What the app sees when somebody at the address `visitor` asks for
    /shop/seen of a `host`: an address and a link; or status and None."""
    headers = {f"X-Forwarded-{n}": v for n, v in forged.items()}
    ask = http.client.HTTPConnection(*front.address, 10, (visitor, 0))
    with closing(ask):
        ask.request("GET", "/shop/seen", headers=headers | {"Host": host})
        reply = ask.getresponse()
        if reply.status != 200:
            return [reply.status, None]
        return json.load(reply)


def who(reply):
    """The status of a reply, and who has answered."""
    name = reply.headers.get("X-Answered-By", reply.headers["Server"])
    return reply.status_code, name


def exercise_4(answer):
    """Change: the shop at /shop/."""
    # May vary: the directives, the case of names, where the lines stand.
    # Must not: that all of /shop/, and nothing else, is the app's; and that
    # address, scheme and host are those of whoever asks.
    site = answer("site")
    if "x-forwarded" not in site.lower():
        hint = say("Which headers are there to tell?")
        answer.refuse(say("`site` tells the app nothing."), hint)
    if re.search(r"(?i)x-forwarded-proto\s+[\"']?http", site):
        hint = say(
            "Which variable of nginx knows, and what if it is https?"
        )
        why = say("`site` says which scheme it is by itself.")
        answer.refuse(why, hint)
    with behind(answer, GUNICORN, files_of("10_4"), site) as (front, _):
        hint = say("Which path does the app have a route for?")
        came = front.get("/shop/seen").status_code
        answer.compare("GET /shop/seen", came, 200, hint)
        for visitor in VISITORS:
            of_visitor(answer, front, visitor)
        path, cookie = "/shop/asked?a=1&b=%26", {"Cookie": "tea=mint"}
        came = front.get(path, headers=cookie).text
        hint = say("What of a request is there beside its path?")
        right = "GET /asked?a=1&b=%26 mint"
        answer.compare(f"GET {path}", came, right, hint)
        came = front.post("/shop/asked").text
        answer.compare("POST /shop/asked", came, "POST /asked? None", hint)
        hint = say("Who answers?")
        came = who(front.get("/shop/other"))
        answer.compare("GET /shop/other", came, (404, "the app"), hint)
        for path in "/seen", "/", "/other/seen", "/shopseen":
            came = who(front.get(path, allow_redirects=False))
            answer.compare(f"GET {path}", came, (404, "nginx"), hint)


def of_visitor(answer, front, visitor):
    """Refuse the answer if the app does not see this visitor, an address,
    as she is, whichever host she asks for and whatever she makes up."""

    def right(host):
        return [visitor, f"http://{host}/shop/seen"]

    address, link = seen_by(front, visitor, host := "shop.example:8000")
    hint = say("Which header has the visitor's address?")
    answer.compare("remote_addr", address, visitor, hint)
    hint = say("Which four parts has a link, and who tells of each?")
    answer.compare("url_for", link, right(host)[1], hint)
    address, link = seen_by(front, visitor, host := "tea.example")
    answer.compare("url_for", link, right(host)[1], hint)
    hint = say("What does nginx do with a header that it is not told of?")
    for name, value in FORGED.items():
        came = seen_by(front, visitor, host, **{name: value})
        called = f"X-Forwarded-{name}: {value}"
        answer.compare(called, came, right(host), hint)


def exercise_5(answer):
    """Build: a front for the shop."""
    # May vary: the directives, the words of both files, the page's type.
    # Must not: what comes from whom, with and without Gunicorn, and that of
    # nginx's files a visitor gets no other.
    command, site = str(answer("command")), answer("site")
    app, word = files_of("10_5"), secrets.token_hex(4)
    files = {
        "style.css": f"p {{ color: #{word} }}",
        "sorry.html": f"Back soon: {word}.",
    }
    settings = settings_of(answer, command, app)
    came = settings["bind"], settings["daemon"]
    hint = say(
        "Where does Gunicorn listen if you say nothing? Does it stay?"
    )
    right = "['unix:app.sock']", "False"
    answer.compare("bind, daemon", came, right, hint)
    ours = behind(answer, command, app, site, files)
    with ours as (front, back):
        has_rights(answer, back, settings)
        with_gunicorn(answer, front, files)
        back.process.terminate()
        back.process.wait(40)
        without_gunicorn(answer, front, files)


def has_rights(answer, back, settings):
    """Refuse another mode of the socket, or number of workers."""
    mode = Path(back.folder, "app.sock").stat().st_mode & 0o777
    hint = say("Which rights does the umask take, in octal numbers?")
    called = say("the mode of app.sock")
    answer.compare(called, f"{mode:o}", "660", hint)
    many, hint = settings["workers"], say("Which option counts them?")
    answer.compare(say("the number of workers"), many, "2", hint)
    back.wait_for_workers(2)


def says(front, path, size=0):
    """What the front answers, status and text, to `size` bytes."""
    method = "POST" if size else "GET"
    reply = front.get(path, method, data=b"x" * size)
    return reply.status_code, reply.text


def with_gunicorn(answer, front, files):
    """Refuse a front that does not share the work as it should."""
    hint = say("Which path goes where?")
    for path in "/", "/tea":
        came, right = says(front, path), (200, "0 bytes")
        answer.compare(f"GET {path}", came, right, hint)
    hint = say("Who says how long a body may be?")
    came, right = says(front, "/", 2_000_000), (200, "2000000 bytes")
    answer.compare("POST 2 MB", came, right, hint)
    came = says(front, "/", 3_000_000)[0]
    answer.compare("POST 3 MB", came, 413, hint)
    hint = say("Who is asked for this file, and which types are there?")
    style = front.get("/style.css")
    came = style.text, style.headers["Content-Type"].partition(";")[0]
    right = (files["style.css"], "text/css")
    answer.compare("GET /style.css", came, right, hint)
    hint = say("Which of its files does nginx give to whoever asks?")
    for path in sorted(Path(front.folder).iterdir()):
        if path.is_file() and path.name not in files:
            came = says(front, f"/{path.name}")
            shown = came[0] == 200 and came[1] != "0 bytes"
            called = say("GET /{name}, shows it,", name=path.name)
            answer.compare(called, shown, False, hint)
    hint = say("Whose errors do you replace?")
    errors = {"/broken": 502, "/busy": 503, "/missing": 404}
    for path, status in errors.items():
        came, right = says(front, path), (status, "0 bytes")
        answer.compare(f"GET {path}", came, right, hint)


def without_gunicorn(answer, front, files):
    """Refuse a front that has nothing to say when Gunicorn is away."""
    hint = say("Which error has nginx then, and what may replace it?")
    right = (503, files["sorry.html"])
    for path in "/tea", "/":
        called = say("{what} without Gunicorn", what=f"GET {path}")
        answer.compare(called, says(front, path), right, hint)
    came = says(front, "/style.css")
    right, hint = (200, files["style.css"]), say("Who has the file?")
    called = say("GET /style.css without Gunicorn")
    answer.compare(called, came, right, hint)
