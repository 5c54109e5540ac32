"""Beside the answer to exercise 4 of sheet 03: sites, one in the other."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, BrokenBarrierError
from wsgiref.util import setup_testing_defaults

from answer import mount
from exercises.checks.apps import TEXT, reporting, writes
from exercises.client import Page, ask

reports = reporting(
    ("200 OK", [TEXT]), ("500 No Tea", [TEXT]), [b"no tea"]
)


def named(name):
    """An app that says who answers, and where it thinks that it is."""

    def app(environ, start_response):
        start_response("200 OK", [TEXT])
        keys = "SCRIPT_NAME", "PATH_INFO"
        prefix, path = (environ.get(key, "") for key in keys)
        yield f"{name} {prefix!r} {path!r}".encode()

    return app


def mounted():
    """Two sites in one, and that in a third."""
    both = mount("/tea", named("inner"), named("outer"))
    return both, mount("/shop", both, named("home"))


parts = mount("/a/b", named("inner"), named("outer"))
dotted = mount("/v1.0", named("inner"), named("outer"))
plus = mount("/c++", named("inner"), named("outer"))


def where(app, path, **environ):
    return ask(app, path, **environ).body.decode()


def lost(path):
    """What of a request does not come through to either site."""
    page, headers = Page(), {"X-Tea": "mint"}
    app = mount("/tea", page, page)
    more = {"tea.cups": [3]}
    ask(app, path + "?cup=1", "POST", b"hello", headers, **more)
    expected = {
        "REQUEST_METHOD": "POST",
        "QUERY_STRING": "cup=1",
        "CONTENT_LENGTH": "5",
        "HTTP_X_TEA": "mint",
        "tea.cups": [3],
    }
    came = page.environs[0]
    return [key for key in expected if came.get(key) != expected[key]] + (
        [] if came["wsgi.input"].read(5) == b"hello" else ["wsgi.input"]
    )


def changed(path):
    """What of an answer is another one."""
    headers = [("x-tea", "mint"), ("Set-Cookie", "b=2")]
    headers += [("Set-Cookie", "a=1"), ("Content-Type", "a/b")]
    page = Page(b"a", b"", b"b", status="404 No Tea", headers=headers)
    reply = ask(mount("/tea", page, page), path)
    if reply == ("404 No Tea", headers, b"ab"):
        return "nothing"
    return str(reply)


def closed(path, most):
    """How often the body is closed of which `most` blocks are read."""
    page = Page()
    ask(mount("/tea", page, page), path, most=most)
    return page.closed or [1]


def together(*paths):
    """The answers to requests that all begin before one is read."""
    app, bodies = mounted()[0], []
    for path in paths:
        environ = {"PATH_INFO": path}
        setup_testing_defaults(environ)
        bodies.append(app(environ, lambda *begin: print))
    return [b"".join(body).decode() for body in bodies]


def met(*paths, each):
    """Ask for the paths, `each` that many times, all at once. Each site
    waits until all have come in; return what they say, a set. In a
    browser, where no thread can start, nobody is asked."""
    if sys.platform == "emscripten":
        return {"met"}
    come = Barrier(each * len(paths), timeout=5)

    def site(environ, start_response):
        start_response("200 OK", [TEXT])
        try:
            come.wait()
        except BrokenBarrierError:
            return [b"alone"]
        return [b"met"]

    app = mount("/tea", site, site)
    with ThreadPoolExecutor(come.parties) as threads:
        return set(threads.map(where, [app] * come.parties, paths * each))
