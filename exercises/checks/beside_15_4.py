"""Beside the answer to exercise 4 of sheet 15: visitors with old cookies."""

from flask import Flask
from itsdangerous import BadSignature

from answer import make_app

KEYS = {name: name * 16 for name in ("new", "old", "older", "alien")}


class Visitor:
    """Somebody with a cookie, who asks one app after the other."""

    def __init__(self, *keys, name="Ada"):
        """If keys are given, she logs in where these are in use."""
        self.cookie, self.answers = None, []
        if keys:
            self.ask("/login", *keys, method="POST", data={"name": name})

    def ask(self, path, *keys, **more):
        """Ask an app with these keys, by their names; return the reply."""
        keys = [KEYS.get(key, key) for key in keys]
        client = make_app(keys).test_client()
        if self.cookie:
            client.set_cookie("session", self.cookie)
        reply = client.open(path, **more)
        cookie = client.get_cookie("session")
        self.cookie = cookie.value if cookie else None
        return reply


def signer(cookie, *names):
    """The name of the key that has signed a cookie, or None."""
    for name in names or KEYS:
        app = Flask(name)
        app.secret_key = KEYS[name]
        signing = app.session_interface.get_signing_serializer(app)
        try:
            signing.loads(cookie or "")
        except BadSignature:
            continue
        return name
    return None


def seen(keys, then, path="/"):
    """Somebody logs in under `keys`, and asks under `then`, both lists:
    what the first page says to her after that, and who signs her cookie."""
    visitor = Visitor(*keys)
    visitor.ask(path, *then)
    signed = signer(visitor.cookie)
    return visitor.ask("/", *then).text, signed


def signed_by(*keys):
    """Who signs the cookie of somebody who logs in."""
    return signer(Visitor(*keys).cookie)


def stranger(path, *keys, cookie=None):
    """The text for a stranger, and whether a cookie comes."""
    visitor = Visitor()
    visitor.cookie = cookie
    reply = visitor.ask(path, *keys)
    return reply.text, "Set-Cookie" in reply.headers


def forged(*keys):
    """What the app says to somebody who has changed a cookie."""
    visitor = Visitor("new")
    head, dot, tail = visitor.cookie.partition(".")
    visitor.cookie = f"{Visitor('new', name='Eve').cookie.partition('.')[0]}"
    visitor.cookie += dot + tail
    return visitor.ask("/", *keys).text


def leaves(*keys):
    """What the app says to somebody who has logged out, and whether she
    has a cookie."""
    visitor = Visitor("old")
    visitor.ask("/logout", *keys, method="POST")
    return visitor.ask("/", *keys).text, visitor.cookie is not None


def lasts(*keys):
    """Whether a cookie that comes with an answer outlives the browser."""
    visitor = Visitor("old")
    client = make_app([KEYS[key] for key in keys]).test_client()
    client.set_cookie("session", visitor.cookie)
    client.get("/")
    return client.get_cookie("session").expires is not None


def twice():
    """What becomes of a list of keys, of which two apps are made."""
    keys = [KEYS["new"], KEYS["old"]]
    make_app(keys)
    make_app(keys)
    return len(keys)


def two_apps():
    """Who signs for an app, when another was made after it."""
    first = make_app([KEYS["new"]])
    make_app([KEYS["old"]])
    client = first.test_client()
    client.post("/login", data={"name": "Ada"})
    return signer(client.get_cookie("session").value)


def refusal(*keys):
    """The name of the error that `make_app` raises, or None."""
    try:
        make_app([KEYS.get(key, key) for key in keys])
    except Exception as error:
        return type(error).__name__
