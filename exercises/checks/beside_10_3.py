"""Beside the answer to exercise 3 of sheet 10: a request that passes
two proxies."""

from answer import app
from exercises.client import ask


def seen(
    before="",
    visitor="203.0.113.7",
    scheme="https",
    host="shop.example",
    **forged,
):
    """What the app sees when the two proxies have done their work."""
    headers = {
        "X-Forwarded-For": f"{before}{visitor}, 10.0.0.1",
        "X-Forwarded-Proto": scheme,
        "X-Forwarded-Host": host,
        "Host": "gunicorn",
    }
    for name, value in forged.items():
        headers["X-Forwarded-" + name] = value
    nginx = "10.0.0.2"
    return ask(app, "/seen", headers=headers, REMOTE_ADDR=nginx).json
