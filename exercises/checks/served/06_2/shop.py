import os

from flask import Flask

app = Flask(__name__)
app.add_url_rule("/error", "error", lambda: 1 / 0)
app.add_url_rule("/exit", "exit", lambda: os._exit(3))
