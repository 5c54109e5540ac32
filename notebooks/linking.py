"""A link to the site that `bash run.sh` serves, for chapter 07."""

import html
import os


class Link(str):
    """An address that a notebook shows as a link."""

    def _repr_html_(self):
        address = html.escape(self)
        return f'<a href="{address}" target="_blank">{address}</a>'


def link(path):
    """Where your browser finds `path`, a str, while `bash run.sh` serves;
    return a Link. On a JupyterHub, or Binder, it leads through their proxy.
    """
    address = os.environ.get("BIND", "127.0.0.1:8000")
    if prefix := os.environ.get("JUPYTERHUB_SERVICE_PREFIX"):
        port = address.rpartition(":")[2]
        return Link(f"{prefix}proxy/absolute/{port}{path}")
    return Link(f"http://{address}{path}")
