"""What the server makes of the bytes of a request: wire/*.md says it."""

import json
import re
import time

import pytest

from notebooks.serving import serve, wait_until
from small_server.grammar import RefusedError, match
from tests.small_server.helpers import answers, ask, command
from tests.small_server.wire import ACCEPTED, REFUSED, cases
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
GOOD = b"GET /refused HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def server():
    """It shows what the app sees of a request, and answers to the end."""
    with serve(command("mirror")) as server:
        yield server
        wait_until(server.answers)


@pytest.mark.parametrize(("case", "status"), REFUSED.values(), ids=REFUSED)
def test_refused(server, case, status):
    """One answer, the right one; then the connection is closed, whether
    more follows or not, and the app is not called."""
    before = len(server.log)
    for more in [], [GOOD]:
        data = ask(server, case, *more, end=True)
        assert data.startswith(b"HTTP/1.1 %d " % status)  # no 100
        (answer,) = answers(data)
        assert answer.all_of("connection") == ["connection: close"]
    assert "called " not in server.log[before:]


@pytest.mark.parametrize(("case", "seen"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepted(server, case, seen):
    """The app sees what was meant, in however many pieces it arrives."""
    for pieces in (
        [case],
        [case[:9], case[9:]],
        re.findall(b".{1,999}", case, re.DOTALL),
    ):
        environ = shown(server, *pieces)
        assert seen == {key: environ.get(key) for key in seen}


def shown(server, *pieces):
    """Send a request in pieces; return what the app sees of it."""
    (answer,) = answers(ask(server, *pieces, end=True))
    assert answer.status == "200 OK", answer
    return json.loads(answer.body)


def test_accepted_byte_by_byte(server):
    case = b"POST /environ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    case += b"Transfer-Encoding: chunked\r\n\r\n"
    case += b"5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n"
    pieces = [bytes([byte]) for byte in case]
    assert shown(server, *pieces)["body"] == "hello"


def test_an_empty_line_is_no_request(server):
    """Though it comes byte by byte, after a request or alone."""
    for request, count in (b"", 0), (GOOD, 1):
        found = answers(ask(server, request, b"\r", b"\n", end=True))
        assert [answer.status for answer in found] == ["200 OK"] * count


ENDS = {"LF": b"\n", "CR": b"\r", "LF CR": b"\n\r"}


@pytest.mark.parametrize("end", ENDS)
def test_a_wrong_line_end_is_refused_at_once(server, end):
    """Nobody waits for a right one, which never comes."""
    began = time.monotonic()
    (answer,) = answers(ask(server, GOOD.replace(b"\r\n", ENDS[end])))
    assert answer.status == "400 Bad Request"
    assert time.monotonic() - began < 15  # and not after 20, as who is late


def test_no_case_is_refused_and_accepted():
    refused = {case for case, _ in REFUSED.values()}
    assert not refused & {case for case, _ in ACCEPTED.values()}


# The notation of wire/*.md, and what a slip in it leads to.

CASE = r"""
## Greetings

They are short.

### A greeting

Good morning.

```http
GET /{?} HTTP/1.1\r\n
{2 * \x0b\\{\t}
```

- `a b`: two words
- ``: nothing

> 400
"""


def test_the_notation():
    assert cases(CASE) == {
        "A greeting: two words": (
            b"GET /a b HTTP/1.1\r\n\x0b\\{\t\x0b\\{\t",
            400,
        ),
        "A greeting: nothing": (
            b"GET / HTTP/1.1\r\n\x0b\\{\t\x0b\\{\t",
            400,
        ),
    }
    seen = '```json\n{"A": "{?}", "B": "{3 * b}", "C": null}\n```'
    found = cases(CASE.replace("> 400", seen)).values()
    assert [environ for _, environ in found] == [
        {"A": "a b", "B": "bbb", "C": None},
        {"A": "", "B": "bbb", "C": None},
    ]


SLIPS = {
    "a heading too deep": ("### A", "#### A"),
    "a heading without a space": ("### A", "###A"),
    "a block that is not http": ("```http", "```"),
    "a status of two digits": ("> 400", "> 40"),
    "a status that is not marked": ("> 400", "400"),
    "no status": ("> 400\n", ""),
    "words after the status": ("> 400", "> 400\n\nMore words."),
    "no JSON": ("> 400", '```json\n{"A": }\n```'),
    "an item without words": ("- ``: nothing", "- `nothing`"),
    "a space at the edge of an item": ("- ``: nothing", "- ` `: a space"),
    "the same bytes twice": ("- ``: nothing", "- `a\\x20b`: nothing"),
    "the same words twice": ("- ``: nothing", "- ``: two words"),
    "no list": ("- `a b`: two words\n- ``: nothing\n\n", ""),
    "no place for the list": ("{?}", ""),
    "an escape that Python has": ("\\x0b", "\\v"),
    "an escape in capital letters": ("\\x0b", "\\x0B"),
    "a control character": ("\\x0b", "\x0b"),
    "a character that is not ASCII": ("\\x0b", "\xe9"),
    "a space at the end of a line": ("1.1\\r\\n\n", "1.1\\r\\n \n"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_in_the_notation_is_an_error(slip):
    old, new = SLIPS[slip]
    assert CASE.count(old) == 1
    with pytest.raises(ValueError):
        cases(CASE.replace(old, new))


def test_a_long_line_is_looked_at_once():
    """Blanks, and at the end what is refused: no time for each of them."""
    began = time.thread_time()
    with pytest.raises(RefusedError):
        match("field-line", f"X: {' ' * 8000}\0")
    assert time.thread_time() - began < 0.1
