"""The app, route by route, and its two ways to serve itself."""

from ast import literal_eval
from concurrent.futures import ThreadPoolExecutor
from os import getpid
from wsgiref.validate import validator

import pytest
from werkzeug.test import Client

import my_flask_app
import wsgi
from notebooks.serving import run, serve

LIMIT = 64 * 1024  # bytes of a request's body


@pytest.fixture
def client():
    """A browser without a window, and without a server."""
    return my_flask_app.app.test_client()


@pytest.fixture(scope="module", params=["my_flask_app.py", "wsgi.py"])
def server(request):
    """The development server, although the caller asks for a debugger."""
    names = "FLASK_DEBUG=1 FLASK_RUN_PORT=0 FLASK_RUN_HOST=0.0.0.0"
    with serve(f"{names} python {request.param}") as server:
        yield server


def test_hello(client):
    reply = client.get("/")
    assert (reply.status, reply.text) == ("200 OK", "Hello, World!")
    assert reply.content_type == "text/html; charset=utf-8"


def test_greet(client):
    reply = client.get("/greet/Ada")
    assert reply.status_code == 200
    assert "<p>Hello, Ada!</p>" in reply.text
    assert reply.content_type == "text/html; charset=utf-8"


def test_greet_escapes_what_it_is_given(client):
    reply = client.get("/greet/<b>Ada & 'Bob'")
    expected = "Hello, &lt;b&gt;Ada &amp; &#39;Bob&#39;!"
    assert expected in reply.text, "keep autoescape on, drop `|safe`"


@pytest.mark.parametrize(
    "path", ["/nowhere", "/greet", "/greet/", "/greet/a/b", "/hits/"]
)
def test_unknown_paths_are_404(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("DELETE", "/visits", "GET, HEAD, OPTIONS"),
        ("PUT", "/hits", "GET, HEAD, OPTIONS"),
        ("GET", "/echo", "OPTIONS, POST"),
    ],
)
def test_other_methods_are_405(client, method, path, allowed):
    reply = client.open(path, method=method)
    assert reply.status_code == 405
    assert ", ".join(sorted(reply.allow)) == allowed


def test_visits_counts_for_each_browser(client):
    replies = [client.get("/visits").json for _ in range(3)]
    assert replies == [{"visits": 1}, {"visits": 2}, {"visits": 3}]
    other = my_flask_app.app.test_client()
    assert other.get("/visits").json == {"visits": 1}


def test_session_cookie_keeps_out_of_scripts_and_other_sites(client):
    cookie = client.get("/visits").headers["Set-Cookie"]
    flags = set(cookie.split("; ")[1:])
    assert flags == {"HttpOnly", "Path=/", "SameSite=Lax"}


def test_session_forged_without_the_key_is_not_believed(client):
    client.set_cookie("session", "eyJ2aXNpdHMiOjk5fQ.aaaaaa.forged")
    assert client.get("/visits").json == {"visits": 1}


def test_hits_is_a_global_of_the_process(client, monkeypatch):
    monkeypatch.setattr(my_flask_app, "hits", 40)
    other = my_flask_app.app.test_client()
    assert client.get("/hits").json == {"hits": 41}
    assert other.get("/hits").json == {"hits": 42}
    assert my_flask_app.hits == 42


@pytest.mark.parametrize("body", [b"", b"abc", b" \n", bytes(range(256)), b"x" * LIMIT])
def test_echo_returns_the_body(client, body):
    reply = client.post("/echo", data=body)
    assert (reply.status_code, reply.data) == (200, body)
    assert reply.content_type == "application/octet-stream"


def test_echo_refuses_one_byte_more_than_the_limit(client):
    reply = client.post("/echo", data=b"x" * (LIMIT + 1))
    assert reply.status == "413 REQUEST ENTITY TOO LARGE"


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/slow/0", 0),
        ("/slow/2", 2),
        ("/slow/0.25", 0.25),
        ("/slow/10", 10),
        ("/slow/10.5", 10),
        ("/slow/86400", 10),
    ],
)
def test_slow_sleeps_but_never_over_10_seconds(client, monkeypatch, path, seconds):
    naps = []
    monkeypatch.setattr("my_flask_app.time.sleep", naps.append)
    reply = client.get(path)
    assert (reply.status_code, reply.text, naps) == (
        200,
        "Done.",
        [seconds],
    )


@pytest.mark.parametrize("seconds", ["-1", "abc", "nan", "inf", "1e3", ""])
def test_slow_takes_numbers_only(client, seconds):
    assert client.get(f"/slow/{seconds}").status_code == 404


def test_whoami(client):
    with ThreadPoolExecutor(1, "a worker of") as pool:
        answer = pool.submit(client.get, "/whoami").result().json
    assert answer == {"pid": getpid(), "thread": "a worker of_0"}


def test_stream_sends_line_by_line(client):
    reply = client.get("/stream")
    assert reply.status_code == 200
    assert reply.mimetype == "text/plain"
    assert "Content-Length" not in reply.headers, "yield it, as a stream"
    assert list(reply.response) == [b"line 1\n", b"line 2\n", b"line 3\n"]


def test_error_tells_the_client_nothing(client):
    reply = client.get("/error")
    assert reply.status == "500 INTERNAL SERVER ERROR"
    for word in "Traceback", "RuntimeError", "always fails":
        assert word not in reply.text


@pytest.mark.parametrize("path", ["/", "/greet/", "/slow/"])
@pytest.mark.parametrize("code", range(0, 256, 15))
def test_no_byte_in_a_path_is_a_500(client, path, code):
    environ = {"PATH_INFO": path + chr(code)}  # as WSGI has it: Latin-1
    reply = client.get(environ_overrides=environ)
    assert reply.status_code < 500


def test_wsgi_finds_the_same_app():
    assert wsgi.app is my_flask_app.app


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/greet/Ada", 200),
        ("GET", "/visits", 200),
        ("GET", "/hits", 200),
        ("GET", "/stream", 200),
        ("POST", "/echo", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/error", 500),
    ],
)
def test_the_app_is_valid_wsgi(method, path, status):
    client = Client(validator(wsgi.app))
    with client.open(path, method=method, data=b"abc") as reply:
        reply.get_data()
    assert reply.status_code == status


def secret_key(variable):
    """The key of a fresh process that has this `variable`."""
    code = "import my_flask_app; print(repr(my_flask_app.app.secret_key))"
    result = run(f"{variable} python -c '{code}'")
    assert result.returncode == 0, result.stdout
    return literal_eval(result.stdout)


@pytest.mark.parametrize("key", ["a-key", "12345", "007", "two words"])
def test_secret_key_is_taken_from_the_environment(key):
    assert secret_key(f"'FLASK_SECRET_KEY={key}'") == key


def test_secret_key_is_random_otherwise():
    keys = {secret_key("FLASK_SECRET_KEY=") for _ in range(2)}
    keys |= {secret_key("") for _ in range(2)}
    assert len(keys) == 4, "two processes have the same key"
    assert {len(key) for key in keys} == {64}


@pytest.mark.parametrize(
    ("variable", "port"), [("", 5000), ("FLASK_RUN_PORT=8123", 8123)]
)
def test_development_server_port(variable, port):
    code = (
        "import my_flask_app as m;"
        "m.app.run = lambda **options: print(options);"
        "m.run_development_server()"
    )
    result = run(f"{variable} python -c '{code}'")
    expected = {"host": "127.0.0.1", "port": port, "debug": False}
    assert result.stdout == f"{expected}\n"


def test_development_server_answers_on_loopback_only(server):
    assert server.get("/").text == "Hello, World!"
    sockets = server.listener.net_connections()
    hosts = {socket.laddr.ip for socket in sockets}
    assert hosts == {"127.0.0.1"}


def test_development_server_has_no_debugger(server):
    assert not server.listener.children(), "the reloader runs: debug must be False"
    assert server.get("/console").status_code == 404
    reply = server.get("/error")
    assert (reply.status_code, "Traceback" in reply.text) == (500, False)


@pytest.mark.parametrize(
    "path", ["/%00", "/%ff", "/greet/%00", "/greet/%ff", "/%2e%2e/wsgi.py"]
)
def test_odd_paths_over_the_wire_are_no_500(server, path):
    assert server.get(path).status_code < 500
