"""A view that waits, as for a database, until there is a file `go`."""

import time
import uuid
from pathlib import Path


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/wait":
        Path(f"in-{uuid.uuid4()}").touch()  # so many are in it
        until = time.monotonic() + 60
        while not Path("go").exists() and time.monotonic() < until:
            time.sleep(0.01)
    return [b"mint"]
