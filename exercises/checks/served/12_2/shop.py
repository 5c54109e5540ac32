import time
from pathlib import Path

if not Path("migrated").exists():
    raise SystemExit("Error: no migration has run.")


def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        Path("asked").touch()
        time.sleep(1)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"mint"]
