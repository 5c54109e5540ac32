"""An app whose workers end as soon as they are forked."""

import os

from tests.small_server.apps import hello as app

__all__ = ["app"]
os.register_at_fork(after_in_child=lambda: os._exit(1))
