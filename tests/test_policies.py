"""What the checks of sheet 15 take for a browser does as Chromium does.

What is expected here was seen in Chromium 156, by a page with all of these
scripts, and by pages at `shop.example` and `evil.example`.
"""

import pytest

from exercises.checks.cookies import Request, sent
from exercises.checks.policies import Page, Script, framed_by, misled_by, runs
from exercises.checks.sheet_15 import COOKIES, LOGIN, REQUESTS

PAGE = """
<p>:</p><script nonce="n1">A</script><script>B</script>
<script src="/C.js"></script><script src="https://evil.example/D.js"></script>
<script src="data:text/javascript,E"></script><script>F</script>
<script nonce="">G</script>
"""
NONCE, SELF = "script-src 'nonce-n1'", "script-src 'self'"
F = "9nqxCtTkxTEhtqX+TanBDd7pBbl403iNJyPXv6y+KKk="  # its SHA-256


@pytest.mark.parametrize(
    ("policy", "ran"),
    [
        (None, "ABCDEFG"),
        ("frame-ancestors 'none'", "ABCDEFG"),
        (NONCE, "A"),
        ("script-src nonce-n1", ""),
        (SELF, "C"),
        ("default-src 'self'", "C"),
        (f"{SELF} data:", "CE"),
        ("script-src *", "CD"),
        ("script-src 'unsafe-inline'", "ABFG"),
        (f"{NONCE} 'unsafe-inline'", "A"),
        (f"script-src 'sha256-{F}'", "F"),
        (f"default-src 'none'; {NONCE} 'strict-dynamic' https:", "A"),
        ("script-src 'strict-dynamic' 'unsafe-inline'", ""),
        (f"{NONCE}, frame-ancestors 'none'", "A"),
        (f"{NONCE}, {SELF}", ""),
        (f"{SELF}; script-src 'unsafe-inline'", "C"),
    ],
)
def test_which_scripts_run(policy, ran):
    names = dict(zip("ABCDEFG", Page(PAGE).scripts, strict=True))
    came = [name for name, script in names.items() if runs(policy, script)]
    assert "".join(came) == ran


EVIL = "http://evil.example/"


@pytest.mark.parametrize(
    ("policy", "script", "misled"),
    [
        (NONCE, Script("", "n1"), False),
        (NONCE, Script("", "n1", "/C.js"), True),
        (NONCE, Script("", "n1", "C.js"), True),
        (NONCE, Script("", "n1", "http://shop.example/C.js"), False),
        (NONCE, Script("", "n1", "//shop.example/C.js"), False),
        (NONCE, Script("", "n1", "/C.js", f"sha256-{F}"), False),
        (f"{NONCE} 'self'", Script("", "n1", "/C.js"), True),
        (SELF, Script("", None, "/C.js"), False),
        (f"{NONCE}; base-uri 'none'", Script("", "n1", "/C.js"), False),
        (f"{NONCE}; base-uri 'self'", Script("", "n1", "/C.js"), False),
        (f"{NONCE}; base-uri", Script("", "n1", "/C.js"), False),
        (f"{NONCE}; base-uri *", Script("", "n1", "/C.js"), True),
        (f"default-src 'none'; {NONCE}", Script("", "n1", "/C.js"), True),
        (f"{NONCE}, base-uri 'none'", Script("", "n1", "/C.js"), False),
    ],
)
def test_where_a_base_leads(policy, script, misled):
    assert misled_by(policy, script, EVIL) == misled


def test_who_may_show_it_in_a_frame():
    """A policy counts for more than the older header."""
    assert framed_by(None, None) == ["*"]
    assert framed_by(NONCE, "deny") == ["'none'"]
    assert framed_by("frame-ancestors 'self'", "DENY") == ["'self'"]


@pytest.mark.parametrize(
    ("request_", "names"),
    [*zip(REQUESTS, ["abce", "a", "c", "acde", "e", "abcde"], strict=True)],
)
def test_which_cookies_are_sent(request_, names):
    assert "".join(sent(COOKIES, LOGIN, request_)) == names


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("a=1; Path=/", True),
        ("a=1; Path=/; Secure", False),
        ("a=1; Path=/; SameSite=None", False),
        ("a=1; Path=/; Domain=shop.example", True),
        ("a=1; Path=/; Domain=evil.example", False),
        ("__Host-a=1; Path=/", False),
        ("__Secure-a=1; Path=/", False),
    ],
)
def test_which_cookies_are_kept_over_http(line, kept):
    address = "http://shop.example/"
    assert bool(sent([line], address, Request(address))) == kept
