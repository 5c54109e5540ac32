"""Beside the answer to exercise 5 of sheet 01: apps to extend."""

import io

from flask import Flask, abort, redirect, request, send_file

from answer import NoSniff


def tea():
    return "mint", 418, {"X-Tea": "mint"}


def file():
    return send_file(io.BytesIO(b"mint"), "text/plain")


def early():
    """What answers before a view can."""
    return "early" if request.path == "/early" else None


def stream():
    return (block for block in ("mint ", "tea")), {"Content-Type": "a/b"}


def site(*plugins):
    """An app with views of all kinds, hooks and an extension of its own,
    before and after it gets the `plugins`."""
    app = Flask("site")
    app.extensions["tea"] = "mint"
    app.register_error_handler(405, lambda error: ("no", 405))

    app.before_request(early)

    @app.after_request
    def before(response):
        response.headers["X-Before"] = "green"
        return response

    for plugin in plugins:
        plugin.init_app(app)

    @app.after_request
    def after(response):
        response.headers["X-After"] = "black"
        return response

    for path, view in {
        "/tea": tea,
        "/stream": stream,
        "/error": lambda: 1 / 0,
        "/json": lambda: {"tea": ["mint"]},
        "/text": lambda: ("<b>mint", {"Content-Type": "text/plain"}),
        "/moved": lambda: redirect("/tea"),
        "/nothing": lambda: ("", 204),
        "/bytes": lambda: b"\xff",
        "/file": file,
        "/forbidden": lambda: abort(403),
        "/cookies": lambda: ("", [("Set-Cookie", c) for c in ("a", "b")]),
    }.items():
        app.add_url_rule(path, path[1:], view)
    return app


bare = site()


def plug_in():
    """Three apps, the object that is plugged into all of them, and an app
    that has another one."""
    plugin = NoSniff()
    sites = [site(plugin) for _ in range(3)]
    return *sites, plugin, site(NoSniff())


def guard(app, path, method):
    """What stands in the header that was asked for, a set."""
    reply = app.test_client().open(path, method=method)
    return {*reply.headers.getlist("X-Content-Type-Options")} or None


def changed(app, path, method):
    """What is not as it is without the extension, {what: how it is}."""
    same, other = ask(bare, path, method), ask(app, path, method)
    names = {*same, *other} - {"X-Content-Type-Options"}
    return {
        name: other.get(name)
        for name in sorted(names)
        if same.get(name) != other.get(name)
    }


def ask(app, path, method):
    """An answer as a dictionary: its status, its body, its headers, whose
    names have no case. But for the Date: a second may pass between two."""
    reply = app.test_client().open(path, method=method)
    names = {*reply.headers.keys()} - {"Date"}
    values = reply.headers.getlist
    headers = {name.title(): values(name) for name in names}
    return headers | {"status": reply.status, "body": reply.data}
