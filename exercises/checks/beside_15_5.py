"""Beside the answer to exercise 5 of sheet 15: who asks from where."""

from answer import guarded
from exercises.checks import apps
from exercises.checks.apps import (
    Diary,
    closes_unread,
    error_of,
    errors,
    late,
    read_through,
    reporting,
    requests,
    sent,
    writes,
)
from exercises.client import Page, ask

TRUSTED = ["https://admin.example", "http://127.0.0.1:8000"]


def write(
    host="shop.example",
    method="POST",
    scheme="https",
    trusted=TRUSTED,
    **headers,
):
    """What comes of a request with these headers: its status, and how
    often the app was called. `site` is short for Sec-Fetch-Site."""
    page = Page(b"done")
    if "site" in headers:
        headers["Sec-Fetch-Site"] = headers.pop("site")
    environ = {"HTTP_HOST": host, "wsgi.url_scheme": scheme}
    app = guarded(page, trusted)
    reply = ask(app, "/cup", method, headers=headers, **environ)
    return int(reply.status[:3]), len(page.environs)


def without_trusted():
    """An app that is guarded with one argument."""
    headers = {"Origin": "https://admin.example"}
    reply = ask(guarded(Page()), "/", "POST", headers=headers)
    return int(reply.status[:3])


def two():
    """The statuses of two apps, of which one trusts somebody."""
    one, other = guarded(Page(), TRUSTED), guarded(Page())
    headers = {"Origin": TRUSTED[0]}
    return [
        int(ask(app, "/", "POST", headers=headers).status[:3])
        for app in (one, other, one)
    ]


def refused():
    """The type of a refusal, and whether it has a text."""
    reply = ask(guarded(Page()), "/", "POST", headers={"Origin": "null"})
    kind = (reply.header("Content-Type") or "").partition(";")[0]
    return kind, len(reply.body) > 0


def added():
    """The keys of the environ that the app sees and nobody has sent, but
    for Werkzeug's own."""
    keys = apps.added(guarded)
    return [key for key in keys if not key.startswith("werkzeug.")]


def reads(diary, most=99):
    """The diary of an app whose client leaves after `most` blocks."""
    return read_through(guarded(diary), diary, sent, most)


def left(lazy):
    """Whether the body is closed when nothing was read."""
    return closes_unread(reads, lazy)


reports = reporting(
    ("200 OK", [("Content-Type", "text/plain")]),
    ("500 No Tea", [("Content-Type", "text/plain")]),
    [b"no tea"],
)
