"""Pyramid: a session in a signed cookie, a file, an iterable, a tween."""

from pathlib import Path

from pyramid.config import Configurator
from pyramid.response import FileResponse, Response
from pyramid.session import SignedCookieSessionFactory


def count(request):
    """How often this browser has been here."""
    request.session["n"] = request.session.get("n", 0) + 1
    return Response(str(request.session["n"]))


def take(request):
    (Path.home() / "cup").write_bytes(request.POST["cup"].file.read())
    return FileResponse(Path.home() / "cup", request)


def lines(request):
    return Response(app_iter=(b"line %d\n" % n for n in range(1000)))


with Configurator() as config:
    config.set_session_factory(SignedCookieSessionFactory("not secret"))
    for view in count, take, lines:
        config.add_route(view.__name__, f"/{view.__name__}")
        config.add_view(view, route_name=view.__name__)
    app = config.make_wsgi_app()
