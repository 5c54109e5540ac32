"""Beside the answer to exercise 6 of sheet 04: a club to furnish."""

from flask import Blueprint, Flask, Response, abort, g, request, session

from answer import furnish
from exercises.client import ask


def new_club(ran, furnish=furnish):
    """A furnished Flask app, which notes in `ran` whose view has run."""
    club = Flask("club", static_folder=None)
    club.secret_key = "tea"
    shop = Blueprint("shop", "shop", url_prefix="/shop")

    def view():
        ran.append(request.endpoint)
        if request.endpoint == "login":
            session["name"] = "Ada"
        headers = {"X-View": "mine"} if request.path == "/marked" else {}
        query = request.query_string.decode()
        return f"{request.script_root}{request.path} {query}", headers

    def fail():
        raise KeyError("on purpose")

    def gone():
        abort(404)

    def asked():
        changed = "PATH_INFO", "REQUEST_URI", "RAW_URI", "HTTP_COOKIE"
        environ = request.environ.items()
        return {
            k: str(v)
            for k, v in environ
            if k not in changed and k.isupper()
        }

    def stream():
        def blocks():
            for text in "one ", "two ":
                ran.append(f"made {text}")
                yield text

        body = Response(blocks())
        body.call_on_close(lambda: ran.append("closed"))
        return body

    paths = "/tea", "/all", "/old.html/tea", "/marked", "/Cup", "/index"
    for path in paths:
        club.add_url_rule(path, f"my {path[1:4]}", view)
    club.add_url_rule("/post", "post", view, methods=["POST", "DELETE"])
    club.add_url_rule("/enter", "login", view)
    club.add_url_rule("/logo", "static", view)
    club.add_url_rule("/leave", "logout", view)
    club.add_url_rule("/mugs/", "mugs", view)
    club.add_url_rule("/asked", "asked", asked)
    club.add_url_rule("/fail", "fail", fail)
    club.add_url_rule("/gone", "gone", gone)
    club.add_url_rule("/stream", "stream", stream)
    for path in "tea", "login":
        shop.add_url_rule(f"/{path}", path, view)
    club.register_blueprint(shop)

    @club.before_request
    def note():
        g.noted = "club"

    @club.after_request
    def own(response):
        response.headers["X-Own"] = g.get("noted", "nobody")
        return response

    furnish(club)
    club.add_url_rule("/late", "late", view)
    return club


def visit(path, method="GET", body=True, **session_of):
    """A visitor, with a session: the status, the values of X-View, and
    the body, unless that is Flask's."""
    club = new_club(ran=[])
    return visited(club, path, method, body, **session_of)


def visited(club, path, method="GET", body=True, **session_of):
    client = club.test_client()
    if session_of:
        with client.session_transaction() as opened:
            opened.update(session_of)
    reply = client.open(path, method=method)
    said = reply.status_code, reply.headers.getlist("X-View"), reply.data
    return said if body else said[:2]


def own_hook(path):
    """What the club's own hook has said."""
    reply = new_club(ran=[]).test_client().get(path)
    return reply.headers.get("X-Own")


def ran_for(path, method="GET"):
    """The views that run for somebody without a name."""
    ran = []
    new_club(ran).test_client().open(path, method=method)
    return ran


def changed():
    """The names of all in a request, but for its path, that differs from
    what a view of a club that is not furnished sees."""
    seen = []
    for path, how in (
        ("/asked.html", furnish),
        ("/asked", lambda club: None),
    ):
        client = new_club([], how).test_client()
        with client.session_transaction() as opened:
            opened["name"] = "Ada"
        seen.append(client.get(path).json)
    old, new = seen
    return sorted(k for k in {*old, *new} if old.get(k) != new.get(k))


def two():
    """A member and a stranger, in this order, in one club."""
    club = new_club(ran=[])
    return [
        visited(club, "/tea", body=False, **session_of)[0]
        for session_of in ({"name": "Ada"}, {})
    ]


def again():
    """A stranger, who tries twice."""
    client = new_club(ran=[]).test_client()
    return [client.get("/tea").status_code for _ in range(2)]


def enters():
    """Somebody comes in by the view that is for everybody."""
    client = new_club(ran=[]).test_client()
    paths = "/tea", "/enter.html", "/tea"
    return [client.get(path).status_code for path in paths]


def without_a_client(path):
    """What a server gets, which knows nothing of Flask."""
    reply = ask(new_club(ran=[]), path)
    return int(reply.status[:3]), reply.header("X-View")


def mounted():
    """What a member gets from a club that stands at a prefix."""
    client = new_club(ran=[]).test_client()
    with client.session_transaction() as opened:
        opened["name"] = "Ada"
    base = "http://localhost/club.html"
    return client.get("/tea.html", base_url=base).text


def streamed():
    """What happens when a member reads the stream, block by block."""
    events = []
    client = new_club(events).test_client()
    with client.session_transaction() as opened:
        opened["name"] = "Ada"
    with client.get("/stream.html", buffered=False) as reply:
        for block in reply.iter_encoded():
            events.append(f"sent {block.decode()}")
    return events
