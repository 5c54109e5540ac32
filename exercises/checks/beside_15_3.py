"""Beside the answer to exercise 3 of sheet 15: visitors who forgot."""

import re
from urllib.parse import urlsplit

from answer import make_app
from exercises.client import ask

FORM = b"address=ada%40shop.example"
KIND = "application/x-www-form-urlencoded"


def forgot(host, hosts, **forged):
    """What comes of a visitor who forgot her password: the status, and the
    part of the link in each mail that is before its token.

    `host` is the header, or None; `forged` are other headers, with _ for
    each hyphen.
    """
    mails = []
    app = make_app(lambda *mail: mails.append(mail), list(hosts))
    reply = asked(app, host, "/forgot", FORM, forged)
    links = [
        re.sub("/reset/.*", "/reset", link) for link in in_mails(mails)
    ]
    return int(reply.status[:3]), links


def in_mails(mails):
    """The links in mails, each a pair of an address and a text."""
    return re.findall(r"\S+://\S+", "\n".join(text for _, text in mails))


def asked(app, host, path, form=b"", forged=None):
    """The Reply to a request that nginx passes on."""
    headers = {"X-Forwarded-Proto": "https"}
    headers["X-Forwarded-For"] = "203.0.113.7"
    for name, value in (forged or {}).items():
        headers[name.replace("_", "-")] = value
    if form:
        headers["Content-Type"] = KIND
    method = "POST" if form else "GET"
    return ask(app, path, method, form, headers, HTTP_HOST=host)


def status(host, hosts, path):
    """The status of a page."""
    app = make_app(print, list(hosts))
    return int(asked(app, host, path).status[:3])


def addressees(hosts):
    """To whom the mails of visitors go, whether their links differ, and
    the statuses of the pages to which they lead."""
    mails = []
    app = make_app(lambda *mail: mails.append(mail), list(hosts))
    for host in hosts:
        asked(app, host, "/forgot", FORM)
    paths = [urlsplit(link).path for link in in_mails(mails)]
    pages = [asked(app, hosts[0], path).status[:3] for path in paths]
    return [to for to, _ in mails], len({*paths}) == len(paths), pages
