"""The checks of sheet 02."""

from shlex import quote

from flask import Flask
from werkzeug.test import EnvironBuilder, create_environ

from exercises.words import say
from notebooks.serving import serve


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
        body = site(create_environ(), lambda *begin: None)
        if read is not len:
            read(iter(body))
        if closes:
            body.close()
        came.append(len(closed))
    hint = say("Does the end of the body call anything?")
    answer.predicts("prediction", came, hint)


def exercise_3(answer):
    """Change: a server that closes."""
    answer.load("beside_02_3")
    mint = ("200 OK", b"mint tea")
    answer.expect("tell(call, whole)", mint, say("What does it return?"))
    hint = say("When is the answer over?")
    answer.expect("whole.events", ["read", "close"], hint)
    hint = say("Must every iterable have a `close`?")
    answer.expect('tell(call, [b"mint", b" tea"])', mint, hint)
    hint = say("How much of a generator has run when it has been called?")
    answer.expect('call(lazy, "/")', mint, hint)
    hint = say(
        "What happens to an error after `finally`, and after `except`?"
    )
    answer.expect("tell(call, broken)", "KeyError", hint)
    hint = say("Which lines run when reading fails?")
    answer.expect("broken.events", ["close"], hint)


def exercise_4(answer):
    """Build: an environ."""
    answer.load("beside_02_4")
    made = 'environ_of("POST", target, sent, b"hello")'
    hint = say("What is an environ?")
    answer.expect(f"type({made}).__name__", "dict", hint)

    def holds(key, value, hint):
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
    holds("CONTENT_LENGTH", "5", say("Is it text or a number?"))
    mark = 'environ_of("GET", "/a+b%3Fc", [])'
    hint = say("What comes first, and which characters are decoded?")
    answer.expect(f'{mark}["PATH_INFO"]', "/a+b?c", hint)
    answer.expect(f'{mark}["QUERY_STRING"]', "", hint)
    teas = f'{made}.get("HTTP_X_TEA", "").replace(" ", "")'
    hint = say("What is there when the second comes?")
    answer.expect(teas, "mint,green", hint)
    echo = 'page(environ_of("POST", "/echo", [], b"hello"))'
    hint = say("What kind of thing is `wsgi.input`?")
    answer.expect(echo, ("200 OK", "hello"), hint)


def exercise_5(answer):
    """Build: a server in one string."""
    script = answer("script")
    hint = say("Who may knock at a door that is open to all?")
    if "127.0.0.1" not in script:
        answer.refuse(say("`script` does not name 127.0.0.1."), hint)
    command = f"python -c {quote(script)}"
    with serve(command), serve(command) as second:
        host, _ = second.address
        answer.compare(say("the address"), host, "127.0.0.1", hint)
        reply = second.get("/")
        hint = say("Which app have you imported?")
        answer.compare('get("/").text', reply.text, "Hello, World!", hint)
        name = reply.headers["Server"].split()[0].split("/")[0]
        hint = say("Which server comes with Python?")
        answer.compare(say("the Server header"), name, "WSGIServer", hint)
