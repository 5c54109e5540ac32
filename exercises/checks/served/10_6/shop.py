import time
from pathlib import Path

from flask import Flask, request, session, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
app.secret_key = "for study"
app.config.from_prefixed_env()
heard = Path(__file__).with_name("heard")


@app.get("/seen")
def seen():
    return url_for("seen", _external=True)


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


@app.get("/ticks")
def ticks():
    def made(link):
        yield f"{link}\n"
        end = time.monotonic() + 6
        while not heard.exists() and time.monotonic() < end:
            time.sleep(0.01)
        yield "bit by bit\n" if heard.exists() else "at once\n"

    return made(url_for("ticks", _external=True))


@app.get("/<page>")
def large(page):
    return (b"tea " * 2**18 for _ in range(16))  # 16 MB


@app.post("/<page>")
def upload(page):
    return f"{len(request.get_data())} bytes"


app.wsgi_app = ProxyFix(app.wsgi_app, 0, 1, 1)
