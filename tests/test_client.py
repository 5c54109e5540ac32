"""The client of the exercises: what it asks of every WSGI answer."""

import io

import pytest

from exercises.client import Input, Page, ask, varies
from wsgi import app as flask_app

TEXT = ("Content-Type", "text/plain")


def says(environ, start_response, status="200 OK", headers=(TEXT,), body=b"tea"):
    start_response(status, list(headers))
    return [body]


def echo(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return says(environ, start_response, body=environ["wsgi.input"].read(length))


def test_a_body_comes_whole_and_its_reader_is_seen():
    assert ask(echo, "/", "POST", b"mint").body == b"mint"
    assert ask(flask_app, "/echo", "POST", b"mint").body == b"mint"
    page = Page()
    assert ask(page, "/a?b", "POST", b"tea", {"X-Tea": "mint"}).body == b"one two"
    names = "PATH_INFO", "QUERY_STRING", "CONTENT_LENGTH", "HTTP_X_TEA"
    assert [page.environs[0][n] for n in names] == ["/a", "b", "3", "mint"]
    assert page.closed == [1]


@pytest.mark.parametrize(
    "read",
    [
        lambda file: file.read(),
        lambda file: file.read(-1),
        lambda file: file.read(1_000_000),
        lambda file: file.read(4) and file.read(1),
        lambda file: file.readline(),
        lambda file: list(file),
    ],
)
def test_nobody_reads_past_the_promise(read):
    def app(environ, start_response):
        read(environ["wsgi.input"])
        return says(environ, start_response)

    with pytest.raises(AssertionError, match=r"wsgi\.input"):
        ask(app, "/", "POST", b"mint")


def test_a_client_that_leaves_is_no_fault_of_the_reader():
    sent = Input(b"min", 4)
    reply = ask(echo, "/", "POST", CONTENT_LENGTH="4", **{"wsgi.input": sent})
    assert reply.body == b"min" and sent.taken == 3


@pytest.mark.parametrize("length", ["x", "-1", "", "1_0", "²", "9" * 5000, None])
def test_a_server_may_pass_on_any_length(length):
    """The examiner takes some for the fault of the server: not ours."""
    assert ask(says, CONTENT_LENGTH=length).body == b"tea"


@pytest.mark.filterwarnings("ignore::wsgiref.validate.WSGIWarning")
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": "404"}, "'404' has no reason"),
        ({"status": "404 "}, "'404 ' has no reason"),
        ({"headers": (TEXT, ("Content-Length", "4"))}, "says 4, the body has 3"),
        ({"headers": ()}, "No Content-Type"),
        ({"headers": ([*TEXT],)}, "must be of type tuple"),
        ({"body": "tea"}, "non-bytestring"),
    ],
)
def test_the_examiner_looks_at_every_answer(fault, words):
    with pytest.raises(AssertionError, match=words):
        ask(lambda *call: says(*call, **fault))


def test_what_no_server_can_send():
    with pytest.raises(UnicodeEncodeError):
        ask(lambda *call: says(*call, headers=(TEXT, ("X-Tea", "茶"))))
    with pytest.raises(AssertionError, match="start_response was not called"):
        ask(lambda environ, start_response: [])


def test_a_client_may_leave_the_answer():
    page = Page()
    assert ask(page, most=0).body == b"" and page.closed == [1]
    assert ask(page, most=1).body == b"one " and page.closed == [1, 1]
    unclosed = Page()
    assert ask(lambda *call: list(unclosed(*call))).body == b"one two"
    assert unclosed.closed == [0]


def test_a_page_may_fail():
    page = Page(b"one ", KeyError("two"))
    with pytest.raises(KeyError):
        ask(page)
    assert page.closed == [1]


def shows(*keys):
    """An app whose answer hangs on keys of the environ."""

    def app(environ, start_response):
        body = repr([environ.get(key) for key in keys]).encode()
        return says(environ, start_response, body=body)

    return app


@pytest.mark.parametrize(
    ("app", "found"),
    [
        (says, []),
        (shows("PATH_INFO", "REQUEST_METHOD"), []),
        (shows("CONTENT_LENGTH"), ["an empty CONTENT_LENGTH"]),
        (shows("QUERY_STRING"), ["no QUERY_STRING"]),
        (shows("SCRIPT_NAME"), ["no SCRIPT_NAME", "a SCRIPT_NAME"]),
    ],
)
def test_one_request_in_the_words_of_many_servers(app, found):
    assert varies(app) == found


def test_head_is_get_without_a_body():
    def empty(environ, start_response):
        body = says(environ, start_response)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else body

    assert varies(says, head=True) == ["HEAD"]
    assert varies(empty, head=True) == []
    assert varies(flask_app, "/greet/Ada", head=True) == []


def test_keys_may_be_left_out():
    page = Page()
    ask(page, "", SCRIPT_NAME="/tea", PATH_INFO=None)
    assert page.environs[0]["SCRIPT_NAME"] == "/tea"
    assert "PATH_INFO" not in page.environs[0]
    log = io.StringIO()
    ask(
        lambda e, s: e["wsgi.errors"].write("no") and says(e, s), **{"wsgi.errors": log}
    )
    assert log.getvalue() == "no"
