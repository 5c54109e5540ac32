"""The app of this workbook: one route for each behaviour to study."""

import os
import secrets
import threading
import time

from flask import Flask, render_template, request, session

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
app.config.from_prefixed_env()  # FLASK_RUN_PORT is RUN_PORT, and so on
# With a random key, a process accepts no sessions but its own.
app.secret_key = os.environ.get("FLASK_SECRET_KEY") or secrets.token_hex()

hits = 0


@app.get("/")
def hello():
    return "Hello, World!"


@app.get("/greet/<name>")
def greet(name):
    return render_template("greet.html", name=name)


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"]}


@app.get("/hits")
def count_hits():
    global hits
    hits += 1
    return {"hits": hits}


@app.post("/echo")
def echo():
    return request.get_data(), {"Content-Type": "application/octet-stream"}


@app.get("/slow/<int:seconds>")
@app.get("/slow/<float:seconds>")
def slow(seconds):
    time.sleep(min(seconds, 10))
    return "Done."


@app.get("/whoami")
def whoami():
    return {"pid": os.getpid(), "thread": threading.current_thread().name}


@app.get("/stream")
def stream():
    lines = (f"line {number}\n" for number in (1, 2, 3))
    return lines, {"Content-Type": "text/plain"}


@app.get("/error")
def error():
    raise RuntimeError("This route always fails.")


def run_development_server():
    """Serve `app` on this machine alone, at $FLASK_RUN_PORT or 5000."""
    port = app.config.get("RUN_PORT", 5000)
    app.run(host="127.0.0.1", port=port, debug=False)


if __name__ == "__main__":
    run_development_server()
