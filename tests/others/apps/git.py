"""dulwich.web: the bare repository `origin.git` in the home."""

from pathlib import Path

from dulwich.repo import Repo
from dulwich.server import DictBackend
from dulwich.web import make_wsgi_chain

repository = Repo.init_bare(str(Path.home() / "origin.git"), mkdir=True)
app = make_wsgi_chain(DictBackend({"/": repository}))
