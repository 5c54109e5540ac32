"""pypiserver: the folder `packages` in the home; anybody may upload."""

from pathlib import Path

import pypiserver

folder = Path.home() / "packages"
folder.mkdir(exist_ok=True)
app = pypiserver.app(
    roots=[folder], authenticate=[], password_file=".", disable_fallback=True
)
