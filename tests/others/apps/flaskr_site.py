"""flaskr, the blog of Flask's tutorial; its database is in the home."""

import site
import sys
from pathlib import Path

(tutorial,) = Path(sys.prefix, "sources").glob("flask-*/examples/tutorial")
site.addsitedir(str(tutorial))  # pip installs no examples

from flaskr import create_app
from flaskr.db import init_db

database = str(Path.home() / "flaskr.sqlite")
app = create_app({"DATABASE": database, "SECRET_KEY": "not secret"})
with app.app_context():
    init_db()
