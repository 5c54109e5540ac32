"""Requests that nobody thought of, and a second opinion about all of them.

h11 reads HTTP/1.1 as the RFCs tell, and others wrote it. Where it reads a
request and the small server refuses it, or the other way round, a row of
the tables below knows why; any other difference is an error.
"""

import json
import re
import tempfile
from string import ascii_letters, ascii_uppercase, digits, punctuation

import h11
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir

from notebooks.serving import serve, wait_until
from tests.small_server.helpers import command, send
from tests.small_server.wire import ACCEPTED, REFUSED
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
# Each run thinks up the same requests, and leaves no folder behind.
set_hypothesis_home_dir(tempfile.gettempdir())

# What h11 reads and we refuse: the words of our refusal, a pattern in the
# request (an empty one is in each), and why h11 takes it.
READ_BY_H11 = [
    (
        "malformed request-line",
        rb"(?m)^[!-~]*[a-z][!-~]* [!-~]+ HTTP/",
        "a method is any token, get as well",
    ),
    (
        "malformed absolute-form",
        rb"(?m)^[!-~]+ [!-.0-~][!-~]* HTTP/",
        "a target is any visible ASCII",
    ),
    (
        "malformed authority-form",
        rb"(?m)^CONNECT [!-~]+ HTTP/",
        "a target is any visible ASCII",
    ),
    ("malformed Host", rb"", "Host is left to the caller"),
    ("this server speaks HTTP/1.1", rb"", "so is the version"),
    ("unknown expectation", rb"", "so is what is expected"),
    ("Content-Type comes twice", rb"", "so is what a field means"),
    ("too many header fields", rb"", "the limit is one of bytes"),
    ("a line is too long", rb"", "the limit is another one"),
    (
        "a line does not end with CR LF",
        rb"(?<!\r)\n",
        "LF alone ends a line, as RFC 9112 allows",
    ),
    (
        "malformed field-line",
        rb"\n[ \t]",
        "a folded line is joined to the one before",
    ),
    (
        "malformed field-line",
        rb"[\x01-\x08\x0e-\x1f\x7f]",
        "a value may have control characters that are no white space",
    ),
    (
        "a Content-Length and chunks",
        rb"",
        "the chunks win, as RFC 9112 allows",
    ),
    ("Content-Length comes twice", rb"", "equal lengths count as one"),
    (
        "malformed Content-Length",
        rb"(?i)Content-Length:[ \t]*(\d+),[ \t]*\1[ \t]*\r",
        "equal lengths count as one",
    ),
    ("chunks in HTTP/1.0", rb"", "chunks are chunks"),
    (
        "malformed chunk-size",
        rb"\n[0-9A-Fa-f]+;",
        "a chunk extension is skipped unread",
    ),
    (
        "a line does not end with CR LF",
        rb"\n[0-9A-Fa-f]+;.*\r[^\n]",
        "a chunk extension is skipped unread",
    ),
    (
        "too many chunk extensions",
        rb"\n[0-9A-Fa-f]+;",
        "a chunk extension is skipped unread",
    ),
    (
        "malformed chunk-size",
        rb"\n[0-9A-Fa-f]+[ \t]+\r\n",
        "white space may end the line with a chunk's size",
    ),
    ("a field that cannot be a trailer", rb"", "a trailer is no header"),
]
# What h11 refuses and we read: a pattern in the request, and what it is.
REFUSED_BY_H11 = [
    (rb"\A\r\n", "an empty line before the request"),
    (rb"\n[0-9A-Fa-f]+[ \t]+;", "white space before a chunk extension"),
]


@pytest.fixture(scope="module")
def server():
    """It shows what the app sees of a request, and answers to the end."""
    with serve(command("mirror")) as server:
        yield server
        wait_until(server.answers)


def compare_with_h11(data, found, called):
    """Let h11 read the requests in `data`, for which the server called the
    app so often and gave the Answers `found`; return the rows that know
    why the two differ, a list. AssertionError if no row does."""
    read = read_by_h11(data)
    words = found[-1].body.decode() if found else "no answer"
    rows = []
    if read < called:
        rows = [row for row in REFUSED_BY_H11 if re.search(row[0], data)]
    elif read > called:
        rows = [
            row
            for row in READ_BY_H11
            if words.endswith(f": {row[0]}\n") and re.search(row[1], data)
        ]
    assert rows or read == called, (
        f"h11 reads {read} requests, the server {called}: {words}"
    )
    return rows


def read_by_h11(data):
    """The number of requests that h11 reads to their end, one after the
    other, before it complains or the connection ends."""
    reader, count = h11.Connection(h11.SERVER), 0
    reader.receive_data(data)
    reader.receive_data(b"")  # it ends there
    try:
        while True:
            event = reader.next_event()
            if type(event) is h11.EndOfMessage:
                count += 1
                length = [("Content-Length", "0")]
                reader.send(h11.Response(status_code=200, headers=length))
                reader.send(h11.EndOfMessage())
                reader.start_next_cycle()
            elif type(event) is h11.ConnectionClosed:
                return count
    except h11.ProtocolError:
        return count


def test_h11_agrees_about_the_wire_cases_or_a_row_knows_why(server):
    used = []
    for case, _ in (REFUSED | ACCEPTED).values():
        found, said = send(server, case)
        used += compare_with_h11(case, found, said.count("called "))
    unused = [r for r in READ_BY_H11 + REFUSED_BY_H11 if r not in used]
    assert not unused, "no case needs these rows"


def thinks_up(count):
    """Settings of hypothesis: so many requests."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        print_blob=False,
        suppress_health_check=[HealthCheck.too_slow],  # on a busy machine
    )


def one_of(cases):
    """One of the short requests of a file of wire/."""
    return st.sampled_from([c for c, _ in cases.values() if len(c) < 999])


BITS = [
    b"",
    b"\r",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b";",
    b",",
    b"/",
    b"-",
]
BITS += [
    b"0",
    b"A",
    b"\xff",
    b"chunked",
    b"\r\n",
    b"\r\n\r\n",
    b"Host: b\r\n",
]
BITS += [b"#", b"@", b"[", b"]", b"http://"]
BITS += [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"]
BITS += [b" HTTP/1.1\r\n"]
# Where, how many bytes, and what takes their place.
EDIT = st.tuples(st.integers(0, 999), st.integers(0, 3), st.sampled_from(BITS))


@thinks_up(1000)
@given(
    st.one_of(one_of(ACCEPTED), one_of(REFUSED)),
    st.lists(EDIT, max_size=4),
)
@example(b"\r\n\r\n", [])
def test_noise(server, case, edits):
    """Whatever comes, only well-formed answers come back, each request
    has one, a refusal is the last, nothing fails, and h11 agrees."""
    case = bytearray(case)
    for at, size, bit in edits:
        at %= len(case) + 1
        case[at : at + size] = bit
    found, said = send(server, bytes(case))
    called = said.count("called ")
    statuses = [int(answer.status[:3]) for answer in found]
    assert statuses[:called] == [200] * called
    assert len(found) - called in (0, 1)
    assert all(status >= 400 for status in statuses[called:])
    assert all(answer.whole for answer in found)
    assert "Traceback" not in said
    compare_with_h11(bytes(case), found, called)


METHOD = st.text(f"{ascii_uppercase}!#.|~-", min_size=1, max_size=9)
VISIBLE = f"{ascii_letters}{digits}{punctuation}"
QUERY = st.text(VISIBLE.replace("#", ""), max_size=20)
TOKEN = f"{ascii_letters}{digits}!#$%&'*+.^`|~-"
NAME = st.text(TOKEN, min_size=1, max_size=9).map("X-{}".format)
VALUE = st.text(
    st.characters(max_codepoint=255, exclude_categories=["Cc"]) | st.just("\t"),
    max_size=20,
)
PART = st.binary(min_size=1, max_size=40)


@st.composite
def good_requests(draw):
    """The head and the body of a good request in bytes, and what the app
    must see of it."""
    method = draw(METHOD)
    method = "PUT" if method in ("CONNECT", "HEAD") else method
    query = draw(QUERY)
    fields = draw(st.dictionaries(NAME, VALUE, max_size=4))
    expected = {"REQUEST_METHOD": method, "QUERY_STRING": query}
    lines = [f"{method} /environ?{query} HTTP/1.1", "Host: a"]
    for name, value in fields.items():
        space = draw(st.sampled_from(["", " ", "  "]))
        lines.append(f"{name}:{space}{value}")
        key = "HTTP_" + name.upper().replace("-", "_")
        value = value.strip(" \t")
        if key in expected:
            value = f"{expected[key]},{value}"
        expected[key] = value
    parts = draw(st.lists(PART, max_size=4))
    body = b"".join(parts)
    expected["body"] = body.decode("latin-1")
    expected["CONTENT_LENGTH"] = str(len(body))
    if draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
    else:
        lines.append("transfer-encoding: Chunked")
        zeros = draw(st.sampled_from(["", "0", "000"]))
        parts = [f'{zeros}{len(p):X};a="b"\r\n'.encode() + p + b"\r\n" for p in parts]
        body = b"".join(parts) + zeros.encode() + b"0\r\nA: b\r\n\r\n"
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return head, body, expected


@thinks_up(200)
@given(st.lists(good_requests(), min_size=1, max_size=3), st.data())
def test_good_requests(server, requests, data):
    """The app sees what was sent, each request alone, however it comes;
    and h11 reads as many."""
    sent = b"".join(head + body for head, body, _ in requests)
    at = data.draw(st.integers(0, len(sent)))
    found, _ = send(server, sent[:at], sent[at:])
    assert len(found) == len(requests) == read_by_h11(sent)
    for answer, (*_, expected) in zip(found, requests, strict=True):
        assert answer.status == "200 OK"
        seen = json.loads(answer.body)
        assert expected == {key: seen.get(key) for key in expected}


@thinks_up(300)
@given(
    good_requests(),
    st.integers(0, 999),
    st.sampled_from([b"\n", b"\r", b"\0", b"\x0b", b"\x7f"]),
)
def test_one_bad_byte(server, request_of, at, byte):
    """Anywhere in a head, it keeps the request from the app; and h11 reads
    none, or a row knows why."""
    head, body, _ = request_of
    at %= len(head) - 1
    sent = head[:at] + byte + head[at:] + body
    found, said = send(server, sent)
    assert [answer.status for answer in found] == ["400 Bad Request"]
    assert "called " not in said
    compare_with_h11(sent, found, 0)
