"""One listening socket and its processes: exercise 7 of sheet 05, done."""

import os
import signal
import socket


def fork(name):
    """Fork a child that answers every visitor with its name; its number."""
    pid = os.fork()
    if pid == 0:
        while True:
            client, _ = listener.accept()
            with client:
                client.sendall(name)
    return pid


def kill(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def connect():
    return socket.create_connection(address, timeout=10)


def read(visitor):
    """What a visitor reads, who is connected; a str."""
    with visitor:
        try:
            return visitor.recv(100).decode() or "nothing"
        except ConnectionError:
            return "nothing"


def ask():
    """What a visitor reads, who connects now."""
    try:
        return read(connect())
    except ConnectionRefusedError:
        return "refused"


listener = socket.create_server(("127.0.0.1", 0))
address, came = listener.getsockname(), []
a, b = fork(b"A"), fork(b"B")
kill(a)
came.append(ask())

kill(b)
visitor = connect()
c = fork(b"C")
came.append(read(visitor))

listener.close()
came.append(ask())

os.kill(c, signal.SIGSTOP)
os.waitpid(c, os.WUNTRACED)  # until it has stopped
visitor = connect()
kill(c)
came.append(read(visitor))

came.append(ask())
print(came)
