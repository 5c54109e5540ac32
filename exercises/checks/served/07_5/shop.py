import time

from flask import Flask

app = Flask(__name__)


@app.get("/tea")
def make_tea():
    begin = time.monotonic()
    time.sleep(2)
    return [begin, time.monotonic()]
