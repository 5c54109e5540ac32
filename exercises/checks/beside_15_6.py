"""Beside the answer to exercise 6 of sheet 15: a browser reads a page."""

import random
import re
from unittest.mock import patch
from urllib.parse import quote

from answer import make_app
from exercises.checks.policies import (
    Page,
    Script,
    framed_by,
    misled_by,
    runs,
)
from exercises.client import ask

OWN = 'if (1 < 2 && "tea") { document.write("Welcome.") }'
POLICY = "Content-Security-Policy"
app = make_app(OWN)


@app.get("/late")
def late():
    return "next year"


@app.get("/old")
def old():
    return "moved", 302, {"Location": "/"}


def shows(name, script=OWN):
    """The text of the page for a name, without blanks at its ends; whether
    it has a tag more or less than that for Ada; the scripts that run."""
    app = make_app(script)
    replies = [ask(app, f"/?name={quote(n)}") for n in (name, "Ada")]
    pages = [Page(reply.body.decode()) for reply in replies]
    policy = replies[0].header(POLICY)
    same = pages[0].tags == pages[1].tags
    ran = [text_of(app, s) for s in pages[0].scripts if runs(policy, s)]
    return pages[0].text.strip(), same, ran


def text_of(app, script):
    """The text of a script of the page, loaded if it has an address."""
    if script.src is None:
        return script.text
    return ask(app, script.src).body.decode()


def nonces(reply):
    """The nonces in a reply's policy."""
    return re.findall("'nonce-(.*?)'", reply.header(POLICY) or "")


def lets_in(path, method="GET"):
    """Which scripts of a stranger a browser would run in a page, if they
    stood there."""
    before = nonces(ask(app, "/"))
    policy = ask(app, path, method).header(POLICY)
    scripts = {
        "inline": Script("alert(1)"),
        "the nonce of an earlier page": Script("x", (before or ["1"])[0]),
        "a guessed nonce": Script("x", "NONCE"),
        "no nonce": Script("x", ""),
        "of evil.example": Script(src="https://evil.example/x.js"),
        "of a data: address": Script(src="data:text/javascript,alert(1)"),
    }
    return [name for name, s in scripts.items() if runs(policy, s)]


def misled():
    """The scripts of the page, their addresses, in whose place a browser
    runs one of evil.example, if a stranger has written a `<base>`."""
    reply = ask(app, "/")
    policy, base = reply.header(POLICY), "https://evil.example/"
    scripts = Page(reply.body.decode()).scripts
    return [s.src for s in scripts if misled_by(policy, s, base)]


def guessable():
    """Whether nonces are short, or come twice, where the clock stands still
    and the module `random` begins anew: "short", "twice" or None."""
    found = []
    stands = {"time": lambda: 1823.0, "time_ns": lambda: 1823}
    with patch.multiple("time", **stands):
        for _ in range(8):
            random.seed(1823)
            found += nonces(ask(app, "/"))
    if found and min(map(len, found)) < 16:
        return "short"
    return "twice" if len({*found}) < len(found) else None


def rest(path, method="GET"):
    """The status, whether the type is kept to, and who may frame it."""
    reply = ask(app, path, method)
    framed = framed_by(
        reply.header(POLICY), reply.header("X-Frame-Options")
    )
    kept = reply.header("X-Content-Type-Options")
    return int(reply.status[:3]), kept, framed


def widget():
    """The policies of the widget, each on its own."""
    headers = ask(app, "/widget").headers
    return [
        value for name, value in headers if name.lower() == POLICY.lower()
    ]
