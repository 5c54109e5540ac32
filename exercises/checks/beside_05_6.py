"""Beside the answer to exercise 6 of sheet 05: clients that stay."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from answer import talk

later = ThreadPoolExecutor().submit  # what waits may wait meanwhile


def path_of(head):
    """What is answered to a head: its path, and a space."""
    if head.count(b"GET") != 1 or b"\r\n\r\n" in head:
        return b"no head "
    return head.split(b" ")[1] + b" "


def began(sock, patience, ended, answer=path_of):
    """Let the answer talk in a thread, which notes how that has ended."""

    def work():
        try:
            talk(sock, answer, patience)
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


def trickles(before, patience):
    """How it ends with a client that says `before`, and then the next
    head byte by byte, and never more than half of it; 3 s in all."""
    ours, client = socket.socketpair()
    ended = []
    with ours, client:
        thread = began(ours, patience, ended)
        with contextlib.suppress(OSError):  # it may have been closed
            client.sendall(before)
            for byte in b"GET /a/very/long/path/to/a/tea/pot" * 2:
                client.sendall(bytes([byte]))
                thread.join(0.045)
                if ended:
                    break
        return ended[0] if ended else "it waits"


def takes_nothing(request, patience):
    """How it ends with a client that does not read a long answer."""
    ours, client = socket.socketpair()
    ended = []
    with ours, client:
        client.sendall(request)
        thread = began(ours, patience, ended, lambda head: bytes(10**7))
        thread.join(2)
        return ended[0] if ended else "it waits"


def long_answer(request):
    """How many bytes of a long answer a client gets."""
    ours, client = socket.socketpair()
    with ours, client:
        began(ours, 5, [], lambda head: bytes(10**6))
        client.sendall(request)
        client.settimeout(1)
        left = 10**6
        with contextlib.suppress(TimeoutError):
            while left and (data := client.recv(left)):
                left -= len(data)
    return 10**6 - left
