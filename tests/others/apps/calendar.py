"""Radicale: calendars in the folder `calendars` in the home."""

from pathlib import Path

from radicale import config
from radicale.app import Application

settings = config.load()
settings.update(
    {
        "auth": {"type": "none"},
        "storage": {"filesystem_folder": str(Path.home() / "calendars")},
        "logging": {"level": "warning"},
    },
    "here",
)
app = Application(settings)
