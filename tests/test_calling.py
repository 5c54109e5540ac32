"""The server without a socket, of chapters 02 to 04: is it a good one?"""

import sys

import pytest

from exercises.client import Body
from notebooks.calling import StartResponse, call

TEXT = ("Content-Type", "text/plain")


def serving(body):
    def app(environ, start_response):
        start_response("200 OK", [TEXT])
        return body

    return app


def test_it_reads_all_and_closes_once():
    body = Body([b"mint ", b"", b"tea"])
    assert call(serving(body)) == ("200 OK", b"mint tea")
    assert body.closed == 1


def test_it_closes_after_an_error_and_passes_it_on():
    body = Body([b"mint ", OSError("torn")])
    with pytest.raises(OSError, match="torn"):
        call(serving(body))
    assert body.closed == 1


def test_a_body_need_not_have_a_close():
    assert call(serving([b"tea"])) == ("200 OK", b"tea")


def test_it_gives_the_path_and_what_else_is_asked():
    def app(environ, start_response):
        start_response("200 OK", [TEXT])
        keys = "SCRIPT_NAME", "PATH_INFO", "REQUEST_METHOD", "QUERY_STRING"
        yield repr([environ[key] for key in keys]).encode()

    came = call(app, "/tea", REQUEST_METHOD="HEAD", QUERY_STRING="cup=1")
    assert came == ("200 OK", b"['', '/tea', 'HEAD', 'cup=1']")


def test_what_is_written_comes_before_what_is_yielded():
    def app(environ, start_response):
        start_response("200 OK", [TEXT])(b"mint ")
        return [b"tea"]

    assert call(app) == ("200 OK", b"mint tea")


def second_call(sent, exc_info):
    """Call start_response a second time, after this was sent."""
    start_response = StartResponse()
    start_response("200 OK", [TEXT])(sent)
    start_response("500 Oh No", [TEXT], exc_info)
    return start_response.status


def test_with_exc_info_the_status_is_replaced_until_bytes_are_sent():
    try:
        raise OSError("torn")
    except OSError:
        failed = sys.exc_info()
    assert second_call(b"", failed) == "500 Oh No"
    with pytest.raises(OSError, match="torn"):
        second_call(b"tea", failed)
    with pytest.raises(AssertionError, match="called twice"):
        second_call(b"", None)
