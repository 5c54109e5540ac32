"""Beside the answer to exercise 6 of sheet 05: clients that stay."""

import contextlib
import select
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from answer import talk

later = ThreadPoolExecutor(9).submit  # what waits may wait meanwhile


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


def talked(*pieces, then="leaves", patience=10, pause=0.01, most=4):
    """What a client gets that says all this, the first piece before anybody
    reads, and leaves, has gone before anybody answers, or stays; and how it
    ended, in `most` seconds."""
    ours, client = socket.socketpair()
    ended = []
    with ours, client:
        if then == "has gone":
            client.sendall(b"".join(pieces))
            client.close()
        else:
            client.sendall(b"".join(pieces[:1]))
        thread = began(ours, patience, ended)
        if then != "has gone":
            for piece in pieces[1:]:
                time.sleep(pause)
                client.sendall(piece)
        if then == "leaves":
            client.shutdown(socket.SHUT_WR)
        thread.join(most)
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
        client.settimeout(8)
        with contextlib.suppress(TimeoutError):
            client.recv(1, socket.MSG_PEEK)
        client.close()
        thread.join(4)
    return ended[0] if ended else "it waits"


def in_turn(*requests, answered=0):
    """What a client gets that waits for each answer, which is made in
    `answered` seconds."""

    def answer(head):
        time.sleep(answered)
        return path_of(head)

    ours, client = socket.socketpair()
    came = []
    with ours, client:
        began(ours, answered or 5, [], answer)
        client.settimeout(answered + 4)
        for request in requests:
            client.sendall(request)
            try:
                came.append(client.recv(99))
            except TimeoutError:
                came.append("nothing")
                break
    return came


def in_time(client):
    """A client that begins again, twice at most, if what came may be due to
    its own rests, on a busy machine: it returns this, too."""

    def tries(*args, **options):
        for _ in range(3):
            came, late = client(*args, **options)
            if not late:
                break
        return came

    return tries


def rest(thread, until):
    """Wait until then, or until the thread has ended; return how many
    seconds too long that took."""
    thread.join(max(0, until - time.monotonic()))
    return time.monotonic() - until


@in_time
def trickles(before, patience):
    """How it ends with a client that says `before`, and then the next
    head byte by byte, line by line, and never its end; 4.5 s in all."""
    ours, client = socket.socketpair()
    ended, late = [], 0
    with ours, client:
        thread = began(ours, patience, ended)
        until = time.monotonic()
        with contextlib.suppress(OSError):  # it may have been closed
            client.sendall(before)
            for byte in b"GET /\r\n" + b"a: b\r\n" * 10:
                client.sendall(bytes([byte]))
                until += 0.067
                late = max(late, rest(thread, until))
                if ended:
                    break
        return ended[0] if ended else "it waits", ended and late > 0.5


class Flood(socket.socket):
    """A socket from which more comes at once, whenever somebody reads: a
    client that has to wait for its turn would be silent meanwhile."""

    over = False

    def recv(self, size, flags=0):
        return b"" if self.over else b"a" * size

    def recv_into(self, buffer, size=0, flags=0):
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)


def floods(patience):
    """How it ends with a client that sends a head without a pause, and
    without an end; 3 s in all."""
    ours, client = socket.socketpair()
    ended = []
    with client, Flood(fileno=ours.detach()) as sock:
        client.sendall(b"a")  # for who asks `select`
        thread = began(sock, patience, ended)
        thread.join(3)
        came = ended[0] if ended else "it waits"
        sock.over = True
        return came


@in_time
def takes_nothing(request, patience, sips=False):
    """How it ends with a client that does not read a long answer, or so
    little at once that it takes many seconds."""
    ours, client = socket.socketpair()
    ended, lines, late = [], (b"t" * 999 + b"\n") * 10**4, 0
    with ours, client:
        client.sendall(request)
        thread = began(ours, patience, ended, lambda head: lines)
        client.settimeout(0.1)
        until = time.monotonic()
        for _ in range(40):
            until += 0.1
            late = max(late, rest(thread, until))
            if ended:
                break
            if sips:
                with contextlib.suppress(TimeoutError):
                    client.recv(80000)
        late = sips and ended and late > 0.5
        return ended[0] if ended else "it waits", late


@in_time
def takes_its_time(request, patience):
    """How much of a long answer a client gets that needs half of its seconds
    for the head, and then, from the first byte on, rests for three quarters
    of them."""
    ours, client = socket.socketpair()
    with ours, client:
        began(ours, patience, [], lambda head: bytes(10**6))
        begin = time.monotonic()
        for number, byte in enumerate(request[:10]):
            client.sendall(bytes([byte]))
            until = begin + (number + 1) / 20 * patience
            time.sleep(max(0, until - time.monotonic()))
        client.sendall(request[10:])
        select.select([client], [], [], patience)
        time.sleep(patience * 3 / 4)
        late = time.monotonic() - begin - patience * 5 / 4
        left = left_of(client, 10**6)
        return 10**6 - left, left and late > 0.3


def left_of(client, size):
    """How many bytes of so many do not come any more."""
    client.settimeout(3)
    with contextlib.suppress(TimeoutError):
        while size and (data := client.recv(size)):
            size -= len(data)
    return size


def long_answer(request):
    """How many bytes of a long answer a client gets."""
    ours, client = socket.socketpair()
    with ours, client:
        began(ours, 5, [], lambda head: bytes(10**6))
        client.sendall(request)
        return 10**6 - left_of(client, 10**6)
