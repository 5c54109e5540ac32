"""What conformance.py says of an answer: its table stands on it."""

import pytest

from notebooks.conformance import plain

OK = "HTTP/1.1 200 OK\r\n"
CHUNKED = OK + "Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("", "\n\n"),
        (OK + "\r\ntea", "200 OK\n\ntea"),
        (OK + "A: 1\r\n\r\none\r\ntwo", "200 OK\nA: 1\n\none\ntwo"),
        (
            OK + "Content-Length: 3\r\n\r\ntea",
            "200 OK\nContent-Length: 3\n\ntea",
        ),
        (
            OK + "Content-Length: 4\r\n\r\ntea",
            "200 OK\nContent-Length: 4\n\ntea CUT OFF",
        ),
        (
            "HTTP/1.1 100 Continue\r\n\r\n" + OK + "A: 1\r\n\r\ntea",
            "100 Continue\n\n200 OK\nA: 1\n\ntea",
        ),
    ],
)
def test_plain(reply, expected):
    assert plain(reply) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("3\r\ntea\r\n0\r\n\r\n", "tea"),
        ("2\r\nte\r\nb\r\na and cake.\r\n0\r\n\r\n", "tea and cake."),
        ("6\r\n1\r\na\r\n\r\n0\r\n\r\n", "1\na\n"),
        ("3\r\ntea\r\n", "tea CUT OFF"),
        ("3\r\nte", "te CUT OFF"),
        ("", " CUT OFF"),
        (
            f"3\r\ntea\r\n0\r\n\r\n{OK}Connection: close\r\n\r\ntea",
            "tea200 OK\nConnection: close\n\ntea",
        ),
    ],
)
def test_plain_puts_chunks_together(body, expected):
    head, _, rest = plain(CHUNKED + body).partition("\n\n")
    assert head == "200 OK\nTransfer-Encoding: chunked"
    assert rest == expected
