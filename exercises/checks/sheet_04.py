"""The checks of sheet 04."""

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from exercises.checks.files import files_of
from exercises.words import say
from notebooks.serving import serve

LINE = b"Served with tea.\n"  # of exercise 4
OTHER_WORDS = "204 Gone Quiet", "304 As You Know"
POSTED = ["POST", "/a", "b=1", "oolong", b"tea"]  # what `requests` sends


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
        stack({}, lambda *begin: print)
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
    # May vary: where in the list the mark stands, and in which case. Must
    # not: any other header, the request, when a block goes on, `close()`;
    # whatever the status, the method, the type, and the app's own marks.
    answer.load("beside_04_3")
    expect = answer.expect
    hint = say("Which names are the same header?")
    expect("get(page)", ("200 OK", "mint", b"one two"), hint)
    hint = say("Which answers are each answer?")
    expect("get(missing)", ("404 Not Here", "mint", b"{}"), hint)
    expect("get(nothing)", ("304 Not Modified", "mint", b""), hint)
    for method in "POST", "HEAD":
        marks = f'get(nothing, "{method}")[1]'
        expect(marks, "mint", hint)
    expect("get(already)[1]", "mint", hint)
    hint = say("What does the app have, and the client not?")
    kept = [("content-type", "text/plain"), ("Set-Cookie", "a=1")]
    kept += [("Set-Cookie", "b=2")] * 2
    kept += [("X-Teapot", "iron"), ("X_Tea", "black"), ("Tea", "")]
    expect("rest(page)", [*kept, ("content-length", "7")], hint)
    hint = say("Has every body a `close`?")
    expect("ask(marked(constant)).body", b"tea", hint)
    hint = say("Whose list is it?")
    again = "[get(constant)[1] for _ in range(2)]"
    expect(again, ["mint", "mint"], hint)
    expect("two()", ["/a", "/b"], hint)
    hint = say(
        "How many arguments may an app give, and what do you do with them?"
    )
    expect("errors(marked(reports))", [None, "KeyError"], hint)
    expect("error_of(marked(late))", "KeyError", hint)
    hint = say("Which answers are each answer?")
    failed = ("500 No Tea", "mint", b"no tea")
    expect("get(reports)", failed, hint)
    hint = say("What does `start_response` return, and who waits for it?")
    expect("get(writes)", ("200 OK", "mint", b"old tea"), hint)
    hint = say("What does the app see of the request?")
    expect("requests(marked)", [POSTED], hint)
    expect("added(marked)", [], hint)
    hint = say("Who reads the app's body, and who closes it?")
    read = ["made one ", "sent one ", "made two ", "sent two ", "closed"]
    for lazy in "", "lazy=True":
        expect(f"serve(Diary({lazy}))", read, hint)
    expect("serve(Diary(), most=1)", [*read[:2], "closed"], hint)
    expect("serve(Diary(fails=True))", [*read[:2], "closed"], hint)
    for lazy in False, True:
        expect(f"left(lazy={lazy})", True, hint)
    head = ("200 OK", "mint", b"one two ")
    expect('get(Diary(lazy=True), "HEAD")', head, hint)


def exercise_4(answer):
    """Change: a signature that does not wait."""
    # May vary: function or class; whether a length is mended or dropped.
    # Must not: which answers have the line (all but three kinds, whatever
    # the status, method and type), any other header, when a block goes on,
    # that `close()` is called once.
    answer.load("beside_04_4")
    expect, signed = answer.expect, b"tea " + LINE
    hint = say("Where does the line stand?")
    text = "ask(page(lazy=%s)).body"
    expect(text % False, signed, hint)
    expect(text % True, signed, say("What of a generator?"))
    hint = say("Has every body a `close`?")
    expect("ask(signed(plain)).body", signed, hint)
    hint = say("Who waits for whom, and who hears of the end?")
    read = ["made one ", "sent one ", "made two ", "sent two "]
    read += [f"sent {LINE.decode()}", "closed"]
    expect("serve(Diary())", read, hint)
    hint = say("Who closes when it did not end well?")
    failed = ["made one ", "sent one ", "closed"]
    expect("serve(Diary(fails=True))", failed, hint)
    expect("serve(Diary(), most=1)", failed, hint)
    hint = say(
        "When does a generator begin, and what does its `finally` do then?"
    )
    for lazy in False, True:
        expect(f"left(lazy={lazy})", True, hint)
    hint = say("Which answers have no body?")
    for status in "204 No Content", "304 Not Modified", *OTHER_WORDS:
        expect(f'ask(page("{status}", b"")).body', b"", hint)
        expect(f'ask(page("{status}", b"", lazy=True)).body', b"", hint)
    for lazy in False, True:
        head = f'ask(page(lazy={lazy}), "/", "HEAD").body'
        expect(head, b"", hint)
    sent = 'ask(signed(Page()), "/", "HEAD").body'
    if answer(sent, hint):  # of an app that looks at no method
        expect(sent, b"one two", hint)
    hint = say("What is the same as in GET, and what is not?")
    length = 'ask(page(), "/", "HEAD").header("Content-Length")'
    if answer(length, hint) is not None:
        expect(length, str(4 + len(LINE)), hint)
    hint = say("And which have one?")
    for status in "201 Made", "302 Found", "404 Not Here", "500 Oh 204 No":
        expect(f'ask(page("{status}")).body', signed, hint)
    expect('ask(page("301 Moved")).body', signed, hint)
    for method in "POST", "DELETE", "OPTIONS":
        expect(f'ask(page(), "/", "{method}").body', signed, hint)
    expect('ask(page(kind="a/json")).body', signed, hint)
    expect("ask(signed(data)).body", b"{}" + LINE, hint)
    expect('ask(page(text=b"")).body', LINE, hint)
    expect('ask(page(text=b"tea\\n")).body', b"tea\n" + LINE, hint)
    empty = 'ask(signed(Page(b"tea", b"", b" "))).body'
    expect(empty, signed, hint)
    hint = say("What does the app have, and the client not?")
    kept = [("content-type", "text/plain")]
    kept += [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
    expect("rest(page())", kept, hint)
    for name, value in [
        ("Content-Language", "en"),
        ("Content-Encoding", "tea"),
        ("Content-Location", "/tea"),
        ("ETag", "a"),
    ]:
        expect(f'ask(signed(tagged)).header("{name}")', value, hint)
    hint = say("What does the app see of the request?")
    expect("requests(signed)", [POSTED], hint)
    hint = say("Which of the two calls of `start_response` counts?")
    expect("ask(signed(validator(reports))).body", b"", hint)
    for app in "regrets", "sorry":
        signed_once = f"ask(signed(validator({app}))).body"
        expect(signed_once, b"tea" + LINE, hint)
    hint = say("Whose list is it?")
    lengths = "[ask(signed(constant)).body for _ in range(2)]"
    expect(lengths, [b"tea" + LINE] * 2, hint)
    hint = say("Does the server hear of the error?")
    expect("errors(signed(reports))", [None, "KeyError"], hint)
    expect("error_of(signed(late))", "KeyError", hint)
    hint = say("What does your `start` return?")
    written = "ask(signed(validator(writes))).body"
    expect(written, b"old tea" + LINE, hint)
    hint = say("Whose line is it, if two requests are answered at once?")
    expect("two()", [LINE, b""], hint)


def exercise_5(answer):
    """Build: the project, a middleware that squeezes."""
    # May vary: how many bytes come, where a header stands, whether Vary is
    # one header or two. Must not: who gets gzip and who does not, whatever
    # the case of a name and the words of a status; what the text is, when
    # each block can be read, that the gzip ends, that `close()` is called.
    answer.load("beside_04_5")
    expect, gz, alone = answer.expect, ("gzip", 4000), (None, 4000)
    hint = say("What may a client hope for that says nothing?")
    expect("came(get(page(), None))", alone, hint)
    hint = say("Who says what the body is made of?")
    expect("came(get(page()))", gz, hint)
    hint = say("Is it smaller?")
    expect("len(get(page()).body) < 400", True, hint)
    plain = 'ask(squeezed(page()), headers={"Accept-Encoding": "gzip"})'
    expect(f"came({plain})", gz, say("Has every body a `close`?"))
    hint = say("Which of these clients take gzip?")
    for accept, coding in [
        ("br, gzip;q=0.5", gz),
        ("br,gzip; q=0.5", gz),
        ("gzip, br", gz),
        ("br;q=0, gzip", gz),
        ("br;q=0.0, gzip;q=0.001", gz),
        ("gzip;q=0", alone),
        ("br;q=1, gzip; q=0.0", alone),
        ("gzip ;q=0.000", alone),
        ("br", alone),
        ("", alone),
        ("pgzip, gzipped, deflate", alone),
    ]:
        expect(f'came(get(page(), "{accept}"))', coding, hint)
    length = '("Content-Length", "4000")'
    hint = say("Whose length is it?")
    expect(f"came(get(page({length})))", gz, hint)
    expect('came(get(page(("content-length", "4000"))))', gz, hint)
    expect('came(get(page(("CONTENT-LENGTH", "4000"))))', gz, hint)
    whole = f'get(page({length}), None).header("Content-Length")'
    expect(whole, "4000", hint)
    hint = say("Which answers are squeezed, and which are left alone?")
    for kind, coding in [
        ('"content-type", "text/css"', gz),
        ('"content-type", "text/x-tea"', gz),
        ('"CONTENT-TYPE", "text/plain"', gz),
        ('"Content-Type", "image/png"', alone),
        ('"Content-Type", "application/json"', alone),
        ('"Content-Type", "application/text"', alone),
        ('"Content-Type", "textile/silk"', alone),
        ('"Content-Type", "a/b; of=text/css"', alone),
    ]:
        expect(f"came(get(page(kind=({kind}))))", coding, hint)
    png = '("content-length", "4000"), kind=("Content-Type", "image/png")'
    whole = f'get(page({png})).header("Content-Length")'
    expect(whole, "4000", hint)
    for name in "Content-Encoding", "content-encoding":
        encoded = f'came(get(page(("{name}", "br"))))'
        expect(encoded, ("br", 4000), hint)
    encoded = 'came(get(page(("CONTENT-ENCODING", "identity"))))'
    expect(encoded, ("identity", 4000), hint)
    for status, coding in [
        ("200 Fine", gz),
        ("201 Created", alone),
        ("206 Partial Content", alone),
        ("404 Not Found", alone),
    ]:
        expect(f'came(get(page(status="{status}")))', coding, hint)
    for status in "204 No Content", "304 Not Modified":
        bare = f'get(page(status="{status}", kind=None, body=b""))'
        expect(f"came({bare})", (None, b""), hint)
    expect('came(get(page(), method="POST"))', gz, hint)
    short = 'page(("Content-Length", "3"), body=b"tea")'
    expect(f"came(get({short}))", ("gzip", b"tea"), hint)
    expect('came(get(page(body=b"t")))', ("gzip", b"t"), hint)
    hint = say("What does gzip say where there is no text?")
    expect('came(get(page(body=b"")))', ("gzip", b""), hint)
    hint = say("What must a cache know, of both kinds of client?")
    for accept in '"gzip"', "None":
        expect(f"varies(get(page(), {accept}))", ["accept-encoding"], hint)
    hint = say("What did the app say?")
    for name in "Vary", "vary":
        vary = f'varies(get(page(("{name}", "Cookie"))))'
        expect(vary, ["accept-encoding", "cookie"], hint)
    cookies = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("etag", "c")]
    kept = "[h for h in rest(get(page(*%r))) if h[0] != 'Content-Type']"
    expect(kept % cookies, cookies, hint)
    kept = 'get(page(("last-modified", "then"))).header("last-modified")'
    expect(kept, "then", hint)
    hint = say("Does this one vary?")
    png = 'varies(get(page(kind=("Content-Type", "image/png"))))'
    expect(png, [], hint)
    hint = say("What is the same as in GET, and what is not?")
    for app in "page()", "empty":
        expect(f'get({app}, method="HEAD").body', b"", hint)
    sent = 'get(ignoring, method="HEAD").body'
    if answer(sent, hint):
        expect(sent, b"tea and more", hint)
    for accept in "gzip", "br":
        both = f"sorted(get(page({length}), {accept!r}, %r).headers)"
        expect(f"{both % 'HEAD'} == {both % 'GET'}", True, hint)
    hint = say("When does this app call `start_response`?")
    expect("came(get(generator))", ("gzip", b"one two "), hint)
    expect('get(generator, method="HEAD").status', "200 OK", hint)
    hint = say("Through which door do these bytes come?")
    expect("came(get(writes))", ("gzip", b"old tea"), hint)
    hint = say("What if the app begins anew?")
    expect("came(get(reports))", (None, b"no tea"), hint)
    expect("error_of(squeezed(late))", "KeyError", hint)
    hint = say("What does the app see of the request?")
    expect("requests(squeezed)", [POSTED], hint)
    hint = say("Who waits for whom, and who hears of the end?")
    events = ["made one ", "read one ", "made two ", "read two ", "closed"]
    expect("read(Diary())", events, hint)
    three = [*events[:4], "made three ", "read three ", "closed"]
    expect('read(Diary(b"one ", b"two ", b"three "))', three, hint)
    expect("written()", b"old ", hint)
    hint = say("Who closes when it did not end well?")
    expect("read(Diary(fails=True))", [*events[:2], "closed"], hint)
    expect("read(Diary(), 1)", [*events[:2], "closed"], hint)
    hint = say(
        "When does a generator begin, what does its `finally` do then?"
    )
    for lazy in False, True:
        expect(f"left(lazy={lazy})", True, hint)
    hint = say("What does a client believe who gets the end?")
    expect("ends(Diary(fails=True))", False, hint)
    hint = say("Whose gzip is it, if more than one is answered at once?")
    for app, text in ("tea", b"tea"), ("generator", b"one two "):
        expect(f"three({app})", (text, text, text), hint)
    files = files_of("04_5", answer=answer.text)
    command = "gunicorn -b 127.0.0.1:0 squeezed_demo:app"
    with serve(command, files) as server:
        reply = server.get("/")  # requests takes gzip, and opens it
        came = reply.headers.get("Content-Encoding"), reply.text[:12]
        called = say("GET / by Gunicorn")
        hint = say("What is different here?")
        answer.compare(called, came, ("gzip", "Hello world!"), hint)


def exercise_6(answer):
    """Build: three doors."""
    # May vary: which door does what, function or class. Must not: which
    # view is found, who gets in, whatever the path of `login` and the rest
    # of the session; the one header of each answer, of errors, too.
    answer.load("beside_04_6")
    expect, member = answer.expect, 'name="Ada"'
    for typed, hint in [
        ("%s", say("What is an endpoint, and who has said it before?")),
        (
            "%s.html",
            say(
                "What does Flask see first, and who can change it before?"
            ),
        ),
    ]:
        paths = "/tea", "/all", "/old.html/tea", "/marked", "/Cup"
        for path in *paths, "/index":
            came = 200, [f"my {path[1:4]}"], f"{path} ".encode()
            expect(f'visit("{typed % path}", {member})', came, hint)
    asked = 200, ["my tea"], b"/tea a.html=B.html"
    expect(f'visit("/tea.html?a.html=B.html", {member})', asked, hint)
    asked = 200, ["mugs"], b"/mugs/ "
    expect(f'visit("/mugs/.html", {member})', asked, hint)
    expect("mounted()", "/club.html/tea ", hint)
    expect("changed()", [], hint)
    twice = f'visit("/tea.html.html", body=False, {member})'
    expect(twice, (404, ["none"]), hint)
    for typed in "/tea.HTML", "/TEA.html", "/tea.htm", "/tea.html/":
        missing = f'visit("{typed}", body=False, {member})'
        expect(missing, (404, ["none"]), hint)
    hint = say(
        "What does a `before_request` function return, and to whom?"
    )
    refused = 401, ["my tea"], b"Members only."
    for typed in "/tea", "/tea.html":
        expect(f'visit("{typed}")', refused, hint)
        expect(f'ran_for("{typed}")', [], hint)
    hint = say("Whose hooks did the club have before yours?")
    for path in "/tea", "/no", "/enter":
        expect(f'own_hook("{path}")', "club", hint)
    hint = say("What makes a member?")
    nameless = 200, ["my tea"], b"/tea "
    expect('visit("/tea", name="")', nameless, hint)
    expect('visit("/tea", cart="mint")', refused, hint)
    expect("two()", [200, 401], hint)
    expect("again()", [401, 401], hint)
    posted = 401, ["post"], b"Members only."
    expect('visit("/post", "POST")', posted, hint)
    posted = 200, ["post"], b"/post "
    expect(f'visit("/post", "POST", {member})', posted, hint)
    for typed, method in ("/tea", "HEAD"), ("/post", "DELETE"):
        stranger = f'visit("{typed}", "{method}", body=False)[0]'
        expect(stranger, 401, hint)
        expect(f'ran_for("{typed}", "{method}")', [], hint)
    late = 401, ["late"], b"Members only."
    expect('visit("/late.html")', late, hint)
    hint = say("Which view is for everybody, and by what do you know it?")
    expect('visit("/enter")', (200, ["login"], b"/enter "), hint)
    expect("enters()", [401, 200, 200], hint)
    other = 401, ["shop.login"], b"Members only."
    expect('visit("/shop/login")', other, hint)
    for path, endpoint in ("/logo", "static"), ("/leave", "logout"):
        refused = 401, [endpoint], b"Members only."
        expect(f'visit("{path}")', refused, hint)
    hint = say("What is `request.endpoint` where there is no view?")
    for visitor in "", f", {member}":
        missing = f'visit("/no", body=False{visitor})'
        expect(missing, (404, ["none"]), hint)
        wrong = f'visit("/post", body=False{visitor})'
        expect(wrong, (405, ["none"]), hint)
    hint = say("Which answers are each answer?")
    expect(f'visit("/shop/tea", {member})[1]', ["shop.tea"], hint)
    gone = f'visit("/gone", body=False, {member})'
    expect(gone, (404, ["gone"]), hint)
    failed = f'visit("/fail", body=False, {member})'
    expect(failed, (500, ["fail"]), hint)
    head = f'visit("/tea.html", "HEAD", {member})'
    expect(head, (200, ["my tea"], b""), hint)
    hint = say("And what does a server get, which calls the app itself?")
    server = 401, "my tea"
    expect('without_a_client("/tea.html")', server, hint)
    hint = say("Who waits for whom, and who hears of the end?")
    events = ["made one ", "sent one ", "made two ", "sent two ", "closed"]
    expect("streamed()", events, hint)
