"""WsgiDAV: the folder `shared` in the home, for everybody."""

from pathlib import Path

from wsgidav.fs_dav_provider import FilesystemProvider
from wsgidav.wsgidav_app import WsgiDAVApp

folder = Path.home() / "shared"
folder.mkdir(exist_ok=True)
app = WsgiDAVApp(
    {
        "provider_mapping": {"/": FilesystemProvider(str(folder))},
        "simple_dc": {"user_mapping": {"*": True}},
        "property_manager": True,
        "lock_storage": True,
        "verbose": 1,
    }
)
