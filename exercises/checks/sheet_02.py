"""The checks of sheet 02."""

import ast
import contextlib
import io
import os
import re
import select
import socket
import struct
import subprocess
import time
from shlex import quote

from flask import Flask
from werkzeug.test import EnvironBuilder, create_environ

from exercises.asking import telling_line
from exercises.words import say
from notebooks.calling import StartResponse, call
from notebooks.serving import serve
from wsgi import app


def exercise_1(answer):
    """Predict: one request, seen from inside."""
    headers = {"X-Tea": "mint", "Content-Type": "text/plain"}
    target = "/caf%C3%A9?cup=1&cup=%C3%A9"
    environ = EnvironBuilder(target, headers=headers).get_environ()
    keys = ["PATH_INFO", "QUERY_STRING", "HTTP_X_TEA", "HTTP_CONTENT_TYPE"]
    came = [environ.get(key) for key in keys]
    hint = say("Which of them does WSGI decode, and into what?")
    answer.predicts("prediction", came, hint)


def exercise_2(answer):
    """Predict: who tells the view?"""
    site, closed, came = Flask("site"), [], []

    @site.get("/")
    def page():
        response = site.make_response("some bytes")
        response.call_on_close(lambda: closed.append("closed"))
        return response

    for read, closes in [(list, 0), (list, 1), (next, 1), (len, 1)]:
        closed.clear()
        body = site(create_environ(), StartResponse())
        if read is not len:
            read(iter(body))
        if closes:
            body.close()
        came.append(len(closed))
    hint = say("Does the end of the body call anything?")
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: a server that closes."""
    # May vary: how the body is read, and in which statement it is closed.
    # Must not: the order, once, and whatever the body is or raises; each
    # call is for itself.
    answer.load("beside_02_3")
    mint = ("200 OK", b"mint tea")
    answer.expect("tell(call, whole)", mint, say("What does it return?"))
    hint = say("When is the answer over?")
    answer.expect("whole.events", ["read", "close"], hint)
    hint = say("Must every iterable have a `close`?")
    for body in (
        '[b"mint", b" tea"]',
        '(b"mint tea",)',
        "iter([b'mint tea'])",
    ):
        answer.expect(f"tell(call, {body})", mint, hint)
    hint = say("How many blocks has a body?")
    answer.expect("tell(call, [])", ("200 OK", b""), hint)
    many = '[b"mint", b"", b" tea"] * 3'
    answer.expect(f"tell(call, {many})[1]", b"mint tea" * 3, hint)
    hint = say("How much of a generator has run when it has been called?")
    answer.expect('call(lazy, "/")', mint, hint)
    answer.expect('call(lazy, "/cup")', ("404 Not Found", b""), hint)
    hint = say("Which status counts, if there are two?")
    answer.expect('call(again, "/")', ("500 No Tea", b"sorry"), hint)
    hint = say(
        "What happens to an error after `finally`, and after `except`?"
    )
    for error in FAILURES:
        answer.run(f"broken = breaks({error})")
        answer.expect("tell(call, broken)", error, hint)
        closes = say("Which lines run when reading fails?")
        answer.expect("broken.events", ["close"], closes)
    answer.run("first = breaks(OSError, early=True)")
    answer.expect("tell(call, first)", "OSError", hint)
    closes = say("Which lines run when reading fails?")
    answer.expect("first.events", ["close"], closes)
    answer.expect("tell(call, locked)", "OSError", hint)
    answer.expect("locked.events", ["close"], closes)
    answer.run("silent = breaks(OSError, early=True)")
    answer.expect("tell(call, silent, begins=False)", "OSError", hint)
    answer.expect("silent.events", ["close"], closes)
    answer.expect("tell(call, None, fails=OSError)", "OSError", hint)
    once = "tell(call, iter(breaks(KeyError)))"
    answer.expect(once, "KeyError", hint)
    hint = say("Which path was asked for?")
    answer.expect('call(where, "/a")', ("200 OK", b"/a"), hint)


FAILURES = "KeyError", "OSError", "AttributeError", "TypeError"
FAILURES += "IndexError", "ValueError", "RuntimeError"
FAILURES += "KeyboardInterrupt", "SystemExit", "GeneratorExit"


def exercise_4(answer):
    """Build: an environ."""
    # May vary: what else the environ holds, a space after the comma, and
    # a length where there is no body. Must not: what is text, decoded
    # once and byte by byte; that the body counts, not what a header says
    # of it; each environ is for itself.
    answer.load("beside_02_4")
    made = 'environ_of("POST", target, sent, b"hello")'
    hint = say("What is an environ?")
    answer.expect(f"type({made}).__name__", "dict", hint)

    def holds(key, value, hint, made=made):
        answer.expect(f"{made}.get({key!r})", value, hint)

    holds("REQUEST_METHOD", "POST", say("Where does the method go?"))
    holds("PATH_INFO", "/greet/cafÃ©", say("One character for each byte?"))
    hint = say("Who takes the query apart?")
    holds("QUERY_STRING", "cup=1&cup=%26", hint)
    holds("SCRIPT_NAME", "", say("Where is the app mounted?"))
    hint = say("What becomes of a header's name?")
    holds("HTTP_HOST", "tea.example", hint)
    hint = say("Which two have no `HTTP_`?")
    holds("CONTENT_TYPE", "text/plain", hint)
    holds("HTTP_CONTENT_TYPE", None, hint)
    holds("HTTP_CONTENT_LANGUAGE", "en", hint)
    hint = say("Is it text or a number, and of what?")
    holds("CONTENT_LENGTH", "5", hint)
    tea = 'environ_of("POST", "/", [], b"th\\xc3\\xa9")'
    holds("CONTENT_LENGTH", "4", hint, tea)
    for method in "GET", "HEAD", "DELETE":
        other = f'environ_of("{method}", "/", [])'
        hint = say("Where does the method go?")
        holds("REQUEST_METHOD", method, hint, other)
    for target, path, query in [
        ("/a+b%3Fc", "/a+b?c", ""),
        ("/", "/", ""),
        ("/?", "/", ""),
        ("/a?b?c=d", "/a", "b?c=d"),
        ("/?a=%C3%A9+b#c", "/", "a=%C3%A9+b#c"),
        ("/a?/b%2Fc", "/a", "/b%2Fc"),
        ("//a/b", "//a/b", ""),
        ("/Tea;b=C/d/", "/Tea;b=C/d/", ""),
        ("/a%2fb%2Fc%2541%20%5Cn", "/a/b/c%41 \\n", ""),
        ("/%ff%E8%8C%B6", "/ÿè\x8c¶", ""),
        ("/http://a:80/b", "/http://a:80/b", ""),
    ]:
        other = f'environ_of("GET", "{target}", [])'
        hint = say("What comes first, and which characters are decoded?")
        holds("PATH_INFO", path, hint, other)
        hint = say("Who takes the query apart?")
        holds("QUERY_STRING", query, hint, other)
    hint = say("What is there when the second comes?")
    teas = f'{made}.get("HTTP_X_TEA", "").replace(", ", ",")'
    answer.expect(teas, "mint,green,black tea", hint)
    cookies = f'{made}.get("HTTP_COOKIE", "").replace(", ", ",")'
    answer.expect(cookies, "a=1,b=2", hint)
    hint = say("What becomes of a header's name?")
    holds("HTTP_X_EMPTY", "", hint)
    holds("HTTP_ACCEPT_LANGUAGE", "fr, en;q=0.5", hint)
    holds("HTTP_CONTENT_ENCODING", "x-tea", hint)
    value = 'Ada-Lovelace  "A,  B"; c:D=%41'
    holds("HTTP_X_NAME", value, say("What becomes of a header's value?"))
    holds("HTTP_A_B_C_D", "e", hint)
    twice = f'{made}.get("HTTP_X_CUPS", "").replace(", ", ",")'
    answer.expect(
        twice, "11,1,1", say("What is there when another comes?")
    )
    answer.expect(f"strange({made})", [], hint)
    hint = say("Whose word counts, the header's or the body's?")
    for name in "Content-Length", "content-length", "CONTENT-LENGTH":
        for value in "5", "99":
            length = f'environ_of("POST", "/", [("{name}", "{value}")], '
            holds("CONTENT_LENGTH", "2", hint, f'{length}b"ab")')
            holds("HTTP_CONTENT_LENGTH", None, hint, f'{length}b"ab")')
        none = f'{length}b"").get("CONTENT_LENGTH") in ("0", "", None)'
        answer.expect(none, True, hint)
    hint = say("Which two have no `HTTP_`?")
    other = (
        'environ_of("POST", "/", [("content-type", "a/b; c=D")], b"tea")'
    )
    holds("CONTENT_TYPE", "a/b; c=D", hint, other)
    holds("HTTP_CONTENT_TYPE", None, hint, other)
    hint = say("What kind of thing is `wsgi.input`?")
    echo = 'page(environ_of("POST", "/echo", [], b"hello"))'
    answer.expect(echo, ("200 OK", b"hello"), hint)
    answer.expect("twice()", (b"one\n\xff\0", b" two\n"), hint)
    answer.expect("lines()", [b"one\n", b"two"], hint)
    hint = say("What does the app read of it?")
    greets = '"café" in page(environ_of("GET", target, sent))[1].decode()'
    answer.expect(greets, True, hint)
    for environ in made, 'environ_of("GET", "/", [])':
        answer.expect(f"examined({environ})", "nothing", hint)


def exercise_5(answer):
    """Build: a server in one string."""
    # May vary: the program's words, `localhost`, the classes, how it finds
    # a port. Must not: where it listens, whoever is there already; all of
    # the app, to one client after the other, whatever they do, for ever,
    # that is, after days, too, and when nobody comes.
    script = answer("script")
    hint = say("What does `python -c` take?")
    kind = say("the type of script")
    answer.compare(kind, type(script).__name__, "str", hint)
    hint = say("Who may knock at a door that is open to all?")
    if not re.search(r"127\.0\.0\.1|localhost", script):
        answer.refuse(say("`script` does not name 127.0.0.1."), hint)
    if loop := counted(script):
        why = say("its loop has an end: `{loop}`.", loop=loop)
        answer.refuse(why, say("How many requests are `for ever`?"))
    hurried = f"python -c {quote(HURRY + f'exec({script!r})')}"
    late = f"python -c {quote(COME_FIRST + f'exec({script!r})')}"
    try:
        with (
            serve(late) as first,
            serve(hurried) as second,
            silent_client(answer, first),
        ):
            ask_for_ever(answer, second)
    except (RuntimeError, TimeoutError) as failed:
        error = telling_line(str(failed))
        why = say("two of them did not start: {error}.", error=error)
        hint = say("Which method never returns?")
        if "Error" in error:
            hint = say("Which port is free for both, and does it run?")
        answer.refuse(why, hint)
    except OSError as failed:  # those of `requests`, too
        error = type(failed).__name__
        why = say("it does not answer for ever: {error}.", error=error)
        answer.refuse(why, say("Which method never returns?"))


def counted(script):
    """The first line of a loop that ends after so many requests, or at
    a time, or None."""
    orders = ast.Lt, ast.LtE, ast.Gt, ast.GtE
    with contextlib.suppress(SyntaxError):
        for node in ast.walk(ast.parse(script)):
            loop = ast.unparse(node)
            counts = isinstance(node, ast.For) and " in range(" in loop
            if isinstance(node, ast.While):
                signs = getattr(node.test, "ops", [])
                counts = any(isinstance(sign, orders) for sign in signs)
            if counts and ".handle_request(" in loop:
                return loop.splitlines()[0]


HURRY = "from exercises.checks.hurried import hurry as h; h(); "
COME_FIRST = "from exercises.checks.taken import come_first as c; c(); "


@contextlib.contextmanager
def silent_client(answer, server):
    """A client that says nothing, and another one that waits meanwhile."""
    silent = socket.create_connection(server.address)
    other = socket.create_connection(server.address)
    with silent, other:
        other.sendall(b"GET / HTTP/1.0\r\n\r\n")
        yield
        both_at_once, *_ = select.select([other], [], [], 0.5)
        if both_at_once:
            why = say(
                "it answers a client before the one that came first."
            )
            answer.refuse(why, say("Whose turn is it?"))


def breaks_off(server):
    """Leave a server in the middle of a request."""
    with socket.create_connection(server.address) as client:
        client.sendall(b"GET / HTTP/1.0\r\n")
        reset = struct.pack("ii" if os.name == "posix" else "hh", 1, 0)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)


def compare(answer, server, called, came, expected, hint):
    """Compare what a server answered. ConnectionError if that differs and
    the server ends within seconds: then it was not wrong, but cut off."""
    if came != expected:
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.process.wait(3)
            raise ConnectionError("the server has ended")
    answer.compare(called, came, expected, hint)


def ask_for_ever(answer, server):
    """Ask the server of exercise 5 more often than once."""
    host, _ = server.address
    hint = say("Who may knock at a door that is open to all?")
    answer.compare(say("the address"), host, "127.0.0.1", hint)
    reply = server.get("/")
    if reply.status_code == 500:
        answer.logged = telling_line(server.log)
    # It may have ended in the middle of the head.
    name = re.match("[^ /]*", reply.headers.get("Server", ""))[0]
    hint = say("Which app have you imported?")
    came, expected = reply.text, "Hello, World!"
    compare(answer, server, 'get("/").text', came, expected, hint)
    hint = say("Which server comes with Python?")
    called = say("the Server header")
    compare(answer, server, called, name, "WSGIServer", hint)
    hint = say("Which app have you imported?")
    for path in ["/greet/Ada", "/nowhere", "/json", "/echo", "/"] * 4:
        expected = app.test_client().get(path)
        reply = server.get(path)
        came = reply.status_code, reply.text
        both = expected.status_code, expected.text
        compare(answer, server, f'get("{path}")', came, both, hint)
    server.get("/error")
    for _ in range(9):
        breaks_off(server)
        server.send(b"tea, please\r\n\r\n")
    time.sleep(0.5)  # half a day, in which nobody comes
    for _ in range(120):
        server.send(b"HEAD / HTTP/1.0\r\n\r\n")
    came = server.post("/echo", data=b"tea").content
    answer.compare('post("/echo", data=b"tea")', came, b"tea", hint)


def exercise_6(answer):
    """Predict: how much is read, and how much is sent?"""
    came = []
    for says in [
        {"CONTENT_LENGTH": "4"},
        {"CONTENT_LENGTH": ""},
        {"wsgi.input_terminated": True},
    ]:
        says["wsgi.input"] = io.BytesIO(b"mint tea")
        came.append(call(app, "/echo", REQUEST_METHOD="POST", **says)[1])
    start_response = StartResponse()
    with contextlib.closing(
        app(create_environ("/stream"), start_response)
    ) as body:
        came.append(len(list(body)))
    came.append(dict(start_response.headers).get("Content-Length"))
    hint = say("Who knows the length, and when?")
    answer.predicts("prediction", came, hint)
