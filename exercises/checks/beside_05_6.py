"""Beside the answer to exercise 6 of sheet 05: clients that stay."""

import contextlib
import socket
import threading
import time

from answer import talk


def path_of(head):
    """What is answered to a head: its path, and a space."""
    if head.count(b"GET") != 1 or b"\r\n\r\n" in head:
        return b"no head "
    return head.split(b" ")[1] + b" "


def began(sock, patience, ended):
    """Let the answer talk in a thread, which notes how that has ended."""

    def work():
        try:
            talk(sock, path_of, patience)
            ended.append("it returns")
        except BaseException as error:
            ended.append(type(error).__name__)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def talked(*pieces, then="leaves", patience=5, pause=0.01):
    """What a client gets that says all this, and leaves, has gone before
    anybody answers, or stays; and how it ended."""
    ours, client = socket.socketpair()
    ended = []
    with ours, client:
        if then == "has gone":
            client.sendall(b"".join(pieces))
            client.close()
        thread = began(ours, patience, ended)
        if then != "has gone":
            for piece in pieces:
                client.sendall(piece)
                time.sleep(pause)
        if then == "leaves":
            client.shutdown(socket.SHUT_WR)
        thread.join(2)
        ended = ended or ["it waits"]
        if then == "has gone":
            return ended[0]
        if ours.fileno() < 0:
            return "it has closed the socket"
        try:
            ours.sendall(b"|")  # whoever has opened it may go on
        except BrokenPipeError:
            return "it has shut the socket"
        ours.shutdown(socket.SHUT_WR)
        got = b"".join(iter(lambda: client.recv(99), b""))
        return got.removesuffix(b"|"), ended[0]


def resets(request):
    """How it ends with a client that leaves, and has not read its answer:
    then `recv` raises an error."""
    ours, client = socket.socketpair()
    ended = []
    with ours, client:
        thread = began(ours, 5, ended)
        client.sendall(request)
        client.settimeout(1)
        with contextlib.suppress(TimeoutError):
            client.recv(1, socket.MSG_PEEK)
        client.close()
        thread.join(2)
    return ended[0] if ended else "it waits"


def in_turn(*requests):
    """What a client gets that waits for each answer."""
    ours, client = socket.socketpair()
    came = []
    with ours, client:
        began(ours, 5, [])
        client.settimeout(1)
        for request in requests:
            client.sendall(request)
            try:
                came.append(client.recv(99))
            except TimeoutError:
                came.append("nothing")
                break
    return came
