"""The app of wsgi.py for strangers: https, behind proxies, with probes.

It takes three settings from the environment, and does not start without:

    FLASK_SECRET_KEY=...                         signs the sessions
    FLASK_TRUSTED_HOSTS=["shop.example"]         the names of the site
    FLASK_PROXY_FIX={"x_for": 1, "x_proto": 1}   how many values of each
                  X-Forwarded header your proxies add; a missing one is 0
"""

import os

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wsgi import ClosingIterator

from wsgi import app as site

for name in "SECRET_KEY", "TRUSTED_HOSTS", "PROXY_FIX":
    if not os.environ.get(f"FLASK_{name}"):
        raise RuntimeError(f"FLASK_{name} is not set: see {__file__}")
if not site.config["TRUSTED_HOSTS"]:  # [] would trust every host
    raise RuntimeError(f"FLASK_TRUSTED_HOSTS names no host: see {__file__}")
site.config["SESSION_COOKIE_SECURE"] = True
counts = {"x_for": 0, "x_proto": 0} | site.config["PROXY_FIX"]
behind = ProxyFix(site, **counts)

probes = Flask(__name__)  # so that TRUSTED_HOSTS is not for them
busy = []  # one entry for each request that is under way


@probes.get("/healthz")
def alive():
    """A worker takes a request and answers. Ask no database here."""
    return "alive"


@probes.get("/readyz")
def ready():
    """All is there that a page needs. Ask your database here."""
    site.jinja_env.get_template("greet.html")
    return "ready"


@probes.get("/metrics")
def metrics():
    """How busy this process is, in the words of Prometheus."""
    text = f"requests_in_progress {len(busy)}\n"
    return text, {"Content-Type": "text/plain; version=0.0.4"}


PROBES = {rule.rule for rule in probes.url_map.iter_rules()}


def app(environ, start_response):
    """Answer a probe or, by the app of wsgi.py, a visitor."""
    # Whom a proxy sends is a visitor, and gets a 404 for these paths.
    probed = "HTTP_X_FORWARDED_FOR" not in environ
    if probed and environ["PATH_INFO"] in PROBES:
        return probes(environ, start_response)
    busy.append(1)
    try:
        return ClosingIterator(behind(environ, start_response), busy.pop)
    except BaseException:
        busy.pop()
        raise
