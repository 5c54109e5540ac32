import os
import threading

from flask import Flask

app = Flask(__name__)


@app.get("/who")
def who():
    return [os.getpid(), threading.current_thread().name]


@app.get("/error")
def error():
    return 1 / 0
