"""Bottle: takes a file from a form, and gives it back, whole or in part."""

from pathlib import Path

from bottle import Bottle, request, response, static_file

app = Bottle()


@app.post("/cup")
def take():
    request.files["cup"].save(str(Path.home()))
    response.set_cookie("size", str(len(request.forms["words"])))
    return {"cup": request.files["cup"].filename}


@app.get("/<name>")
def give(name):
    return static_file(name, root=str(Path.home()))


@app.get("/lines")
def lines():
    for n in range(1000):
        yield f"line {n}\n"
