import os
from functools import cache

from flask import Flask, session

app = Flask(__name__)
app.secret_key = "the same for all"
hits = 0


def lines(path):
    with open(path) as file:
        return len(file.readlines())


@cache
def known(path):
    return lines(path)


@app.get("/order")
def order():
    global hits
    hits += 1
    session["visits"] = session.get("visits", 0) + 1
    shared = os.environ["SHARED"]
    for path in "orders.txt", shared:
        with open(path, "a") as file:
            file.write("tea\n")
    here, there = lines("orders.txt"), lines(shared)
    return [hits, session["visits"], here, there, known(shared)]
