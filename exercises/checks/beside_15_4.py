"""Beside the answer to exercise 4 of sheet 15: visitors with old cookies."""

from flask import Flask
from itsdangerous import BadSignature

from answer import make_app

KEYS = {name: name * 16 for name in ("new", "old", "older", "alien")}
KEYS["tea"] = "tea"  # which was in the source


def signing(key):
    """What signs sessions with a key, by its name."""
    app = Flask("plain")
    app.secret_key = KEYS[key]
    return app.session_interface.get_signing_serializer(app)


class Visitor:
    """Somebody with a cookie, who asks one app after the other."""

    def __init__(self, *keys, name="Ada"):
        """If keys are given, she logs in where these are in use."""
        self.cookie = None
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


def opened(cookie):
    """What a cookie holds, a dict, and the name of the key that has signed
    it; or None twice."""
    for key in KEYS:
        try:
            return signing(key).loads(cookie or ""), key
        except BadSignature:
            continue
    return None, None


def carried(key, *keys, **data):
    """What the cookie of somebody holds who came with these data, signed
    by a key, and asked one page; and who has signed it then."""
    visitor = Visitor()
    visitor.cookie = signing(key).dumps(data)
    visitor.ask("/about", *keys)
    return opened(visitor.cookie)


def seen(login, now, page="/"):
    """Somebody logs in with the keys `login`, and asks a page with those
    of `now`, both lists: what the first page says to her after that, and
    who has signed her cookie."""
    visitor = Visitor(*login)
    visitor.ask(page, *now)
    key = opened(visitor.cookie)[1]
    return visitor.ask("/", *now).text, f"signed by {key}"


def signed_by(*keys):
    """Who signs the cookie of somebody who logs in."""
    return opened(Visitor(*keys).cookie)[1]


def stranger(path, *keys):
    """The text for a stranger, and whether a cookie comes."""
    reply = Visitor().ask(path, *keys)
    return reply.text, "Set-Cookie" in reply.headers


def forged(*keys):
    """What the app says to somebody who has changed a cookie."""
    visitor, eve = Visitor("new"), Visitor("new", name="Eve")
    _, when, signature = visitor.cookie.split(".")
    content = eve.cookie.split(".")[0]
    visitor.cookie = f"{content}.{when}.{signature}"
    return visitor.ask("/", *keys).text


def guessed(*keys):
    """What the app says to somebody who has guessed the old word."""
    visitor = Visitor()
    visitor.cookie = signing("tea").dumps({"name": "Eve"})
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
    return opened(client.get_cookie("session").value)[1]


def refusal(*keys):
    """The name of the error that `make_app` raises, or None."""
    try:
        make_app([KEYS.get(key, key) for key in keys])
    except Exception as error:
        return type(error).__name__
