"""The server keeps the rules of PEP 3333, whatever an app does."""

import json
import re
from pathlib import Path

import pytest

from notebooks.serving import serve, wait_until
from tests.small_server import apps
from tests.small_server.helpers import (
    answers,
    ask,
    command,
    connect,
    get,
    rest,
)
from tests.small_server.pep import FOR_SERVERS, pep
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
CLOSE = b"Host: a\r\nConnection: close\r\n"
HERE = Path(__file__).parent
FRAMING = "content-length", "transfer-encoding"


@pytest.fixture(scope="module")
def server():
    """It serves all the apps, and answers to the end."""
    with serve(command("app")) as server:
        server.wait_for_workers(2)
        yield server
        wait_until(server.answers)


def test_a_path_without_an_app_is_an_error(server):
    with pytest.raises(AssertionError, match="/helo"):
        get(server, "/helo")


def test_a_rule_that_is_not_there_is_an_error():
    with pytest.raises(ValueError, match="99"):
        pep(1, 99)


def test_a_rule_speaks_where_a_test_fails(capsys):
    pep(61)(lambda: None)()
    assert "rule 61: A server sends no more bytes" in capsys.readouterr().out


UNTESTED = {
    24: "it is about the documentation, not about the program",
    90: "there is no extension but wsgi.file_wrapper, which has rules 92 on",
    91: "there is no such extension",
}


def test_each_rule_for_a_server_is_tested():
    """In this folder, or it is said why not."""
    text = "".join(path.read_text("utf-8") for path in HERE.glob("test_*.py"))
    marks = re.findall(r"(?m)^@pep\((.*)\)$", text)
    tested = {int(number) for mark in marks for number in mark.split(",")}
    assert not tested & UNTESTED.keys()
    assert FOR_SERVERS <= tested | UNTESTED.keys()


# What the app gets.


@pep(7)
def test_an_app_is_called_by_position(server):
    check_length(get(server, "/hello"), "200 OK", b"Hello")


@pep(17, 18, 19, 20, 21, 22, 23, 26, 27, 28, 29, 31, 32)
def test_the_environ(server):
    with connect(server) as client:
        client.sendall(b"GET /environ HTTP/1.1\r\n" + CLOSE + b"\r\n")
        (answer,) = answers(rest(client))
        port = client.getsockname()[1]
    expected = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/environ",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(server.address[1]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "small_server",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": str(port),
        "HTTP_HOST": "a",
        "HTTP_CONNECTION": "close",
        "wsgi.url_scheme": "http",
        "body": "",
        "end": "b''",
        "type": "dict",
        "version": "(1, 0)",
        "multi": [True, True, False],
        "others": [
            "wsgi.errors",
            "wsgi.file_wrapper",
            "wsgi.input",
            "wsgi.multiprocess",
            "wsgi.multithread",
            "wsgi.run_once",
            "wsgi.version",
        ],
    }
    assert json.loads(answer.body) == expected


@pep(16, 30, 35, 36, 37, 38, 39)
def test_the_body_is_a_file_and_the_errors_take_any_text(server):
    request = b"POST /read HTTP/1.1\r\nContent-Length: 19\r\n" + CLOSE
    request += b"\r\na line\nb\nc\nd\nefghi\n"
    got = [b"a ", b"line\n", [b"b\n"], b"c\n", b"d\n", b"efghi\n", b""]
    (answer,) = answers(ask(server, request))
    assert answer.body == repr(got).encode()
    assert re.search(r"snow (☃|\\u2603)\nab\n", server.log)


EXPECT = b"POST /environ HTTP/1.1\r\nExpect: 100-Continue\r\n" + CLOSE


@pep(77)
@pytest.mark.parametrize(
    ("framing", "body"),
    [
        (b"Content-Length: 5", b"hello"),
        (b"Transfer-Encoding: chunked", b"5\r\nhello\r\n0\r\n\r\n"),
    ],
    ids=["a length", "chunks"],
)
def test_100_continue_comes_once_and_then_the_body(server, framing, body):
    with connect(server) as client:
        client.sendall(EXPECT + framing + b"\r\n\r\n")
        assert client.recv(99) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(body)
        data = rest(client)
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")
    (answer,) = answers(data)
    assert json.loads(answer.body)["body"] == "hello"


@pep(77)
def test_no_100_continue_comes_where_no_body_does(server):
    nothing = EXPECT + b"Content-Length: 0\r\n\r\n"
    assert ask(server, nothing).startswith(b"HTTP/1.1 200 OK\r\n")


@pep(77)
def test_no_100_continue_comes_in_http_1_0(server):
    old = EXPECT.replace(b"1.1", b"1.0") + b"Content-Length: 5\r\n\r\n"
    assert ask(server, old, b"hello").startswith(b"HTTP/1.1 200 OK\r\n")


@pep(77)
def test_no_100_continue_comes_where_none_is_expected(server):
    """An Expect may be empty."""
    head = EXPECT.replace(b"100-Continue", b"") + b"Content-Length: 5\r\n"
    data = ask(server, head + b"\r\n", b"hello")
    assert data.startswith(b"HTTP/1.1 200 OK\r\n")


# Connections.


@pep(78)
@pytest.mark.parametrize(
    ("minor", "option", "said"),
    [
        (1, b"", []),
        (0, b"Connection: Keep-Alive\r\n", ["connection: keep-alive"]),
    ],
    ids=["HTTP/1.1", "HTTP/1.0"],
)
def test_a_connection_is_kept_until_a_request_says_close(server, minor, option, said):
    request = b"GET /hello HTTP/1.%d\r\nHost: a\r\n%b\r\n"
    closing = request % (1, b"Connection: a , Close\r\n")
    with connect(server) as client:
        for _ in range(3):
            client.sendall(request % (minor, option))
            (answer,) = answers(client.recv(65536))
            assert answer.body == b"Hello"
            assert answer.all_of("connection") == said
        client.sendall(request % (1, b"") * 2)  # pipelining
        client.sendall(closing * 2)
        found = answers(rest(client))
    assert [answer.body for answer in found] == [b"Hello"] * 3
    assert [answer.all_of("connection") for answer in found] == [
        [],
        [],
        ["connection: close"],
    ]


@pytest.mark.parametrize("line", ["GET /hello HTTP/1.0", "CONNECT a:1 HTTP/1.1"])
def test_a_connection_ends_after(server, line):
    (answer,) = answers(ask(server, f"{line}\r\nHost: a\r\n\r\n".encode()))
    assert answer.all_of("connection") == ["connection: close"]


# start_response.


@pep(11)
def test_start_response_may_wait_for_the_first_block(server):
    check_chunks(get(server, "/start/late"), "200 OK", [b"late"])


@pep(54, 55, 56)
def test_until_a_block_is_sent_the_status_may_change(server):
    answer = get(server, "/change")
    check_chunks(answer, "503 Oh", [b"sorry"])
    assert answer.all_of("x-new") == ["x-new: 1"]


@pep(57)
def test_after_a_block_is_sent_the_status_cannot_change(server):
    answer = get(server, "/change/too late")
    check_chunks(answer, "200 OK", [b"begun"], whole=False)
    assert "ValueError: too late" in server.log


@pep(55)
def test_what_start_response_refused_can_be_mended(server):
    check_length(get(server, "/mend"), "500 Mended", b"mended")


@pep(59)
@pytest.mark.parametrize("when", ["twice", "twice after a bad one"])
def test_start_response_cannot_be_called_again(server, when):
    check_failed(server, f"/start/{when}")


@pep(60)
def test_the_server_does_not_keep_an_error(server):
    check_length(get(server, "/let go"), "200 OK", b"gone")


@pep(10)
def test_start_response_must_be_called(server):
    check_failed(server, "/start/never")


@pep(44, 50)
@pytest.mark.parametrize("status", apps.BAD_STATUSES)
def test_no_status_with(server, status):
    check_failed(server, f"/bad status/{status}")


@pep(45, 46, 47, 48, 49, 50, 51)
@pytest.mark.parametrize("headers", apps.BAD_HEADERS)
def test_no_headers_with(server, headers):
    check_failed(server, f"/bad headers/{headers}")


def check_failed(server, path):
    """A plain page without the reason, which is in the log."""
    before = server.log.count("Traceback (most recent call last)")
    answer = get(server, path)
    page = b"500 Internal Server Error: the app failed\n"
    check_length(answer, "500 Internal Server Error", page)
    assert answer.all_of("connection") == ["connection: close"]
    assert server.log.count("Traceback (most recent call last)") > before


def check_length(answer, status, body):
    """It has this body, whole, with its length."""
    length = [f"content-length: {len(body)}"]
    assert answer.all_of(*FRAMING) == length
    assert (answer.status, answer.body, answer.whole) == (
        status,
        body,
        True,
    )


def check_chunks(answer, status, chunks, whole=True):
    """It has these chunks, and comes to its end or not."""
    assert answer.all_of(*FRAMING) == ["transfer-encoding: chunked"]
    assert (answer.status, answer.blocks, answer.whole) == (
        status,
        chunks,
        whole,
    )


# The headers of the answer.


@pep(52)
def test_the_server_adds_what_http_requires(server):
    answer = get(server, "/hello")
    assert answer.fields[0] == ("content-type", "text/plain")
    assert answer.all_of("server") == ["server: small_server"]
    (date,) = answer.all_of("date")
    assert re.fullmatch(r"date: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", date)


@pep(3, 79)
def test_the_server_leaves_the_headers_of_an_app_alone(server):
    assert get(server, "/own headers").fields == [
        ("date", "today"),
        ("server", "me"),
        ("a", "é"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("content-length", "1"),
        ("connection", "close"),
    ]


# The body of the answer.


BODIES = {"no block": b"", "an empty block": b"", "one block": b"one"}


@pep(9, 63)
@pytest.mark.parametrize("what", BODIES)
def test_one_block_has_its_length(server, what):
    check_length(get(server, f"/give/{what}"), "200 OK", BODIES[what])


@pep(63)
def test_several_blocks_are_chunks(server):
    check_chunks(get(server, "/give/two blocks"), "200 OK", [b"t", b"wo"])


@pep(53, 63, 70)
def test_what_is_written_goes_before_what_is_returned(server):
    request = b"GET /write HTTP/1.1\r\n" + CLOSE + b"\r\n"
    data = ask(server, request)
    (answer,) = answers(data)
    check_chunks(answer, "200 OK", [b"first ", b"second"])
    assert data.endswith(b"\r\n\r\n6\r\nfirst \r\n6\r\nsecond\r\n0\r\n\r\n")


OPTIONS = {"": "", "keep-alive": "Connection: keep-alive\r\n"}


@pep(63)
@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("what", [*BODIES, "two blocks"])
def test_http_1_0_has_no_chunks(server, what, option):
    """Where the length is not known, the body ends with the connection."""
    path = f"/give/{what}".replace(" ", "%20")
    head = f"GET {path} HTTP/1.0\r\n{OPTIONS[option]}\r\n"
    (answer,) = answers(ask(server, head.encode(), end=True))
    assert answer.body == BODIES.get(what, b"two")
    assert answer.all_of("transfer-encoding") == []
    said = "keep-alive" if option and what in BODIES else "close"
    assert answer.all_of("connection") == [f"connection: {said}"]


@pep(66)
def test_line_ends_pass_unchanged(server):
    check_length(get(server, "/give/line ends"), "200 OK", b"\r\n\n")


@pep(65)
def test_no_block_waits_for_the_next(server):
    check_sent_at_once(server, b"/drip")


@pep(68)
def test_what_is_written_is_sent(server):
    check_sent_at_once(server, b"/drip/written")


def check_sent_at_once(server, path):
    """The client has the first part before the app goes on."""
    seen = Path(server.folder, "seen")
    seen.unlink(missing_ok=True)
    with connect(server) as client:
        client.sendall(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        while b"now" not in client.recv(999):
            pass
        seen.touch()
        assert b"later" in client.recv(999)


@pep(61)
@pytest.mark.parametrize("how", ["/more", "/more written"])
def test_no_more_is_sent_than_the_length_says(server, how):
    check_length(get(server, how), "200 OK", b"abc")


@pep(61)
def test_no_more_can_be_written_than_the_length_says(server):
    get(server, "/more written")
    assert "more than Content-Length" in server.log


@pep(62)
def test_less_than_the_length_says_is_logged(server):
    answer = get(server, "/less")
    assert (answer.body, answer.whole) == (b"abc", False)
    assert "6 bytes less than the Content-Length says" in server.log


NO_BODY = {
    "/status/204": ("204 No Content", []),
    "/status/304": ("304 Not Modified", []),
    "/length/204": ("204 No Content", []),
    "/length/304": ("304 Not Modified", ["content-length: 4"]),
    "/status/205": ("205 Reset Content", ["content-length: 0"]),
    "/length/205": ("205 Reset Content", ["content-length: 0"]),
}


@pytest.mark.parametrize("path", NO_BODY)
def test_a_status_without_a_body(server, path):
    """Nor with a length, where HTTP forbids it: an app may not know."""
    answer = get(server, path)
    assert answer.all_of(*FRAMING) == NO_BODY[path][1]
    assert (answer.status, answer.body) == (NO_BODY[path][0], b"")


def test_an_answer_without_a_body_ends_where_the_next_begins(server):
    request = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"
    sent = "".join(map(request.format, [*NO_BODY, "/hello"]))
    found = answers(ask(server, sent.encode(), end=True))
    assert [answer.body for answer in found] == [b""] * 6 + [b"Hello"]


@pytest.mark.parametrize("target", ["one-block", "a-length", "two-blocks"])
def test_a_tunnel_has_no_length(server, target):
    """What follows a 2xx to CONNECT is the tunnel's, as it is."""
    request = f"CONNECT {target}:443 HTTP/1.1\r\nHost: a\r\n\r\n"
    (answer,) = answers(ask(server, request.encode()))
    assert answer.all_of(*FRAMING) == []
    assert (answer.status[0], answer.body) == ("2", b"body")


def test_a_tunnel_that_is_refused_has_a_body(server):
    answer = get(server, "refused:443", "CONNECT")
    check_length(answer, "403 Forbidden", b"body")


def test_a_status_may_have_no_reason(server):
    """But the space before it, as RFC 9112 asks."""
    request = b"GET /status/499 HTTP/1.1\r\n" + CLOSE + b"\r\n"
    data = ask(server, request)
    assert data.startswith(b"HTTP/1.1 499 \r\n")
    check_length(*answers(data), "499 ", b"body")


SAID = {
    "/hello": ["content-length: 5"],
    "/more": ["content-length: 3"],
    "/less": ["content-length: 9"],
    "/write": [],
    "/endless": [],
    "/fail/ValueError": [],
}


@pytest.mark.parametrize(("path", "length"), SAID.items(), ids=SAID)
def test_head_has_no_body(server, path, length):
    """It has the length of the body that GET has, if the app says it."""
    head = f"HEAD {path} HTTP/1.1\r\n".encode() + CLOSE + b"\r\n"
    assert ask(server, head).endswith(b"\r\n\r\n")
    answer = get(server, path, "HEAD")
    assert answer.body == b""
    assert answer.all_of(*FRAMING) == length


@pep(92, 93, 94, 95, 96, 97)
def test_a_file_is_sent_from_where_it_stands(server):
    text = Path(apps.__file__).read_bytes()
    assert get(server, "/file").body == text[1:]


# Errors.


@pep(4)
@pytest.mark.parametrize("what", ["a str", "an int", "a bytearray"])
def test_a_block_is_bytes(server, what):
    check_failed(server, f"/give/{what}")


@pep(9)
def test_an_app_returns_an_iterable(server):
    check_failed(server, "/give/None")


@pep(76)
@pytest.mark.parametrize(
    "error", ["ValueError", "SystemExit", "OSError", "KeyboardInterrupt"]
)
def test_an_error_of_the_app_is_logged(server, error):
    check_failed(server, f"/fail/{error}")


@pep(76)
def test_an_error_before_the_first_byte_is_a_page(server):
    check_failed(server, "/fail first")


@pep(76)
def test_an_error_after_the_first_byte_cuts_the_answer_off(server):
    answer = get(server, "/fail midway")
    check_chunks(answer, "200 OK", [b"begun"], whole=False)


@pep(76)
def test_an_error_in_close_comes_too_late_to_show(server):
    check_length(get(server, "/fail in close"), "200 OK", b"done")


# close().


def steps(server, name):
    """What an app says in the log of how it is used, a list of str."""
    lines = server.log.splitlines()
    return [line for line in lines if line.startswith(f"{name} ")]


@pep(15, 71)
def test_close_is_called_once_when_all_is_sent(server):
    """And nothing else is asked of the iterable."""
    check_chunks(get(server, "/blocks"), "200 OK", [b"a", b"b"])
    assert steps(server, "blocks") == [
        *["blocks next"] * 4,
        "blocks close",
    ]


@pep(72)
def test_close_is_called_after_an_error(server):
    get(server, "/fail midway")
    assert steps(server, "midway")[-1] == "midway close"


@pep(73)
def test_close_is_called_when_the_client_has_gone(server):
    """And nobody is told of an error."""

    def closed():
        return steps(server, "endless").count("endless close")

    for _ in range(2):
        before = closed()
        with connect(server) as client:
            client.sendall(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
            client.recv(9)
        wait_until(lambda before=before: closed() == before + 1)
    assert "BrokenPipe" not in server.log
    assert "ConnectionReset" not in server.log


@pep(61, 71)
def test_no_block_is_asked_for_that_would_not_be_sent(server):
    before = len(steps(server, "more"))
    get(server, "/more")
    assert steps(server, "more")[before:] == [
        *["more next"] * 2,
        "more close",
    ]


# A real app.


@pep(1)
@pytest.mark.parametrize("app", ["strict", "linted"])
def test_flask_under_an_examiner(app):
    """Every plain route, by the rules of wsgiref, whose examiner is a
    function, and of Werkzeug, whose examiner is an object."""
    with serve(f"PYTHONWARNINGS=always {command(app)}") as server:
        for path in ("/", "/greet/Ada", "/greet/caf%C3%A9?a=%20", "/hits"):
            assert server.get(path).ok
        for path in ("/visits", "/slow/0", "/whoami", "/stream"):
            assert server.get(path).ok
        assert server.get("/nowhere").status_code == 404
        assert server.get("/echo").status_code == 405
        assert server.get("/", method="OPTIONS").ok
        if app == "strict":  # Werkzeug misses the body of HEAD
            head = server.get("/", method="HEAD")
            length = head.headers["Content-Length"]
            assert (head.content, length) == (b"", "13")
        for data in b"", b"abc", b"x" * 60_000:
            assert server.post("/echo", data=data).content == data
            chunks = iter([data, b"end"] if data else [b"end"])
            assert server.post("/echo", data=chunks).content == data + b"end"
        assert server.log == f"Listening at {server.url}\n"
