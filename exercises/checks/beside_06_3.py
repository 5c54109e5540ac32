"""Beside the answer to exercise 3 of sheet 06: who would be served."""

import os
from unittest.mock import patch

from answer import shop


def begun(name, **environ):
    """The servers that it begins: (host, port, debugger, reloader)."""
    servers = []

    def run_simple(hostname, port, application, **options):
        keys = "use_debugger", "use_reloader"
        extras = [bool(options.get(key)) for key in keys]
        servers.append((hostname, port, *extras))

    environ = {**os.environ, **environ}
    with (
        patch("werkzeug.serving.run_simple", run_simple),
        patch.dict(os.environ, environ),
    ):
        exec(shop, {"__name__": name})  # noqa: S102, as `import` does
    return servers
