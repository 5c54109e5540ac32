"""The checks of sheet 05."""

import os
from shlex import quote

from exercises.checks.files import files_of
from exercises.words import say
from notebooks.serving import serve


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
    answer.load("beside_05_3")
    head = b"GET / HTTP/1.1\r\nHost: tea"
    whole = head + b"\r\n\r\n"
    hint = say("What did it do before?")
    answer.expect(f"read({whole!r})[0]", (head, b""), hint)
    hint = say("How many calls of `recv` bring the head?")
    pieces = (whole[:9], whole[9:])
    answer.expect(f"read(*{pieces!r})[0]", (head, b""), hint)
    hint = say("Can the empty line itself arrive in two pieces?")
    single = f"read(*[bytes([byte]) for byte in {whole!r}])[0]"
    answer.expect(single, (head, b""), hint)
    hint = say("Whose are the bytes after the head?")
    more = f"read({whole!r} + b'tea\\r\\n\\r\\n')[0]"
    answer.expect(more, (head, b"tea\r\n\r\n"), hint)
    pieces = (whole[:9], whole[9:] + b"te")
    answer.expect(f"read(*{pieces!r})[0]", (head, b"te"), hint)
    hint = say("What does `recv` return when nobody is there any more?")
    for part in b"", whole[:9], head:
        gone = f"read({part!r}, leaves=True)[0]"
        answer.expect(gone, "EOFError", hint)
    hint = say("How much memory may a stranger fill?")
    answer.expect("read(*[b'x' * 1000] * 99)[0]", "ValueError", hint)
    answer.expect("read(*[b'x' * 1000] * 99)[1] < 20000", True, hint)
    hint = say("How long may an honest head be?")
    long = "read(*[b'x' * 1000] * 7, b'\\r\\n\\r\\n')[0]"
    answer.expect(long, (b"x" * 7000, b""), hint)


NO_REQUESTS = [  # as Python writes them in a text
    "GET / HTTP/2.0",
    "GET  / HTTP/1.1",
    "GET /",
    "get / HTTP/1.1",
    "GET tea HTTP/1.1",
    "GET /a b HTTP/1.1",
    " GET / HTTP/1.1",
    "",
    "GET / HTTP/1.1 ",
    r"GET / HTTP/1.1\n",
    r"GET\t/ HTTP/1.1",
]
NO_HEADERS = [
    "X-Tea : mint",
    " X-Tea: mint",
    "X-Tea",
    ": mint",
    "X Tea: mint",
    r"X-Tea: a\nb",
    r"X-Tea: mint\n",
    r"X-Tea: a\rb",
    r"\tmint",
    "",
]


def exercise_4(answer):
    """Build: from a head to an environ."""
    answer.load("beside_05_4")
    expect = answer.expect
    cgi = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": ""}
    cgi |= {"SERVER_PROTOCOL": "HTTP/1.1", "HTTP_HOST": "tea"}
    expect("get()", cgi, say("Which keys does a small head bring?"))
    cgi["SERVER_PROTOCOL"] = "HTTP/1.0"
    del cgi["HTTP_HOST"]
    expect('read("GET / HTTP/1.0")', cgi, say("Needs HTTP/1.0 a Host?"))
    hint = say(
        "What is decoded, what is not, and where does the path end?"
    )
    for path, key, value in [
        ("/a%20b", "PATH_INFO", "/a b"),
        ("/caf%C3%A9", "PATH_INFO", "/caf\xc3\xa9"),
        ("/a+b", "PATH_INFO", "/a+b"),
        ("/a?b=%20&c", "PATH_INFO", "/a"),
        ("/a?b=%20&c", "QUERY_STRING", "b=%20&c"),
        ("/a%3Fb", "PATH_INFO", "/a?b"),
        ("/a?b?c", "QUERY_STRING", "b?c"),
    ]:
        expect(f'get(path="{path}", key="{key}")', value, hint)
    hint = say("By which name does WSGI know it, and what is its value?")
    for line, key, value in [
        ("X-Tea: mint", "HTTP_X_TEA", "mint"),
        ("x-tea:mint", "HTTP_X_TEA", "mint"),
        ("X-Tea:  mint tea \\t", "HTTP_X_TEA", "mint tea"),
        ("X-Tea: a:b", "HTTP_X_TEA", "a:b"),
        ("X-Tea:", "HTTP_X_TEA", ""),
        ("X-Tea: \xe9", "HTTP_X_TEA", "\xe9"),
        ("Content-Type: a/b", "CONTENT_TYPE", "a/b"),
        ("Content-Type: a/b", "HTTP_CONTENT_TYPE", None),
        ("Content-Length: 3", "CONTENT_LENGTH", "3"),
    ]:
        expect(f'get("{line}", key="{key}")', value, hint)
    twice = 'get("X-Tea: one", "x-tea: two", key="HTTP_X_TEA")'
    hint = say("Where is the first?")
    expect(f'{twice}.replace(", ", ",")', "one,two", hint)
    hint = say("Which other header has the same key?")
    lines = '"X-Tea: mint", "X_Tea: green"'
    expect(f'get({lines}, key="HTTP_X_TEA")', "mint", hint)
    expect('get("Content_Length: 5", key="CONTENT_LENGTH")', None, hint)
    hint = say("What exactly may the first line be?")
    for first in NO_REQUESTS:
        expect(f'read("{first}", "Host: tea")', "ValueError", hint)
    hint = say("What exactly may a header be?")
    for line in NO_HEADERS:
        expect(f'get("{line}")', "ValueError", hint)
    hint = say("Which headers may come once, and must there be one?")
    expect('get("Host: tea")', "ValueError", hint)
    length = "Content-Length: "
    expect(f'get("{length}3", "{length}3")', "ValueError", hint)
    expect('read("GET / HTTP/1.1")', "ValueError", hint)
    hint = say("Which strings does `int` take?")
    for bad in "+3", "-1", "1_0", "3, 3", "\xb2", "":
        expect(f'get("{length}{bad}")', "ValueError", hint)


def exercise_5(answer):
    """Build: start_response, in earnest."""
    answer.load("beside_05_5")
    expect = answer.expect
    text = b"\r\nContent-Type: text/plain\r\n"
    ok = b"HTTP/1.1 200 OK" + text + b"\r\n"
    page = b"HTTP/1.1 404 Not Here" + text + b"X-Tea: \xe9\r\n"
    page += b"X-Tea: mint\r\n\r\n"
    hint = say("What exactly goes over the wire?")
    expect("get(page)", (page + b"no tea",), hint)
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
    hint = say("What may a second call say, and until when?")
    sorry = (b"HTTP/1.1 500 Oh No" + text + b"\r\nsorry",)
    expect("get(reports(late=False))", sorry, hint)
    expect("get(regrets)", sorry, hint)
    late = ok.replace(b"\r\n\r\n", b"\r\nX-Tea: mint\r\n\r\ntea")
    expect("get(reports(late=True))", (late, "KeyError"), hint)
    expect("len(get(twice))", 2, say("Which of the two would you send?"))
    expect("len(get(never))", 2, say("What is sent before the body?"))
    hint = say("What does a client read after a line end?")
    for part in 'status="200 ', 'name="', 'value="':
        for end in r"a\r\nX-Evil: 1", r"a\nb", r"a\rb":
            bad = f'get(splits({part}{end}"))'
            expect(bad, (b"", "ValueError"), hint)
    hint = say("What is the same as in GET, and what is not?")
    expect('get(page, "HEAD")', (page,), hint)
    hint = say("Who closes when it did not end well?")
    events = ["made one ", "sent the head", "sent one ", "closed"]
    expect('get(Diary(b"one ", b"fail"))', [*events, "KeyError"], hint)
    events = ["made ", "closed", "KeyError"]
    expect('get(Diary(b"", b"fail"))', events, hint)
    events = ["made one ", "closed", "BrokenPipeError"]
    expect('get(Diary(b"one ", b"two ", gone=True))', events, hint)
    hint = say("What does the examiner see that you do not?")
    expect("get(validator(lazy))", (ok + b"tea",), hint)
    files = files_of("05_5", answer=answer.text)
    with serve("python server.py", files) as server:
        came = server.get("/").text[:12]
        hint = say("What is different over a socket?")
        answer.compare(
            say("GET / by a server"), came, "Hello world!", hint
        )
