"""The checks of sheet 10."""

import http.client
import json
import re
import secrets
import ssl
import sys
from contextlib import closing, suppress
from pathlib import Path

import requests
import trustme
from werkzeug.middleware.proxy_fix import ProxyFix

from exercises.checks.files import files_of
from exercises.client import ask
from exercises.commands import behind, settings_of, text_of
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
# Of this the app says that it is not there: by which method, and what.
ELSEWHERE = (
    ("GET", "other"),
    ("GET", "a%20b"),
    ("PUT", "o"),
    ("DELETE", "o"),
)
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
        for method, path in ELSEWHERE:
            came = who(front.get(f"/shop/{path}", method))
            what = f"{method} /shop/{path}"
            answer.compare(what, came, (404, "the app"), hint)
        for path in "/seen", "/", "/other/seen", "/shopseen", "/SHOP/seen":
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
    for path in "/", "/tea":
        came, right = says(front, path, 2_000_000), (200, "2000000 bytes")
        answer.compare("POST 2 MB", came, right, hint)
    came = says(front, "/", 3_000_000)[0]
    answer.compare("POST 3 MB", came, 413, hint)
    hint = say("Who is asked for this file, and which types are there?")
    style = front.get("/style.css")
    kind = style.headers.get("Content-Type", "")
    came = style.text, kind.partition(";")[0]
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


SECURE = "ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem"
GIVEN = {"bind": "['unix:app.sock']", "daemon": "False"}
GIVEN |= {"worker_class": "sync", "workers": "1", "threads": "1"}
PATIENCE = 6  # seconds for an answer that nobody holds up


def exercise_6(answer):
    """Change: https, and who waits."""
    # May vary: where the lines stand, who marks the cookie, and how /ticks
    # is told from the rest. Must not: what the app knows on each page,
    # whoever claims what, and that only /ticks can hold the one worker.
    command, site = text_of(answer, "command"), text_of(answer, "site")
    app = files_of("10_6")
    settings = settings_of(answer, command, app)
    hint = say("Whose work is it to wait here, and who stays as it is?")
    for name, right in GIVEN.items():
        answer.compare(name, settings[name], right, hint)
    files = certificate()
    ours = behind(answer, command, app, site, files, SECURE)
    with ours as (front, back):
        front.url = front.url.replace("http:", "https:")
        trust = {"verify": f"{front.folder}/ca.pem"}
        trust["allow_redirects"] = False  # no other machine is asked
        knows_https(answer, front, trust)
        marks_its_cookie(answer, front, trust)
        comes_bit_by_bit(answer, front, back, trust)
        waits_for_visitors(answer, front, trust)


def certificate():
    """The files of an authority, and of what it has signed for nginx."""
    authority = trustme.CA()
    ours = authority.issue_cert("127.0.0.1")
    pems = {
        "ca.pem": authority.cert_pem,
        "cert.pem": ours.cert_chain_pems[0],
        "key.pem": ours.private_key_pem,
    }
    return {name: pem.bytes().decode() for name, pem in pems.items()}


CLAIMS = {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}


def knows_https(answer, front, trust):
    """Refuse an app that is told nothing, or believes a visitor."""
    hint = say("Who has answered, and whom has it asked?")
    came = front.get("/seen", **trust).status_code
    answer.compare("GET /seen", came, 200, hint)
    for host in "shop.example", "tea.example:8443":
        hint = say("Which headers, and which variables, say how it was?")
        for claim in {}, CLAIMS:
            headers = {"Host": host} | claim
            came = front.get("/seen", headers=headers, **trust).text
            right = f"https://{host}/seen"
            answer.compare("GET /seen", came[:200], right, hint)
            hint = say("Whose word is a header that nginx leaves alone?")


def marks_its_cookie(answer, front, trust):
    """Refuse a cookie that would travel by http, or does not come back."""
    first = front.get("/visits", **trust)
    again = front.get("/visits", cookies=first.cookies, **trust).text
    hint = say("What keeps the session from one visit to the next?")
    answer.compare(say("the second GET /visits"), again, "2", hint)
    marked = all(cookie.secure for cookie in first.cookies)
    hint = say("Which setting marks it, and which variable sets that?")
    called = say("the mark Secure of the cookie")
    answer.compare(called, marked, True, hint)


def comes_bit_by_bit(answer, front, back, trust):
    """Refuse a front that collects /ticks. The app says whether the check
    had its first line before it made the second."""
    headers = {"Host": "tea.example"} | CLAIMS
    asked = {"headers": headers, "stream": True}
    with front.get("/ticks", **asked, **trust) as reply:
        lines = reply.iter_lines(chunk_size=1, decode_unicode=True)
        link = next(lines, "")
        Path(back.folder, "heard").touch()
        second = next(lines, "")
    hint = say("Which lines hold in the place of /ticks?")
    right = "https://tea.example/ticks"
    answer.compare("GET /ticks", link[:200], right, hint)
    hint = say("What does nginx do with an answer before it passes it on?")
    called = say("how /ticks arrived")
    answer.compare(called, second, "bit by bit", hint)


def waits_for_visitors(answer, front, trust):
    """Refuse a front that lets a slow visitor hold the one worker."""
    with front.get("/tick", stream=True, **trust) as slow:
        called = say("GET /seen beside a slow reader")
        answers_soon(answer, front, trust, called)
        came = slow.status_code, len(slow.content)
    hint = say("Which path is another than /ticks?")
    answer.compare("GET /tick", came, (200, 2**24), hint)
    context = ssl.create_default_context(cafile=trust["verify"])
    slow = http.client.HTTPSConnection(
        *front.address, timeout=10, context=context
    )
    with closing(slow):
        slow.putrequest("POST", "/tick")
        slow.putheader("Content-Length", "10")
        slow.putheader("Expect", "100-continue")
        slow.endheaders(b"1")
        # With this line nginx says that it reads the rest from now on.
        came = slow.sock.recv(100).decode().partition("\r\n")[0]
        hint = say("What does nginx let through?")
        answer.compare("POST /tick", came, "HTTP/1.1 100 Continue", hint)
        called = say("GET /seen beside a slow upload")
        answers_soon(answer, front, trust, called)
        slow.send(b"234567890")
        came = slow.getresponse().read().decode()
    answer.compare("POST /tick", came[:200], "10 bytes", hint)


def answers_soon(answer, front, trust, called):
    """Refuse a front that has no answer for anybody else."""
    came = "no answer"
    with suppress(requests.Timeout):
        came = front.get("/seen", timeout=PATIENCE, **trust).status_code
    hint = say("What does nginx collect there: requests, answers, both?")
    answer.compare(called, came, 200, hint)
