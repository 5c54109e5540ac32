"""Trac: the project in the home, made by trac-admin."""

import os
from pathlib import Path

os.environ["TRAC_ENV"] = str(Path.home() / "project")

from trac.web.main import dispatch_request as app

assert app
