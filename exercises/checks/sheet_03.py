"""The checks of sheet 03."""

from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from exercises.words import say
from notebooks.serving import serve

TYPE = ("Content-Type", "text/plain")


def passes(status, headers, body):
    """Whether the examiner lets such an application pass."""

    def app(environ, start_response):
        start_response(status, headers)
        return body

    environ = {"QUERY_STRING": ""}
    setup_testing_defaults(environ)
    try:
        iterable = validator(app)(environ, lambda *begin: print)
        try:
            b"".join(iterable)
        finally:
            iterable.close()
    except AssertionError:
        return False
    return True


def exercise_1(answer):
    """Predict: what does the examiner let pass?"""
    came = [
        passes("200 OK", [TYPE], ["Hello"]),
        passes("200 OK", [TYPE], (b"Hel", b"lo")),
        passes("204 No Content", [TYPE], []),
        passes("404 Not Found", [], [b"Nothing here."]),
        passes("200 OK", [TYPE, ("Content-Length", "1")], [b"Hello"]),
        passes("200 OK", (TYPE,), [b"Hello"]),
    ]
    hint = say("What must it be: a list, an iterable, bytes, a type?")
    answer.predicts("prediction", came, hint)


def exercise_2(answer):
    """Change: an echo that believes all it is told."""
    answer.load("beside_03_2")
    sent = 'ask(app, "/", "POST", b"mint tea")'
    hint = say("What did it do before?")
    answer.expect(f"{sent}[::2]", ("200 OK", b"mint tea"), hint)
    hint = say(
        "What does `get` say where there is nothing, and what then?"
    )
    for none in None, "":
        answer.expect(f"post({none!r})", ("200", 0, 0), hint)
    hint = say("Which strings does `int` take?")
    for bad in "ten", "-1", "+5", "1_0", "²":
        answer.expect(f"post({bad!r})", ("400", None, 0), hint)
    hint = say("Is 1,000 too many, and when do you look?")
    answer.expect('post("1000")', ("200", 1000, 1000), hint)
    answer.expect('post("1001")', ("413", None, 0), hint)
    hint = say("What does a browser do with HTML that a visitor wrote?")
    for length in "5", "x", "1001":
        kinds = '("text/plain", "application/octet-stream")'
        answer.expect(f'kind("{length}") in {kinds}', True, hint)


def exercise_3(answer):
    """Change: an answer that comes too early."""
    answer.load("beside_03_3")
    hint = say("What did it answer before?")
    mint = ("200 OK", b"3 cups")
    answer.expect('ask(app, "/mint")[::2]', mint, hint)
    hint = say("May you call `start_response` twice, and with what?")
    answer.expect('ask(app, "/black").status[:3]', "404", hint)
    answer.expect('ask(app, "/broken").status[:3]', "500", hint)
    hint = say("Who may read the reason?")
    for word in "secret", "RuntimeError":
        secret = f'b"{word}" in ask(app, "/broken").body'
        answer.expect(secret, False, hint)
    answer.expect('"secret recipe" in told("/broken")', True, hint)
    hint = say(
        "Is it a failure of the site when a visitor mistypes a path?"
    )
    answer.expect('told("/black")', "", hint)
    answer.run("fill_the_disk()")
    hint = say("`tea` raises an OSError now: which failures do you know?")
    answer.expect('ask(app, "/mint").status[:3]', "500", hint)


def exercise_4(answer):
    """Build: two sites in one."""
    answer.load("beside_03_4")
    answer.run("both, deep = mounted()")

    def leads(path, came, hint):
        answer.expect(f'where(both, "{path}")', came, hint)

    hint = say("Which part goes where?")
    leads("/tea/cup", "inner '/tea' '/cup'", hint)
    leads("/cup", "outer '' '/cup'", say("Who answers what is left?"))
    hint = say("Does `lstrip` cut a word?")
    leads("/tea/eat", "inner '/tea' '/eat'", hint)
    leads("/tea", "inner '/tea' ''", say("Is `/tea` itself under `/tea`?"))
    leads("/tea/", "inner '/tea' '/'", say("Whose is the slash?"))
    hint = say("What comes after the prefix?")
    leads("/teapot", "outer '' '/teapot'", hint)
    hint = say("How often do you cut?")
    leads("/tea/a/tea", "inner '/tea' '/a/tea'", hint)
    hint = say("Where must the prefix stand?")
    leads("/a/tea/b", "outer '' '/a/tea/b'", hint)
    hint = say("What if somebody has mounted you?")
    deep = "inner '/shop/tea' '/cup'"
    answer.expect('where(deep, "/shop/tea/cup")', deep, hint)
    answer.expect('where(deep, "/shop/cup")', "outer '/shop' '/cup'", hint)


def exercise_5(answer):
    """Build: the project, a JSON API by hand."""
    answer.load("beside_03_5")
    expect = answer.expect
    mint, two = {"id": 1, "text": "mint"}, {"id": 2, "text": "café"}
    expect('ask(app, "/notes").json', [], say("What is there at first?"))
    answer.run('first = post({"text": "mint"})')
    expect(
        "first.status[:3]", "201", say("What do you say to a new note?")
    )
    expect("first.json", mint, say("What does the client get to know?"))
    expect('first.header("Location")', "/notes/1", say("Where is it now?"))
    kind = "application/json; charset=utf-8"
    made = f'post({{"text": "café"}}, "{kind}").status[:3]'
    expect(made, "201", say("Is JSON with a charset another type?"))
    expect(
        'ask(app, "/notes").json', [mint, two], say("What is in the list?")
    )
    hint = say("Which one was asked for?")
    expect('ask(app, "/notes/1").json', mint, hint)
    expect('ask(app, "/notes/2").json', two, hint)
    hint = say("Is every answer JSON, with its length?")
    for reply, status in [
        ('ask(app, "/notes")', "200"),
        ('ask(app, "/notes/1")', "200"),
        ("first", "201"),
        ('ask(app, "/")', "404"),
        ('ask(app, "/notes/3")', "404"),
        ('ask(app, "/notes/")', "404"),
        ('ask(app, "/notes/x")', "404"),
        ('ask(app, "/a/notes/1")', "404"),
        ('ask(app, "/notes", "PUT")', "405"),
        ('ask(app, "/notes", "DELETE")', "405"),
        ('post({"text": "tea"}, path="/notes/1")', "405"),
        ('post({"text": "tea"}, "text/plain")', "415"),
        ('post(b"text=tea", "application/x-www-form-urlencoded")', "415"),
        ('post(b"no JSON")', "400"),
        ('post(b"\\xff")', "400"),
        ('post(b"")', "400"),
        ('post(["text"])', "400"),
        ('post("text")', "400"),
        ("post(None)", "400"),
        ('post({"tea": "mint"})', "400"),
        ('post({"text": 5})', "400"),
        ('post({"text": ""})', "400"),
    ]:
        form = (status, "application/json", True)
        expect(f"form({reply})", form, hint)
        if status >= "400":
            error = f'isinstance({reply}.json.get("error"), str)'
            expect(error, True, say("What does the client read?"))
    expect(
        'len(ask(app, "/notes").json)', 2, say("Which of them was kept?")
    )
    hint = say("Which methods does this path take?")
    methods = ["GET", "HEAD", "POST"]
    expect('allowed("/notes", "PUT")', methods, hint)
    methods = ["DELETE", "GET", "HEAD"]
    expect('allowed("/notes/1", "PUT")', methods, hint)
    hint = say("What is the same as in GET, and what is not?")
    for path in "/notes", "/notes/1", "/nowhere":
        expect(f'ask(app, "{path}", "HEAD").body', b"", hint)
        expect(f'differs("{path}")', [], hint)
    answer.run('gone = ask(app, "/notes/2", "DELETE")')
    expect(
        "gone.status[:3], gone.body", ("204", b""), say("What is left?")
    )
    expect('gone.header("Content-Length")', None, say("Of what?"))
    expect('ask(app, "/notes/2").status[:3]', "404", say("Is it gone?"))
    hint = say("Which number comes next, when one is gone?")
    expect('post({"text": "green"}).json["id"]', 3, hint)
    files = {"answer.py": answer.text}
    with serve("gunicorn -b 127.0.0.1:0 answer:app", files) as server:
        reply = server.post("/notes", json={"text": "mint"})
        came = (reply.status_code, reply.json())
        called = say("POST /notes by Gunicorn")
        hint = say("What is different here?")
        answer.compare(called, came, (201, mint), hint)
