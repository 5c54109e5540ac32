"""CherryPy as a WSGI app: a form with a file, a stream, a file in parts."""

from pathlib import Path

import cherrypy
from cherrypy.lib.static import serve_file


class Shop:
    """One method is one page."""

    @cherrypy.expose
    def take(self, cup, words):
        (Path.home() / "cup").write_bytes(cup.file.read())
        return f"{cup.filename}: {words}"

    @cherrypy.expose
    def give(self):
        return serve_file(str(Path.home() / "cup"), "text/plain")

    @cherrypy.expose
    @cherrypy.config(**{"response.stream": True})
    def lines(self):
        return (b"line %d\n" % n for n in range(1000))


cherrypy.config.update({"log.screen": False, "environment": "embedded"})
app = cherrypy.Application(Shop(), "")
