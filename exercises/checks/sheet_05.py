"""The checks of sheet 05."""

import ast
import os
import re
import select
import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from shlex import quote

import psutil

from exercises.checks.files import files_of
from exercises.commands import is_still, let_work, stopped
from exercises.words import say
from notebooks.serving import run, serve, start, wait_until


def refuses(server, first, *headers, body=""):
    """Whether the server answers 400 to such a request."""
    lines = [first, "Connection: close", *headers, "", body]
    reply = server.send("\r\n".join(lines).encode())
    return reply.startswith(b"HTTP/1.1 400 ")


def exercise_1(answer):
    """Predict: what does a strict server refuse?"""
    hint = say("Where could two servers on the way understand two things?")
    answer("prediction", hint)  # before a server is started
    get, host = "GET / HTTP/1.1", "Host: tea"
    post, length = "POST /echo HTTP/1.1", "Content-Length: "
    chunked = "Transfer-Encoding: chunked"
    command = "python -m small_server wsgi:app --bind 127.0.0.1:0"
    with serve(command) as server:
        came = [
            refuses(server, get),
            refuses(server, get, host, "X-Tea:mint"),
            refuses(server, get, host, "X-Tea : mint"),
            refuses(server, get, host, "X-Tea: mint", "x-tea: green"),
            refuses(server, post, host, length + "+3", body="tea"),
            refuses(server, post, host, length + "3", chunked, body="tea"),
            refuses(server, get, host, "X_Tea: mint"),
        ]
    answer.predicts("prediction", came, hint)


def exercise_2(answer):
    """Predict: in chunks."""
    hint = say("What is bytes, and what is text?")
    answer("prediction", hint)
    answer.expect("type(prediction).__name__", "bytes", hint)
    ours = f"PYTHONPATH={quote(os.getcwd())}"  # where small_server is
    command = "python -m small_server tea:app --bind 127.0.0.1:0"
    with serve(f"{ours} {command}", files_of("05_2")) as server:
        head = b"GET / HTTP/1.1\r\nHost: tea\r\n"
        reply = server.send(head + b"Connection: close\r\n\r\n")
    came = reply.partition(b"\r\n\r\n")[2]
    hint = say(
        "In which number system is a size, and which chunk is the end?"
    )
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: half a request."""
    # May vary: with which call, and in what sizes, it reads; whether what
    # came after the head is returned, or not read yet. Must not: a byte of
    # either, which error it raises and when, how long it waits.
    answer.load("beside_05_3")
    expect = answer.expect
    head = b"GET / HTTP/1.1\r\nHost: t\xe9a\n\nX-Tea: mint"
    whole = head + b"\r\n\r\n"
    hint = say("What did it do before?")
    expect(f"read({whole!r})", (head, b""), hint)
    hint = say("How many calls of `recv` bring the head?")
    expect(f"read(*{(whole[:9], whole[9:])!r})", (head, b""), hint)
    hint = say("Can the empty line itself arrive in two pieces?")
    single = f"read(*[bytes([byte]) for byte in {whole!r}])"
    expect(single, (head, b""), hint)
    single = "read(*[b'x'] * 500, b'\\r\\n', b'\\r\\n')"
    expect(single, (b"x" * 500, b""), hint)
    hint = say("How long may a client rest between two pieces?")
    three = whole[:9], whole[9:20], whole[20:]
    expect(f"paused(*{three!r})", head, hint)
    hint = say("Whose are the bytes after the head?")
    split = f"read({whole[:-1]!r}, b'\\n' + b't' * 4095)"
    expect(split, (head, b"t" * 4095), hint)
    expect(f"read({whole!r} + b't' * 5000)", (head, b"t" * 5000), hint)
    more = b"\n tea\r\n\r\n"
    expect(f"read({whole + more!r})", (head, more), hint)
    for size in 1024, 2048, 4096:  # as many bytes as people ask for
        long = f"b'x' * {size - 2} + b'\\r\\n\\r\\n' + b't' * 3000"
        expect(f"read({long})", (b"x" * (size - 2), b"t" * 3000), hint)
    waits = b"POST / HTTP/1.1\r\nContent-Length: 3"
    hint = say("Who reads the body, and when?")
    expect(f"read({waits!r} + b'\\r\\n\\r\\n')", (waits, b""), hint)
    hint = say("Whose are the bytes after the head?")
    pieces = (whole[:9], whole[9:] + b"te")
    expect(f"read(*{pieces!r})", (head, b"te"), hint)
    hint = say("Which bytes are no part of the head?")
    odd = b" GET / HTTP/1.1 \t"
    expect(f"read({odd!r} + b'\\r\\n\\r\\n \\t')", (odd, b" \t"), hint)
    hint = say("What does `recv` return when nobody is there any more?")
    for part in b"", whole[:9], head, whole[:-1]:
        expect(f"read({part!r}, leaves=True)", "EOFError", hint)
    hint = say("How much memory may a stranger fill?")
    expect("read(*[b'x' * 1000] * 99)", "ValueError", hint)
    expect("read(b'x' * 4096, b'x' * 4097)", "ValueError", hint)
    expect("read(*[b'X-Tea: mint\\r\\n'] * 999)", "ValueError", hint)
    expect("read(*[b'x' * 1000] * 99, count=True) <= 10000", True, hint)
    hint = say("How long may an honest head be, and what comes with it?")
    long = "read(*[b'x' * 1000] * 7, b'\\r\\n\\r\\n' + b't' * 3000)"
    expect(long, (b"x" * 7000, b"t" * 3000), hint)
    at_limit = "read(b'x' * 8000, b'x' * 189 + b'\\r\\n\\r', b'\\n')"
    expect(at_limit, (b"x" * 8189, b""), hint)
    over = "read(b'x' * 8000, b'x' * 1000 + b'\\r\\n\\r\\n')"
    if answer(over, hint) != "ValueError":  # who reads little may say so
        expect(over, (b"x" * 9000, b""), hint)


NO_REQUESTS = [  # as Python writes them in a text
    "GET / HTTP/2.0",
    "GET / HTTP/1.2",
    "GET / HTTP/1x1",
    "GET / HTTP/1.10",
    "GET  / HTTP/1.1",
    "GET /",
    "get / HTTP/1.1",
    "G3T / HTTP/1.1",
    "M-SEARCH / HTTP/1.1",
    " / HTTP/1.1",
    r"G\xc9T / HTTP/1.1",
    "GET / http/1.1",
    "GET tea HTTP/1.1",
    "GET * HTTP/1.1",
    "GET http://tea/ HTTP/1.1",
    "GET /a b HTTP/1.1",
    " GET / HTTP/1.1",
    "",
    "GET / HTTP/1.1 ",
    r"GET / HTTP/1.1\n",
    r"GET / HTTP/1.1\r",
    r"GET /a\rb HTTP/1.1",
    r"GET\t/ HTTP/1.1",
    r"GET\xa0/ HTTP/1.1",
]
NO_HEADERS = [
    "X-Tea : mint",
    " X-Tea: mint",
    "X-Tea",
    ": mint",
    "X Tea: mint",
    r"X-Tea\t: mint",
    r"X-Tea: a\nb",
    r"X-Tea: a\nX-Evil: 1",
    r"X-Tea: mint\n",
    r"X-Tea: mint\r",
    r"X-Tea: a\rb",
    r"X_Tea: a\nb",
    "X_Tea : mint",
    "X_Tea",
    " X_Tea: mint",
    r"\tmint",
    "",
]


def exercise_4(answer):
    """Build: from a head to an environ."""
    # May vary: the blank after a comma, a semicolon between cookies, what
    # a ValueError says. Must not: a key or a value, in whatever case a
    # name is sent; what Python calls a space, a digit, a capital or a line
    # end, and HTTP does not.
    answer.load("beside_05_4")
    expect = answer.expect
    cgi = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}
    cgi |= {"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "tea"}
    expect("get()", cgi, say("Which keys does a small head bring?"))
    cgi |= {"SERVER_PROTOCOL": "HTTP/1.0", "REQUEST_METHOD": "PROPFIND"}
    del cgi["HTTP_HOST"]
    expect(
        'read("PROPFIND / HTTP/1.0")', cgi, say("Needs HTTP/1.0 a Host?")
    )
    expect(
        'read("PROPFIND / HTTP/1.0", "Host: tea")',
        cgi | {"HTTP_HOST": "tea"},
        say("May HTTP/1.0 have a Host?"),
    )
    hint = say(
        "What is decoded, what is not, and where does the path end?"
    )
    for path, key, value in [
        ("/a%20b", "PATH_INFO", "/a b"),
        ("/caf%C3%a9%2e%20", "PATH_INFO", "/caf\xc3\xa9. "),
        ("/a+b", "PATH_INFO", "/a+b"),
        ("/%2541", "PATH_INFO", "/%41"),
        ("//a;b:c/", "PATH_INFO", "//a;b:c/"),
        ("/a?b=%20+&c", "PATH_INFO", "/a"),
        ("/a?b=%20+&c", "QUERY_STRING", "b=%20+&c"),
        ("/a%3Fb", "PATH_INFO", "/a?b"),
        ("/a?b?c", "QUERY_STRING", "b?c"),
        ("/a??b?", "QUERY_STRING", "?b?"),
        ("/a?", "QUERY_STRING", ""),
        ("/a#b", "PATH_INFO", "/a#b"),
    ]:
        expect(f'get(path="{path}", key="{key}")', value, hint)
    hint = say("By which name does WSGI know it, and what is its value?")
    for line, key, value in [
        ("X-Tea: Mint", "HTTP_X_TEA", "Mint"),
        ("x-tea:mint", "HTTP_X_TEA", "mint"),
        (r"X-Tea:  mint tea \t", "HTTP_X_TEA", "mint tea"),
        ("X-Tea-Cup: a:b_c", "HTTP_X_TEA_CUP", "a:b_c"),
        (r"X-Tea: \"a\", b", "HTTP_X_TEA", '"a", b'),
        ("X-Tea:", "HTTP_X_TEA", ""),
        ("X-2.Tea!: mint", "HTTP_X_2.TEA!", "mint"),
        (r"X-Tea: \xe9", "HTTP_X_TEA", "\xe9"),
        ("Content-Type: a/b", "CONTENT_TYPE", "a/b"),
        ("content-type: a/b", "CONTENT_TYPE", "a/b"),
        ("Content-Type: a/b", "HTTP_CONTENT_TYPE", None),
        ("CONTENT-LENGTH: 0", "CONTENT_LENGTH", "0"),
        ("Content-Length: 007", "CONTENT_LENGTH", "007"),
        ("Content-Tea: mint", "HTTP_CONTENT_TEA", "mint"),
        ("Connection: close", "HTTP_CONNECTION", "close"),
        ("Transfer-Encoding: gzip", "HTTP_TRANSFER_ENCODING", "gzip"),
        ("TE: trailers", "HTTP_TE", "trailers"),
        ("Upgrade: tea", "HTTP_UPGRADE", "tea"),
        ("Expect: 100-continue", "HTTP_EXPECT", "100-continue"),
        ("Cookie: a=1; b=2", "HTTP_COOKIE", "a=1; b=2"),
        ("Proxy: tea", "HTTP_PROXY", "tea"),
    ]:
        expect(f'get("{line}", key="{key}")', value, hint)
    in_small = 'read("GET / HTTP/1.1", "host: tea") == get()'
    expect(in_small, True, hint)
    host = 'read("PUT / HTTP/1.0", "Host: Tea:80")["HTTP_HOST"]'
    expect(host, "Tea:80", hint)
    hint = say("Which bytes are a space, or end a line, in HTTP?")
    for value in r"\xa0mint\x85", r"a\x85Tea: b":
        came = f'get("X-Tea: {value}", key="HTTP_X_TEA")'
        expect(f'{came} == "{value}"', True, hint)
    hint = say("Where are the others?")
    many = "len(get(*[f'X-Tea-{n}: a' for n in range(60)]))"
    expect(many, 65, hint)
    for name, key in [
        ("X-Tea", "HTTP_X_TEA"),
        ("Content-Type", "CONTENT_TYPE"),
    ]:
        lines = f'"{name}: a", "{name.lower()}: b", "{name}: c"'
        joined = f'get({lines}, key="{key}").replace(", ", ",")'
        expect(joined, "a,b,c", hint)
    joined = 'get("X-Tea:", "X-Tea: a", key="HTTP_X_TEA")'
    expect(f'{joined}.replace(", ", ",")', ",a", hint)
    joined = 'get("X-Tea: a", "X-Tea: a", key="HTTP_X_TEA")'
    expect(f'{joined}.replace(", ", ",")', "a,a", hint)
    hint = say("Which other header has the same key?")
    lines = '"X-Tea: mint", "X_Tea: green"'
    expect(f'get({lines}, key="HTTP_X_TEA")', "mint", hint)
    expect('get("X_Tea: green", key="HTTP_X_TEA")', None, hint)
    expect('get("_Tea: green", key="HTTP__TEA")', None, hint)
    expect('get("Content_Length: 5", key="CONTENT_LENGTH")', None, hint)
    lines = '"Content-Length: 3", "Content_Length: x"'
    expect(f'get({lines}, key="CONTENT_LENGTH")', "3", hint)
    hint = say("What exactly may the first line be?")
    for first in NO_REQUESTS:
        expect(f'read("{first}", "Host: tea")', "ValueError", hint)
    later = 'read("", "GET / HTTP/1.1", "Host: tea")'
    expect(later, "ValueError", hint)
    hint = say("What exactly may a header be?")
    for line in NO_HEADERS:
        expect(f'get("{line}")', "ValueError", hint)
    hint = say("Which headers may come once, and must there be one?")
    length = "Content-Length: "
    for more in '"Host: tea"', '"host: green"':
        expect(f"get({more})", "ValueError", hint)
    for more in f'"{length}3"', f'"{length.lower()}4"':
        expect(f'get("{length}3", {more})', "ValueError", hint)
    for first in "Host: tea", "Host:":
        two = f'read("GET / HTTP/1.0", "{first}", "Host: tea")'
        expect(two, "ValueError", hint)
    cgi |= {"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": ""}
    expect('read("PROPFIND / HTTP/1.1", "Host:")', cgi, hint)
    for first in "GET / HTTP/1.1", "POST / HTTP/1.1":
        expect(f'read("{first}", "X-Host: tea")', "ValueError", hint)
    hint = say("Which strings does `int` take?")
    for bad in "+3", "-1", "1_0", "3, 3", r"\xb2", "", "0x3":
        expect(f'get("{length}{bad}")', "ValueError", hint)
    for name in "content-length", "CONTENT-LENGTH":
        expect(f'get("{name}: +3")', "ValueError", hint)
    old = f'read("PUT / HTTP/1.0", "{length}x")'
    expect(old, "ValueError", hint)


def exercise_5(answer):
    """Build: start_response, in earnest."""
    # May vary: in how many pieces something is sent, whether a HEAD reads
    # the body to its end, how the answer's own errors are called. Must not:
    # a byte, and the order of what is made, sent and closed.
    answer.load("beside_05_5")
    expect = answer.expect
    text = b"\r\nContent-Type: text/plain\r\n"
    ok = b"HTTP/1.1 200 OK" + text + b"\r\n"
    page = b"HTTP/1.1 404 Not Here" + text + b"x-tea: \xe9\x85\r\n"
    page += b"x-tea: mint\r\nX-Cup: \r\n\r\n"
    hint = say("What exactly goes over the wire?")
    expect("get(page)", (page + b"no tea",), hint)
    again = "[get(page) for _ in range(2)]"
    came = [(page + b"no tea",)] * 2
    expect(again, came, say("What is left of the request before?"))
    expect('get(page, "POST")', (page + b"no tea",), hint)
    expect("get(lazy)", (ok + b"tea",), say("When is the head known?"))
    none = (b"HTTP/1.1 204 No Content\r\n\r\n",)
    hint = say("When does it leave without a block?")
    expect("get(nothing)", none, hint)
    hint = say("Who waits for whom?")
    events = ["made one ", "sent the head", "sent one ", "made two "]
    events += ["sent two ", "closed"]
    expect('get(Diary(b"one ", b"two "))', events, hint)
    hint = say("Which block takes the head along?")
    events = ["made ", "made one ", "sent the head", "sent one ", "closed"]
    expect('get(Diary(b"", b"one "))', events, hint)
    hint = say("What does `start_response` return?")
    expect("get(writes)", (ok + b"old tea",), hint)
    hint = say("When do the bytes leave that somebody writes?")
    error = "the app's error"
    expect("get(pushes)", (ok + b"one two three ", error), hint)
    expect("get(breaks)", (ok + b"old ", error), hint)
    hint = say("What may a second call say, and until when?")
    sorry = (b"HTTP/1.1 500 Oh No" + text + b"\r\nsorry",)
    for app in "reports(late=False)", "regrets", "begins_sorry":
        expect(f"get({app})", sorry, hint)
    late = ok.replace(b"\r\n\r\n", b"\r\nX-Tea: mint\r\n\r\ntea")
    expect("get(reports(late=True))", (late, error), hint)
    hint = say("Which of the two would you send?")
    for app in "twice(late=False)", "twice(True)", "twice(False, None)":
        expect(f"len(get({app}))", 2, hint)
    expect("len(get(relapses))", 2, hint)
    hint = say("What is sent before the body?")
    expect("get(never)[0]", b"", hint)
    expect("len(get(never))", 2, hint)
    hint = say("What does a client read after a line end?")
    for part in 'status="200 ', 'name="', 'value="':
        for end in r"a\r\nX-Evil: 1", r"a\nb", r"a\rb", r"a\n":
            bad = f'get(splits({part}{end}"))'
            expect(bad, (b"", "ValueError"), hint)
    hint = say("When does the app learn of its mistake, and what then?")
    expect("get(catches(anew=None))[0]", b"", hint)
    for anew in "lambda info: [info]", "lambda info: []":
        expect(f"get(catches(anew={anew}))", sorry, hint)
    if answer("get(spoils)[0]", hint):
        expect("get(spoils)", (ok + b"tea",), hint)
    hint = say("What is the same as in GET, and what is not?")
    sorry_head = sorry[0].removesuffix(b"sorry")
    for app, head in [
        ("page", page),
        ("lazy", ok),
        ("writes", ok),
        ("nothing", *none),
        ("reports(late=False)", sorry_head),
    ]:
        expect(f'get({app}, "HEAD")', (head,), hint)
    for blocks in "", "b'', b'one '":
        head = f"get(Diary({blocks}), 'HEAD')"
        head = f"[e for e in {head} if 'made' not in e]"
        expect(head, ["sent the head", "closed"], hint)
    hint = say("Who closes when it did not end well?")
    begun = ["made one ", "sent the head", "sent one "]
    failed = [*begun, "closed", error]
    expect('get(Diary(b"one ", failed()))', failed, hint)
    expect('get(Diary(b"", failed()))', ["made ", "closed", error], hint)
    expect("get(Shut())", ["closed", error], hint)
    ctrl_c = [*begun, "closed", "KeyboardInterrupt"]
    expect('get(Diary(b"one ", KeyboardInterrupt()))', ctrl_c, hint)
    hint = say("What if it fails before there is a body?")
    expect("get(fails)", (b"", error), hint)
    hint = say("Who is to know that the client has gone?")
    for app, events in [
        ('Diary(b"one ", b"two ", gone=b"")', ["made one "]),
        ('Diary(b"one ", b"two ", gone=b"one ")', [*begun, "made two "]),
        ('Diary(b"", gone=b"")', ["made "]),
    ]:
        expect(f"get({app})", [*events, "closed", "BrokenPipeError"], hint)
    hint = say("Whose head is it, if two requests are answered at once?")
    expect("get(nests)", (ok + b"tea",), hint)
    hint = say("What does the examiner see that you do not?")
    expect("get(validator(lazy))", (ok + b"tea",), hint)
    files = files_of("05_5", answer=answer.text)
    with serve("python server.py", files) as server:
        came = server.get("/").text[:12]
        hint = say("What is different over a socket?")
        answer.compare(
            say("GET / by a server"), came, "Hello world!", hint
        )


def request(path, *headers, version="1.1"):
    lines = [f"GET {path} HTTP/{version}", "Host: tea", *headers, "", ""]
    return "\r\n".join(lines).encode()


def exercise_6(answer):
    """Change: one connection, many requests."""
    # May vary: how it reads, and how it looks for `close`. Must not: which
    # requests are answered, in which order and when, and that it returns
    # when a client has had its time, and not before.
    answer.load("beside_05_6")
    expect = answer.expect
    one, two, three = (request(f"/{n}") for n in (1, 2, 3))
    answer.run(f"trickle = later(trickles, {one!r}, 1.5)")
    answer.run(f"deaf = later(takes_nothing, {one!r}, 0.3)")
    answer.run(f"sips = later(takes_nothing, {one!r}, 1.5, sips=True)")
    answer.run("silent = later(talked, then='stays', patience=4, most=6)")
    answer.run(f"busy = later(takes_its_time, {one!r}, 4)")
    pauses = f"*[{one!r}] * 4, patience=3, pause=1.2"
    answer.run(f"pauses = later(talked, {pauses})")
    answer.run(f"late = later(in_turn, {one!r}, {two!r}, answered=2)")
    hint = say("Who reads the next head, and when is this answered?")
    expect(f"in_turn({one!r}, {two!r})", [b"/1 ", b"/2 "], hint)
    hint = say("How do you learn that the client has left?")
    expect("talked()", (b"", "it returns"), hint)
    expect(f"talked({one + two[:9]!r})", (b"/1 ", "it returns"), hint)
    gone = f"talked({one!r}, then='has gone')"
    expect(gone, "it returns", hint)
    hint = say("What has come already when you read the next head?")
    all_three = (b"/1 /2 /3 ", "it returns")
    expect(f"talked({one + two + three!r})", all_three, hint)
    expect(f"talked({one * 9!r})", (b"/1 " * 9, "it returns"), hint)
    pieces = one + two[:9], two[9:-1], two[-1:] + three
    expect(f"talked(*{pieces!r})", all_three, hint)
    long = request("/1", *["X-Tea: mint and green"] * 250)
    came = f"talked({long + two!r})"
    expect(came, (b"/1 /2 ", "it returns"), say("How long is a head?"))
    hint = say("Which requests are the last, and what stands behind them?")
    for last in [
        request("/1", "Connection: close", "X-Tea: mint"),
        request("/1", "X-Tea: mint", "TE: tea", "Connection: close"),
        request("/1", "connection:  Close"),
        request("/1", "CONNECTION: CLOSE"),
        b"GET /1 HTTP/1.1\r\nConnection: close\r\nHost: tea\r\n\r\n",
        request("/1", version="1.0"),
        request("/1", "Connection: keep-alive", version="1.0"),
    ]:
        came = f"talked({last + two!r}, then='stays')"
        expect(came, (b"/1 ", "it returns"), hint)
    alone = f"talked({last!r}, then='stays')"
    expect(alone, (b"/1 ", "it returns"), hint)
    hint = say("Is it a header of that name, with that value?")
    for other in [
        request("/1", "X-Connection: close", "Connection: TE"),
        request("/1", "X-Tea: Connection: close", "Via: HTTP/1.0 tea"),
        request("/1", "Connection: enclosed"),
        request("/1", "Connection: closer", "Connection-Tea: close"),
        b"GET /1 HTTP/1.1\r\n\r\n",
    ]:
        came = f"talked({other + two!r})"
        expect(came, (b"/1 /2 ", "it returns"), hint)
    came = f"talked({request('/HTTP/1.0') + two!r})"
    expect(came, (b"/HTTP/1.0 /2 ", "it returns"), hint)
    hint = say("How long is a client worth waiting for?")
    silent = f"talked({one!r}, then='stays', patience=1)"
    expect(silent, (b"/1 ", "it returns"), hint)
    silent = "talked(then='stays', patience=0.2)"
    expect(silent, (b"", "it returns"), hint)
    stays = f"talked({one + two + three!r}, then='stays', patience=1)"
    expect(stays, all_three, say("What has come already?"))
    half = f"talked({one + two[:9]!r}, then='stays', patience=1)"
    expect(half, (b"/1 ", "it returns"), hint)
    expect("silent.result()", (b"", "it returns"), hint)
    hint = say("What if each byte comes just before your patience ends?")
    expect("trickle.result()", "it returns", hint)
    expect("floods(patience=0.2)", "it returns", hint)
    hint = say("How much of its bytes does a `send` send?")
    expect(f"long_answer({one!r})", 1000000, hint)
    hint = say("How long does a client have to take an answer?")
    for client in "deaf", "sips":
        expect(f"{client}.result()", "it returns", hint)
    hint = say("Whose time is over when the head has come?")
    expect("busy.result()", 1000000, hint)
    hint = say("When does the wait for the next head begin?")
    expect("pauses.result()", (b"/1 " * 4, "it returns"), hint)
    expect("late.result()", [b"/1 ", b"/2 "], hint)
    hint = say("How do you learn that the client has left?")
    expect(f"resets({one!r})", "it returns", hint)
    hint = say("How many requests may a patient client have?")
    answer.run("sys.setrecursionlimit(140)")  # each may be deeper
    many = f"in_turn(*[{one!r}] * 150).count(b'/1 ')"
    expect(many, 150, hint)


def exercise_7(answer):
    """Predict: two processes, one socket."""
    hint = say("Who has the socket, and who accepts?")
    answer("prediction", hint)
    ended = run("python desk.py", files_of("05_7"))
    came = ast.literal_eval(ended.stdout.splitlines()[-1])
    hint = say(
        "Where does a visitor wait, and when is the last copy gone?"
    )
    answer.predicts("prediction", came, hint)


PATIENCE = 6  # seconds for what a right answer does at once


class Visitor:
    """A client of the worker that asks, a str, and reads to the end."""

    def __init__(self, server, asked):
        self.sock = None
        with suppress(ConnectionRefusedError):
            self.sock = socket.create_connection(server.address, PATIENCE)
            self.sock.sendall(asked.encode())

    def hears_within(self, seconds):
        """Whether anything has come by then, or the worker has closed."""
        return self.sock and select.select([self.sock], [], [], seconds)[0]

    def hears(self):
        """What comes until the worker closes, a str."""
        if not self.sock:
            return "a refusal"
        came = b""
        with self.sock:
            try:
                while data := self.sock.recv(100):
                    came += data
            except ConnectionError:
                came += b"a reset"
            except TimeoutError:
                came += b", and no end" if came else b"nothing"
        return came.decode()


def exercise_8(answer):
    """Change: a worker that ends well."""
    # May vary: how it waits for its threads, or for TERM, whom it takes in
    # the half second after, and whether it returns or exits. Must not: that
    # nobody waits for another, who gets an answer when one of two workers
    # ends, whoever is faster, and that the other goes on.
    hint = say("Is there a function of that name?")
    answer.expect("callable(work)", True, hint)
    files = files_of("05_8", answer=answer.text)
    with ExitStack() as ends:
        server = ends.enter_context(start("python two.py", files))
        begun = r"(?m)^(\{'A'.*\}) \('127.0.0.1', (\d+)\)$"
        wait_until(lambda: re.search(begun, server.log))
        pids, port = re.search(begun, server.log).groups()
        server.url = f"http://127.0.0.1:{port}"
        one, two = map(psutil.Process, ast.literal_eval(pids).values())
        compare = answer.compare

        def has_ended(name):
            ended = rf"{name} ended with (.+)\n"
            with suppress(TimeoutError):
                wait_until(lambda: re.search(ended, server.log), PATIENCE)
                return re.search(ended, server.log)[1]
            return say("it goes on")

        with stopped(two):
            came = Visitor(server, "tea").hears()
            hint = say("Who closes the socket of a client, and when?")
            compare(say("a visitor of A"), came, "from A", hint)
            silent = [Visitor(server, "") for _ in range(120)]
            came = Visitor(server, "tea").hears()
            called = say("a visitor of A, after many silent ones")
            hint = say("What becomes of the others, if one is slow?")
            compare(called, came, "from A", hint)
            let_work(one, 0.8)
            silent[0].sock.sendall(b"tea")
            called = say("a silent visitor, who asks at last")
            hint = say("How long may a client be slow?")
            compare(called, silent[0].hears(), "from A", hint)
            shy = silent.pop(1)
            for visitor in silent:
                visitor.sock.close()
            hint = say("What is done after `talk`, whatever happens?")
            called = say("a visitor for whom `talk` raises an error")
            compare(called, Visitor(server, "fail").hears(), "", hint)
            came = Visitor(server, "tea").hears()
            compare(say("the visitor after her"), came, "from A", hint)
            slow = Visitor(server, "slow")
            wait_until(Path(server.folder, "begun").exists)
            let_work(one, 0.1)  # A waits for the next one now
            hold = Path(server.folder, "hold A")
            hold.touch()
            seen = Visitor(server, "tea")
            with suppress(TimeoutError):  # A may look for nobody any more
                wait_until(Path(server.folder, "held").exists, PATIENCE)
        seen.hears()  # from B, if A sees her and has not accepted her
        hold.unlink()
        with stopped(two):
            with suppress(TimeoutError):  # A may look for nobody any more
                wait_until(
                    Path(server.folder, "inside A").exists, PATIENCE
                )
            let_work(one, 0.2)  # A may wait for the next one now
            one.terminate()
            let_work(one, 1)  # half a second is what it may take
            late = Visitor(server, "tea")
            if not late.hears_within(1):  # A must not take her
                let_work(one, 0)
        hint = say(
            "Who may still accept her, when A has been told to end?"
        )
        called = say("a visitor who connects when A has got TERM")
        compare(called, late.hears(), "from B", hint)
        hint = say("How many talks are not over yet?")
        ended = is_still(one.pid)
        compare(
            say("A has ended, and serves a visitor"), ended, False, hint
        )
        Path(server.folder, "go").touch()
        hint = say("What ends a thread, and who waits for it?")
        called = say("a visitor whom A was serving at TERM")
        compare(called, slow.hears(), "from A", hint)
        let_work(one, 0.5)  # who does not wait for her has ended now
        shy.sock.sendall(b"tea")
        called = say("a visitor of A who has been silent until now")
        compare(called, shy.hears(), "from A", hint)
        hint = say("What is left to do when the last `talk` has ended?")
        compare(say("the exit status of A"), has_ended("A"), "0", hint)
        hint = say("What of the socket is A's alone?")
        came = Visitor(server, "tea").hears()
        compare(say("a visitor of B"), came, "from B", hint)
        Path(server.folder, "tired").touch()
        with stopped(two):
            crowd = [Visitor(server, "tea") for _ in range(60)]
        crowd[0].hears()
        two.terminate()  # to take them all would take 3.6 s
        hint = say("When do you look for TERM, if visitors never end?")
        crowd[-1].sock.settimeout(20)  # a busy machine takes its time
        took = crowd[-1].hears() == "from B"
        called = say("B takes the last of sixty who wait at TERM")
        compare(called, took, False, hint)
        for visitor in crowd:
            visitor.sock.close()
        hint = say("What is left to do when the last `talk` has ended?")
        compare(say("the exit status of B"), has_ended("B"), "0", hint)
