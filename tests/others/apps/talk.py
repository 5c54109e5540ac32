"""Flask-SocketIO: says to all who are there what one of them says."""

from flask import Flask
from flask_socketio import SocketIO, emit

app = Flask(__name__)
socketio = SocketIO(app, async_mode="threading")


@socketio.on("say")
def say(words):
    emit("said", words, broadcast=True)
    return len(words)
