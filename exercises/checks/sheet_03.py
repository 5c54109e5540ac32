"""The checks of sheet 03."""

import ast
import sys
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
    # May vary: the words of an answer, the phrase of a status, in which
    # pieces it reads. Must not: the bytes of the echo, that nothing of a
    # refused body is read, nor more than was promised; the type, always.
    answer.load("beside_03_2")
    hint = say("What did it do before?")
    for body in (
        b"mint tea",
        b"<b>\xff\0\n",
        b"\r\n\0one\rtwo\nTh\xc3\xa9 \0",
        b"x" * 999,
    ):
        sent = f'ask(app, "/", "POST", {body})'
        answer.expect(f"{sent}[::2]", ("200 OK", body), hint)
    hint = say(
        "What does `get` say where there is nothing, and what then?"
    )
    for none in None, "", "0":
        answer.expect(f"post({none!r})", ("200", 0, 0), hint)
    hint = say("What is no digit, and what does `int` take?")
    for bad in BAD:
        answer.expect(f"post({bad!r})", ("400", None, 0), hint)
    hint = say("Is 1,000 too many, and when do you look?")
    answer.expect('post("1")', ("200", 1, 1), hint)
    answer.expect('post("1000")', ("200", 1000, 1000), hint)
    for many in '"1001"', '"9" * 12':
        answer.expect(f"post({many})", ("413", None, 0), hint)
    seven = 'post("0000000007")'
    answer.expect(seven, ("200", 7, 7), say("Which number is it?"))
    hint = say("Does the method say whether there is a body?")
    for method in "GET", "PUT", "DELETE":
        sent = f'ask(app, "/", "{method}", b"tea").body'
        answer.expect(sent, b"tea", hint)
    hint = say("What does a browser do with HTML that a visitor wrote?")
    for length in None, "", "5", "x", "1001":
        kinds = '("text/plain", "application/octet-stream")'
        answer.expect(f"kind({length!r}) in {kinds}", True, hint)
        for method in "GET", "HEAD":
            got = f'kind({length!r}, "{method}") in {kinds}'
            answer.expect(got, True, hint)
    hint = say("What else is there that a server may leave out?")
    answer.expect("varies(app)", [], hint)
    again = 'ask(app, "/tea", "PUT", b"tea").body'
    answer.expect(again, b"tea", say("Did you keep something?"))


BAD = ["ten", "x", "-1", "-0", "+5", "1_0", "²", "5 ", " 5", "5\n"]
BAD += ["5.0", "1e3", "0x5", "5,5", "--1", "1 0", "-", "None"]
BAD += ["-5000", "+1001", "1_001", " 1001", "²0000", "1001.0"]


def exercise_3(answer):
    """Change: an answer that comes too early."""
    # May vary: what an apology says, and when `start_response` is called.
    # Must not: which failure is which, whatever it is; that nothing of it
    # is in any part of the answer, and its reason is in `wsgi.errors`.
    answer.load("beside_03_3")
    hint = say("What did it answer before?")
    for path, cups in ("/mint", b"3 cups"), ("/green", b"5 cups"):
        answer.expect(f'ask(app, "{path}")[::2]', ("200 OK", cups), hint)
    hint = say("May you call `start_response` twice, and with what?")
    for path in "/black", "/", "/mint/", "/Mint":
        answer.expect(f'ask(app, "{path}").status[:3]', "404", hint)
    answer.expect('ask(app, "/broken").status[:3]', "500", hint)
    hint = say("Who may read the reason, in which part of an answer?")
    for word in "secret", "recipe", "runtimeerror", "traceback":
        secret = f'"{word}" in shown("/broken")'
        answer.expect(secret, False, hint)
    hint = say("Who has to know, and by which file?")
    answer.expect('"secret recipe" in told("/broken")', True, hint)
    hint = say(
        "Is it a failure of the site when a visitor mistypes a path?"
    )
    for path in "/black", "/mint":
        answer.expect(f'told("{path}")', "", hint)
    for error in FAILURES:
        hint = say("`tea` raises it now: which failures do you know?")
        answer.run(f"fail_with({error})")
        answer.expect('ask(app, "/mint").status[:3]', "500", hint)
        hint = say("Who may read the reason, in which part of an answer?")
        name = error.partition("(")[0]
        for word in "disk", name.lower():
            secret = f'"{word}" in shown("/mint")'
            answer.expect(secret, False, hint)
        hint = say("Who has to know, and by which file?")
        reason = FULL if FULL in error else name
        if reason == name:
            hint = say("What is left to tell of an error without a text?")
        answer.expect(f'"{reason}" in told("/mint")', True, hint)
    answer.run(f"fail_with(KeyError('{FULL}'))")
    hint = say("Which failure means that there is no such report?")
    answer.expect('ask(app, "/mint").status[:3]', "404", hint)
    answer.run("serve_only('/black', '1 thé')")
    hint = say("Who knows which reports there are?")
    black = ("200 OK", "1 thé".encode())
    answer.expect('ask(app, "/black")[::2]', black, hint)
    answer.expect('ask(app, "/mint").status[:3]', "404", hint)
    answer.run("mend()")
    hint = say("Did you keep something?")
    answer.expect('ask(app, "/mint")[::2]', ("200 OK", b"3 cups"), hint)
    kind = 'ask(app, "/mint").header("Content-Type").split(";")[0]'
    answer.expect(kind, TYPE[1], hint)


FULL = "the disk is full"
FAILURES = ["OSError", "IndexError", "ValueError", "TypeError"]
FAILURES += ["AttributeError", "ZeroDivisionError"]
FAILURES = [f'{name}("{FULL}")' for name in FAILURES]
FAILURES += [f'OSError(28, "{FULL}")', "TimeoutError()"]


def exercise_4(answer):
    """Build: two sites in one."""
    # May vary: whether the environ is changed or copied, functions or
    # classes. Must not: the whole of the path, wherever it is mounted; all
    # of the request and of the answer, its `close` too; two at once.
    answer.load("beside_03_4")
    answer.run("both, deep = mounted()")

    def leads(path, came, hint, app="both"):
        answer.expect(f'where({app}, "{path}")', came, hint)

    hint = say("Which part goes where?")
    leads("/tea/cup", "inner '/tea' '/cup'", hint)
    leads("/cup", "outer '' '/cup'", say("Who answers what is left?"))
    leads("/", "outer '' '/'", say("Who answers what is left?"))
    hint = say("Does `lstrip` cut a word?")
    leads("/tea/eat", "inner '/tea' '/eat'", hint)
    leads("/tea", "inner '/tea' ''", say("Is `/tea` itself under `/tea`?"))
    leads("/tea/", "inner '/tea' '/'", say("Whose is the slash?"))
    hint = say("Who decodes the path?")
    leads("/tea/%41é", "inner '/tea' '/%41Ã©'", hint)
    hint = say("What comes after the prefix?")
    for path in "/teapot", "/tea-cup/a", "/te", "/tea.html", "/TEA/cup":
        leads(path, f"outer '' '{path}'", hint)
    leads(r"/tea\n", r"outer '' '/tea\n'", hint)
    hint = say("How often do you cut?")
    leads("/tea/a/tea", "inner '/tea' '/a/tea'", hint)
    leads("/tea/tea/tea", "inner '/tea' '/tea/tea'", hint)
    hint = say("Where must the prefix stand?")
    for path in "/a/tea/b", "/cup/tea", "/a/tea", "//tea":
        leads(path, f"outer '' '{path}'", hint)
    hint = say("How many parts has a prefix?")
    leads("/a/b", "inner '/a/b' ''", hint, "parts")
    leads("/a/b/c", "inner '/a/b' '/c'", hint, "parts")
    for path in "/a", "/a/c", "/a/bc", "/b", "/a/":
        leads(path, f"outer '' '{path}'", hint, "parts")
    hint = say("Is a prefix a text, or a pattern?")
    leads("/v1.0/a", "inner '/v1.0' '/a'", hint, "dotted")
    leads("/v1x0/a", "outer '' '/v1x0/a'", hint, "dotted")
    leads("/c++/a", "inner '/c++' '/a'", hint, "plus")
    hint = say("Is it all of the path that is left, to the letter?")
    for rest in "//cup/", "/cup//", "/.", "/../cup", "/ A/./b;c=D: ":
        leads(f"/tea{rest}", f"inner '/tea' '{rest}'", hint)
    for path in "/cup//a//", "/cup/../tea", "/ A;b=C: ":
        leads(path, f"outer '' '{path}'", hint)
    hint = say("What if somebody has mounted you?")
    leads("/shop/tea/cup", "inner '/shop/tea' '/cup'", hint, "deep")
    leads("/shop/cup", "outer '/shop' '/cup'", hint, "deep")
    leads("/tea/cup", "home '' '/tea/cup'", hint, "deep")
    leads("/shop/shop/tea", "outer '/shop' '/shop/tea'", hint, "deep")
    mounted = 'where(both, "%s", SCRIPT_NAME="/tea")'
    answer.expect(mounted % "/tea/a", "inner '/tea/tea' '/a'", hint)
    answer.expect(mounted % "/cup", "outer '/tea' '/cup'", hint)
    hint = say("What does PEP 3333 let a server leave out?")
    missing = 'where(both, "/tea/a", SCRIPT_NAME=None)'
    answer.expect(missing, "inner '/tea' '/a'", hint)
    missing = 'where(both, "", SCRIPT_NAME="/shop", PATH_INFO=None)'
    answer.expect(missing, "outer '/shop' ''", hint)
    hint = say("What else is in a request?")
    posted = 'where(both, "/tea/cup", method="POST")'
    answer.expect(posted, "inner '/tea' '/cup'", hint)
    for path in "/tea/cup", "/cup":
        answer.expect(f'lost("{path}")', [], hint)
    hint = say("What else is in an answer?")
    for path in "/tea/cup", "/cup":
        answer.expect(f'changed("{path}")', "nothing", hint)
    for path in "/tea/cup", "/cup":
        twice = f'ask(mount("/tea", reports, reports), "{path}")[::2]'
        answer.expect(twice, ("500 No Tea", b"no tea"), hint)
        written = f'ask(mount("/tea", writes, writes), "{path}").body'
        answer.expect(written, b"old tea", hint)
    hint = say("Who closes the body of the site that was asked?")
    for path in "/tea/cup", "/cup":
        for most in None, 1, 0:
            closed = f'closed("{path}", {most})'
            answer.expect(closed, [1], hint)
    hint = say("Where do you keep what belongs to one request?")
    names = ["inner '/tea' '/a'", "outer '' '/cup'", "inner '/tea' '/b'"]
    answer.expect('together("/tea/a", "/cup", "/tea/b")', names, hint)
    hint = say("Who waits for whom, when two come in two threads?")
    answer.expect('met("/tea", "/cup", each=4)', {"met"}, hint)


def exercise_5(answer):
    """Build: the project, a JSON API by hand."""
    # May vary: the order of the list, the words of an error and the phrase
    # of a status, spaces in the JSON, a charset; what comes of a text that
    # is spaces, or half a character. Must not: which path and which method
    # is which, the numbers, whatever was deleted; that no request ends in
    # an error of the app.
    answer.load("beside_03_5")
    hint = say("Which modules come with Python?")
    called = say("what the cell imports from elsewhere")
    answer.compare(called, foreign(answer.text), [], hint)
    for part in begins, misses, refuses, keeps, serves:
        part(answer, answer.expect)


def foreign(text):
    """The modules that a text imports and Python does not bring, a list."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return sorted(
        name
        for name in names
        if name.split(".")[0] not in sys.stdlib_module_names
    )


MINT, TWO = {"id": 1, "text": "mint"}, {"id": 2, "text": "café"}


def begins(answer, expect):
    """Three notes are made, and read."""
    hint = say("What is there at first?")
    expect('ask(app, "/notes").json', [], hint)
    expect('ask(app, "/notes").status[:3]', "200", hint)
    answer.run('first = post({"text": "mint"})')
    hint = say("What do you say to a new note?")
    expect("first.status[:3]", "201", hint)
    expect("first.json", MINT, say("What does the client get to know?"))
    expect('first.header("Location")', "/notes/1", say("Where is it now?"))
    kind = "application/json; charset=utf-8"
    made = f'post({{"text": "café"}}, "{kind}").status[:3]'
    expect(made, "201", say("Is JSON with a charset another type?"))
    expect("listed()", [MINT, TWO], say("What is in the list?"))
    hint = say("Which one was asked for?")
    expect('ask(app, "/notes/1").json', MINT, hint)
    expect('ask(app, "/notes/2").json', TWO, hint)
    hint = say("Who gives the numbers, and what is a note made of?")
    three = {"id": 3, "text": "Mint  \n<b>tea"}
    expect(f"post({three | {'id': 1, 'tea': 2}}).json", three, hint)
    expect('ask(app, "/notes/1").json', MINT, hint)
    expect('ask(app, "/notes/3").json', three, hint)


def misses(answer, expect):
    """What is not there, and what does not go."""
    hint = say("Is every answer JSON, with its length?")
    for reply in 'ask(app, "/notes")', 'ask(app, "/notes/1")', "first":
        expect(f"form({reply})", ("application/json", True), hint)
    for path in PATHS:
        for method in "GET", "DELETE", "PUT":
            fails(expect, f'ask(app, "{path}", "{method}")', "404")
        fails(expect, f'post({{"text": "tea"}}, path="{path}")', "404")
    for path in r"/notes/\xb2", r"/notes/\xb9", r"/\xff":
        for method in "GET", "POST":
            sent = f'ask(app, "/", "{method}", PATH_INFO="{path}")'
            fails(expect, sent, "404")
    for path, methods in [
        ("/notes", ["PUT", "DELETE", "PATCH", "OPTIONS"]),
        ("/notes/1", ["PUT", "PATCH", "OPTIONS"]),
    ]:
        for method in methods:
            fails(expect, f'ask(app, "{path}", "{method}")', "405")
    fails(expect, 'post({"text": "tea"}, path="/notes/1")', "405")
    hint = say("Which methods does this path take?")
    for method in "PUT", "PATCH":
        methods = ["GET", "HEAD", "POST"]
        expect(f'allowed("/notes", "{method}")', methods, hint)
        methods = ["DELETE", "GET", "HEAD"]
        expect(f'allowed("/notes/1", "{method}")', methods, hint)


PATHS = "/", "/notes/", "/notes/4", "/notes/0", "/notes/-1", "/notes/x"
PATHS += "/notes/1/", "/notes/1/x", "/notes/+1", "/notes/01", "/notes/1_0"
PATHS += "/notes/1.0", "/notes//1", "/a/notes/1", "/a/notes", "/notesx"
PATHS += "/Notes", "/note/1", "/notes/ 1", "/notes1", "/Notes/1", "/1"
PATHS += r"/notes/1\n", r"/notes\n", r"/notes/\n1", "/notes/1 ", "//notes"
PATHS += "/notes/٣", "/notes/³", "/notes//", "/notes/1/notes/1"
PATHS += "/notes/./1", "/tea/../notes", "/notes/.", "/notes/1;", "/notes;"


def fails(expect, reply, status):
    """Expect that a reply, Python, is an error in JSON."""
    expect(f"{reply}.status[:3]", status, asks()[status])
    hint = say("Is every answer JSON, with its length?")
    expect(f"form({reply})", ("application/json", True), hint)
    error = f'isinstance({reply}.json.get("error"), str)'
    expect(error, True, say("What does the client read?"))


def asks():
    """The hint to each kind of error, {its number: a question}."""
    return {
        "400": say("What is a note made of, and what if there is none?"),
        "404": say("Which paths are there, to the letter?"),
        "405": say("Which methods does this path take?"),
        "415": say("Which type is it, to the letter?"),
    }


def refuses(answer, expect):
    """Notes that are none; then the notes are as before."""
    for kind in KINDS:
        fails(expect, f'post({{"text": "tea"}}, {kind!r})', "415")
    form = '"application/x-www-form-urlencoded"'
    fails(expect, f'post(b"text=tea", {form})', "415")
    for body in BODIES.split("\n")[1:-1]:
        fails(expect, f"post({body})", "400")
    for kind in KINDS_OF_JSON:  # it is JSON, and no note
        fails(expect, f'post(b"tea", "{kind}")', "400")
    for length in "", "x", "-1", "²", None:
        sent = f'post({{"text": "tea"}}, CONTENT_LENGTH={length!r})'
        fails(expect, sent, "400")
    hint = say("Which of them was kept?")
    expect("[note['id'] for note in listed()]", [1, 2, 3], hint)


KINDS = "text/plain", "text/json", "application/json-patch+json"
KINDS += "application/jsonp", "application/x-json", "json", "", None
KINDS += "text/plain; application/json", "text/plain, application/json"
KINDS_OF_JSON = ["application/json;charset=UTF-8"]
KINDS_OF_JSON += ["application/json ; charset=utf-8; tea=mint"]
BODIES = r"""
b"no JSON"
b"\xff"
b""
b'{"text": "te'
b'{"text": "th\xe9"}'
b"{'text': 'tea'}"
b'{"text": "tea"} and'
["text"]
[["text", "tea"]]
[{"text": "tea"}]
[]
"text"
5
True
None
{}
{"tea": "mint"}
{"Text": "tea"}
{"text": ""}
{"text": 5}
{"text": 1.5}
{"text": True}
{"text": None}
{"text": ["tea"]}
{"text": {"text": "tea"}}
"""


def keeps(answer, expect):
    """HEAD, and what is there when one note is gone, then all."""
    hint = say("What is the same as in GET, and what is not?")
    for path in "/notes", "/notes/1", "/nowhere", "/notes/9":
        expect(f'ask(app, "{path}", "HEAD").body', b"", hint)
        expect(f'differs("{path}")', [], hint)
    hint = say("What does PEP 3333 let a server leave out?")
    for path in "/notes", "/notes/1", "/nowhere":
        expect(f'varies(app, "{path}")', [], hint)
    hint = say("Who takes the query apart?")
    expect('ask(app, "/notes/1?id=2").json', MINT, hint)
    answer.run('gone = ask(app, "/notes/1", "DELETE")')
    hint = say("What is left?")
    expect("gone.status[:3], gone.body", ("204", b""), hint)
    expect('gone.header("Content-Length")', None, say("Of what?"))
    hint = say("Is it gone?")
    for method in "GET", "HEAD", "DELETE", "PUT":
        gone = f'ask(app, "/notes/1", "{method}").status[:3]'
        expect(gone, "404", hint)
    hint = say("Which one was asked for?")
    expect('ask(app, "/notes/2").json', TWO, hint)
    expect("[note['id'] for note in listed()]", [2, 3], hint)
    hint = say("Which number comes next, when one is gone?")
    green = {"id": 4, "text": "green"}
    expect('post({"text": "green"}).json', green, hint)
    expect('ask(app, "/notes/4").json', green, hint)
    for number in 4, 2, 3:
        gone = f'ask(app, "/notes/{number}", "DELETE").status[:3]'
        expect(gone, "204", say("Is it gone?"))
    expect('ask(app, "/notes").json', [], say("What is left?"))
    raw = r"""post(b'{"text": "th\xc3\xa9"}').json"""
    expect(raw, {"id": 5, "text": "thé"}, say("Which encoding has JSON?"))
    for number in range(6, 26):
        place = 'post({"text": "tea"}).header("Location")'
        expect(place, f"/notes/{number}", say("Where is it now?"))
    tea = {"id": 12, "text": "tea"}
    expect('ask(app, "/notes/12").json', tea, say("How long is a number?"))
    gone = 'ask(app, "/notes/12", "DELETE").status[:3]'
    expect(gone, "204", say("How long is a number?"))
    ids = "[note['id'] for note in listed()]"
    expect(
        ids, [*range(5, 12), *range(13, 26)], say("What is in the list?")
    )
    hint = say("Is the text as it was sent?")
    text = " Mint,\r\n\ttea \0é茶🍵 &\"'\\1 \n"
    expect(f'post({{"text": {text!r}}}).json["text"]', text, hint)
    expect('ask(app, "/notes/26").json["text"]', text, hint)
    long = 'post({"text": "tea " * 999}).json["text"] == "tea " * 999'
    expect(long, True, hint)


def serves(answer, expect):
    """A real server calls it."""
    files = {"answer.py": answer.text}
    hint = say("What is different here?")
    with serve("gunicorn -b 127.0.0.1:0 answer:app", files) as server:
        reply = server.post("/notes", json={"text": "mint"})
        came = (reply.status_code, reply.json())
        called = say("POST /notes by Gunicorn")
        answer.compare(called, came, (201, MINT), hint)
        hint = say("Has a body in chunks a length, and must it be lost?")
        json = {"Content-Type": "application/json"}
        chunks = iter([b'{"text": ', b'"green"}'])
        reply = server.post("/notes", data=chunks, headers=json)
        if reply.status_code != 400:  # it may read chunks, or refuse them
            called = say("POST /notes in chunks, by Gunicorn")
            came = reply.status_code, reply.json()
            green = {"id": 2, "text": "green"}
            answer.compare(called, came, (201, green), hint)


def exercise_6(answer):
    """Change: an answer that fails midway."""
    # May vary: how it knows that nothing was sent, by exc_info or since it
    # has looked at the first part; the words of the apology. Must not: that
    # an empty part sends nothing, that no part waits for another, that the
    # server gets what comes too late, and the visitor no reason.
    answer.load("beside_03_6")
    hint = say("What did it do before?")
    for parts in "b'one ', b'two'", "b'', b'one', b'', b'two '", "b'tea',":
        body = b"".join(ast.literal_eval(parts))
        answer.expect(f"gets({parts})", ("200", body, "whole"), hint)
    hint = say("What if a report has no part, or only empty ones?")
    for parts in "", "b''":
        answer.expect(f"gets({parts})", ("200", b"", "whole"), hint)
    sorry = ("500", TYPE[1], "whole", True)
    for error in FAILURES:
        hint = say("May you call `start_response` twice, and with what?")
        answer.expect(f"fails({error})", sorry, hint)
        early = f"fails({error}, early=True)"
        answer.expect(early, sorry, say("Which of your lines can fail?"))
        hint = say("Has an empty part sent anything?")
        answer.expect(f"fails(b'', b'', {error})", sorry, hint)
        hint = say("Who must know that it failed, when bytes are sent?")
        end = ("200", b"one ", error.partition("(")[0])
        answer.expect(f"gets(b'one ', {error})", end, hint)
        answer.expect(f"gets(b'', b'one ', {error})", end, hint)
        end = ("200", b"one two ", error.partition("(")[0])
        answer.expect(f"gets(b'one ', b'two ', {error})", end, hint)
        answer.expect(f"gets(b'one ', b'two ', b'', {error})", end, hint)
        failed = f"served(b'', {error})"
        hint = say("Who may read the reason, in which part of an answer?")
        for word in "disk", error.partition("(")[0].lower():
            secret = f'"{word}" in {failed}["shown"]'
            answer.expect(secret, False, hint)
        hint = say("Who has to know, and by which file?")
        reason = FULL if FULL in error else error.partition("(")[0]
        answer.expect(f'"{reason}" in {failed}["log"]', True, hint)
    hint = say("Does a part wait until the next one is made?")
    events = ["/mint", "made one", "sent one", "made two", "sent two"]
    answer.expect("served(b'one', b'two')['events']", events, hint)
    hint = say("Which report was asked for, and how often?")
    green = ["/green", "made one", "sent one"]
    asked = "served(b'one', path='/green')['events']"
    answer.expect(asked, green, hint)
    hint = say("What is raised in a generator whose client has left?")
    left = "b'one', b'two', most=1"
    answer.expect(f"served({left})['end']", "whole", hint)
    for parts in left, "b'', b'one', most=1", "b'one'", "":
        answer.expect(f"served({parts})['log']", "", hint)
    hint = say("Which type had it before?")
    answer.expect("served(b'one')['type']", TYPE[1], hint)
    hint = say("Did you keep something?")
    answer.expect("gets(b'one')", ("200", b"one", "whole"), hint)
