"""Mercurial's hgweb: the repository `origin` in the home, open for all."""

from pathlib import Path

from mercurial import ui
from mercurial.hgweb import hgweb

settings = ui.ui.load()
settings.setconfig(b"web", b"push_ssl", False)
settings.setconfig(b"web", b"allow-push", b"*")
app = hgweb(bytes(Path.home() / "origin"), baseui=settings)
