"""Beside the answer to exercise 4 of sheet 12: a server's part, in ASGI."""

import asyncio

import answer

# Which event may follow which; None: the beginning.
FOLLOWS = {
    "http.response.start": {None},
    "http.response.body": {"http.response.start", "http.response.body"},
    "websocket.accept": {None},
    "websocket.send": {"websocket.accept", "websocket.send"},
    "websocket.close": {None, "websocket.accept", "websocket.send"},
}


class Visit:
    """A request or a WebSocket: what comes from the visitor, `events`, and
    what the app has sent."""

    def __init__(self, scope, events):
        self.scope, self.events = scope, [*events]
        self.sent, self.last, self.over = [], None, False

    async def receive(self):
        await asyncio.sleep(0)  # others go on
        assert self.events, "nothing more comes"
        return dict(self.events.pop(0))

    async def send(self, event):
        await asyncio.sleep(0)
        kind = event["type"]
        assert kind.startswith(self.scope["type"]), f"{kind} is not for it"
        assert self.last in FOLLOWS[kind], f"{kind} after {self.last}"
        assert not self.over, f"{kind} after the end"
        for name, value in event.get("headers", ()):
            assert type(name) is type(value) is bytes, "headers are bytes"
            assert name == name.lower(), "names of headers are small"
        if "body" in event:
            assert type(event["body"]) is bytes, "a body is bytes"
        more = kind == "http.response.body" and event.get("more_body")
        self.over = kind.split(".")[-1] in ("body", "close") and not more
        self.sent.append(event)
        self.last = kind

    async def play(self):
        await answer.app(self.scope, self.receive, self.send)
        return self


def http(method, path, *events):
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.5"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"tea.example")],
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 9),
    }
    return Visit(scope, events)


def body(*blocks):
    """The events of a body: the last one says that it is the last."""
    last = len(blocks) - 1
    return [
        {"type": "http.request", "body": block, "more_body": n < last}
        for n, block in enumerate(blocks)
    ]


def told(visit):
    """Of an answer: status, type, length, body; "nothing" if none came."""
    if not visit.sent:
        return "nothing"
    assert visit.over, "the answer has no end"
    start, *rest = visit.sent
    headers = dict(start.get("headers", ()))
    kind = headers.get(b"content-type", b"").decode().partition(";")[0]
    length = headers.get(b"content-length", b"none").decode()
    text = b"".join(event.get("body", b"") for event in rest)
    if start["status"] == 404:
        return 404
    return start["status"], kind, length, text


def asked(method, path, *blocks):
    visit = http(method, path, *body(*(blocks or [b""])))
    return told(asyncio.run(visit.play()))


def bare():
    """A last event may leave out what is empty."""
    visit = http("POST", "/count", *body(b"tea", b"")[:1])
    visit.events.append({"type": "http.request"})
    return told(asyncio.run(visit.play()))


def left():
    """A visitor who leaves in the middle of a body."""
    visit = http("POST", "/count", *body(b"mint", b"tea")[:1])
    visit.events.append({"type": "http.disconnect"})
    return told(asyncio.run(visit.play()))


def together():
    """Three at once, whose bodies come in turns."""
    visits = [
        http("POST", "/count", *body(*[b"a" * n] * 3))
        for n in (1, 20, 300)
    ]

    async def play():
        await asyncio.gather(*(visit.play() for visit in visits))

    asyncio.run(play())
    return [told(visit)[3] for visit in visits]


def spoken(path, *messages, connect=True):
    """What a WebSocket's visitor gets for messages, str or bytes."""
    scope = http("GET", path).scope | {"type": "websocket", "scheme": "ws"}
    del scope["method"]
    events = [{"type": "websocket.connect"}]
    for message in messages:
        key, other = "text", "bytes"
        if isinstance(message, bytes):
            key, other = other, key
        event = {"type": "websocket.receive", key: message}
        # The other key is left out, or None: servers differ.
        events.append(event | ({other: None} if len(message) % 2 else {}))
    events.append({"type": "websocket.disconnect", "code": 1000})
    visit = asyncio.run(Visit(scope, events).play())
    first, *rest = visit.sent or [{"type": "nothing"}]
    came = [first["type"].removeprefix("websocket.")]
    return came + [e.get("text", e["type"].split(".")[1]) for e in rest]


def refused(kind):
    """What an app raises that does not know this type of scope."""
    try:
        asyncio.run(Visit({"type": kind}, []).play())
    except Exception as error:
        return type(error).__name__
    return "nothing"
