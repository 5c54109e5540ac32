"""Beside the answer to exercise 2 of sheet 15: who asks for a file."""

from pathlib import Path
from urllib.parse import quote

from answer import make_app
from exercises.client import ask

place = Path()  # where the folders lie; see `lies_in`


def lies_in(path):
    """Let the folders lie in a place, a str."""
    global place
    place = Path(path)


def get(name=None, folder="shelf"):
    """What comes of a request for a file: the status 200, its type and its
    bytes; or another status, and a word if a secret is told."""
    app = make_app(str(place / folder))
    query = "" if name is None else f"?name={quote(name)}"
    reply = ask(app, f"/file{query}")
    status = int(reply.status[:3])
    if status == 200:
        kind = reply.header("Content-Type").partition(";")[0]
        return 200, kind, reply.body
    return (status, "told") if b"a secret" in reply.body else status


def absolute(path):
    """What comes of a request for an absolute path."""
    return get(str(place / path))


def two(name):
    """The bytes of a file of each of two apps, made before they are asked."""
    one, other = (make_app(str(place / f)) for f in ("shelf", "release-7"))
    return [ask(app, f"/file?name={name}").body for app in (one, other)]


def later(name):
    """The statuses of a file that comes when the app is there, and goes:
    before, then, and after it."""
    app, file = make_app(str(place / "shelf")), place / "shelf" / name
    changes = [lambda: None, lambda: file.write_text("a"), file.unlink]
    came = []
    for change in changes:
        change()
        came.append(int(ask(app, f"/file?name={name}").status[:3]))
    return came
