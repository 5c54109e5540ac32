"""The checks of sheet 04."""

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from exercises.checks.files import files_of
from exercises.words import say
from notebooks.serving import serve

LINE = b"Served with tea.\n"  # of exercise 4


def noted(app, name, diary):
    def middleware(environ, start_response):
        diary.append(f"{name} called")

        def start(status, headers, exc_info=None):
            diary.append(f"{name} starts")
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return middleware


def function(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"tea"]


def generator(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"tea"


def exercise_1(answer):
    """Predict: who is first?"""
    came = []
    for app in function, generator:
        came.append([])
        stack = noted(noted(app, "inner", came[-1]), "outer", came[-1])
        stack({}, lambda *begin: None)
    hint = say("Whose `start` does the app get, and when does it call it?")
    answer.predicts("prediction", came, hint)


def exercise_2(answer):
    """Predict: whom does it believe?"""
    app = Flask("app")
    app.get("/")(lambda: request.remote_addr)
    base = {"REMOTE_ADDR": "10.0.0.9"}
    header = {"X-Forwarded-For": "6.6.6.6, 203.0.113.7"}
    came = [
        Client(site).get("/", headers=headers, environ_base=base).text
        for site, headers in [
            (app, header),
            (ProxyFix(app, x_for=1), header),
            (ProxyFix(app, x_for=2), header),
            (ProxyFix(app, x_for=3), header),
            (ProxyFix(app, x_for=1), {}),
        ]
    ]
    hint = say(
        "From which end does it count, and what if there are too few?"
    )
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: a mark on every answer."""
    answer.load("beside_04_3")
    hint = say("Which names are the same header?")
    answer.expect("get(page)", ("200 OK", "mint", b"one two"), hint)
    hint = say(
        "How many arguments may an app give, and what do you do with them?"
    )
    failed = ("500 No Tea", "mint", b"no tea")
    answer.expect("get(reports)", failed, hint)
    answer.expect("errors(reports)", [None, "KeyError"], hint)
    hint = say("What does `start_response` return, and who waits for it?")
    answer.expect("get(writes)", ("200 OK", "mint", b"old tea"), hint)
    hint = say("What does the app have, and the client not?")
    rest = (
        '[h for h in ask(marked(page)).headers if h[0].lower() != "x-tea"]'
    )
    kept = [("Content-Type", "text/plain")]
    kept += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    answer.expect(f"[tuple(h) for h in {rest}]", kept, hint)


def exercise_4(answer):
    """Change: a signature that does not wait."""
    answer.load("beside_04_4")
    hint = say("Where does the line stand?")
    text = "ask(page(length=False, lazy=%s)).body"
    answer.expect(text % False, b"tea " + LINE, hint)
    answer.expect(text % True, b"tea " + LINE, say("What of a generator?"))
    hint = say("Has every body a `close`?")
    answer.expect("ask(signed(plain)).body", b"tea " + LINE, hint)
    hint = say("Who waits for whom, and who hears of the end?")
    read = ["made one ", "sent one ", "made two ", "sent two "]
    read += [f"sent {LINE.decode()}", "closed"]
    answer.expect("serve(Diary())", read, hint)
    hint = say("Who closes when it did not end well?")
    failed = ["made one ", "sent one ", "closed"]
    answer.expect("serve(Diary(fails=True))", failed, hint)
    answer.expect("serve(Diary(), most=1)", failed, hint)
    hint = say(
        "When does a generator begin, and what does its `finally` do then?"
    )
    answer.expect("left()", True, hint)
    hint = say("What did the app announce, and what comes now?")
    answer.expect("ask(page()).body", b"tea " + LINE, hint)
    hint = say("Which answers have no body?")
    answer.expect('ask(page("204 No Content", b"")).body', b"", hint)
    answer.expect('ask(page("304 Not Modified", b"")).body', b"", hint)
    answer.expect('ask(page(), "/", "HEAD").body', b"", hint)
    length = 'ask(page(), "/", "HEAD").header("Content-Length") in %r'
    answer.expect(length % [None, str(4 + len(LINE))], True, hint)
    hint = say("Which of the two calls of `start_response` counts?")
    answer.expect("ask(signed(validator(reports))).body", b"", hint)
    hint = say("What does your `start` return?")
    written = "ask(signed(validator(writes))).body"
    answer.expect(written, b"old tea" + LINE, hint)


def exercise_5(answer):
    """Build: the project, a middleware that squeezes."""
    answer.load("beside_04_5")
    expect, gz = answer.expect, ("gzip", 4000)
    hint = say("What may a client hope for that says nothing?")
    expect("came(get(page(), None))", (None, 4000), hint)
    hint = say("Who says what the body is made of?")
    expect("came(get(page()))", gz, hint)
    hint = say("Is it smaller?")
    expect("len(get(page()).body) < 400", True, hint)
    alone = 'ask(squeezed(page()), headers={"Accept-Encoding": "gzip"})'
    expect(f"came({alone})", gz, say("Has every body a `close`?"))
    hint = say("Which of these clients take gzip?")
    for accept, coding in [
        ("br, gzip;q=0.5", gz),
        ("gzip, br", gz),
        ("gzip;q=0", (None, 4000)),
        ("br;q=1, gzip; q=0.0", (None, 4000)),
        ("br", (None, 4000)),
    ]:
        expect(f'came(get(page(), "{accept}"))', coding, hint)
    length = '("Content-Length", "4000")'
    hint = say("Whose length is it?")
    expect(f"came(get(page({length})))", gz, hint)
    expect('came(get(page(("content-length", "4000"))))', gz, hint)
    whole = f'get(page({length}), None).header("Content-Length")'
    expect(whole, "4000", hint)
    hint = say("Which answers are squeezed, and which are left alone?")
    png, br = '("Content-Type", "image/png")', '("Content-Encoding", "br")'
    expect(f"came(get(page(kind={png})))", (None, 4000), hint)
    expect(f"came(get(page({br})))", ("br", 4000), hint)
    partial = 'came(get(page(status="206 Partial Content")))'
    expect(partial, (None, 4000), hint)
    for status in "204 No Content", "304 Not Modified":
        bare = f'get(page(status="{status}", kind=None, body=b""))'
        expect(f"came({bare})", (None, b""), hint)
    hint = say("What must a cache know, of both kinds of client?")
    for accept in '"gzip"', "None":
        expect(f"varies(get(page(), {accept}))", ["accept-encoding"], hint)
    vary = 'varies(get(page(("Vary", "Cookie"))))'
    hint = say("What did the app say?")
    expect(vary, ["accept-encoding", "cookie"], hint)
    hint = say("Does this one vary?")
    expect(f"varies(get(page(kind={png})))", [], hint)
    hint = say("What is the same as in GET, and what is not?")
    expect('get(page(), method="HEAD").body', b"", hint)
    both = "sorted(get(page(), method=%r).headers)"
    expect(f"{both % 'HEAD'} == {both % 'GET'}", True, hint)
    hint = say("When does this app call `start_response`?")
    expect("came(get(generator))", ("gzip", b"one two "), hint)
    hint = say("Through which door do these bytes come?")
    expect("came(get(writes))", ("gzip", b"old tea"), hint)
    hint = say("What if the app begins anew?")
    expect("came(get(reports))", (None, b"no tea"), hint)
    hint = say("Who waits for whom, and who hears of the end?")
    events = ["made one ", "read one ", "made two ", "read two ", "closed"]
    expect("read(Diary())", events, hint)
    hint = say("Who closes when it did not end well?")
    expect("read(Diary(fails=True))", [*events[:2], "closed"], hint)
    hint = say(
        "When does a generator begin, what does its `finally` do then?"
    )
    expect("left()", True, hint)
    files = files_of("04_5", answer=answer.text)
    command = "gunicorn -b 127.0.0.1:0 squeezed_demo:app"
    with serve(command, files) as server:
        reply = server.get("/")  # requests takes gzip, and opens it
        came = reply.headers.get("Content-Encoding"), reply.text[:12]
        called = say("GET / by Gunicorn")
        hint = say("What is different here?")
        answer.compare(called, came, ("gzip", "Hello world!"), hint)
