"""Beside the answer to exercise 3 of sheet 05: a client that is slow."""

import select
import socket
import threading
import time

from answer import read_head


class Slow(socket.socket):
    """Each piece arrives when somebody wants to read it."""

    def arrive(self, flags=0):
        if self.leaves == "gone":
            if not next(self.patience, None):
                raise RuntimeError("nobody is there any more")
        elif flags & socket.MSG_PEEK or not self.readable(0):
            if self.send_next():
                pass
            elif self.leaves:
                self.client.close()
                self.leaves = "gone"
            elif not self.readable(0.1):
                self.waits = True
                raise TimeoutError("nothing more will come")

    def readable(self, seconds):
        return bool(select.select([super().fileno()], [], [], seconds)[0])

    def fileno(self):  # somebody asks `select`, now or later
        with self.lock:
            if super().fileno() >= 0 and not self.readable(0):
                self.send_next()
        if not self.feeder:
            self.feeder = threading.Thread(target=self.feed)
            self.feeder.start()
        return super().fileno()

    def send_next(self):
        """Let the next piece arrive; return whether there is one."""
        if piece := next(self.pieces, b""):
            self.client.sendall(piece)
            self.arrived += len(piece)
        return bool(piece)

    def feed(self):
        """Let a piece arrive whenever there is nothing to read, for who
        waits elsewhere; then leave, or at last say no more."""
        silent = 0
        while silent < 30:
            pause = 0.01 if silent else 0.001  # 500 pieces are no pause
            if self.over.wait(pause) or super().fileno() < 0:
                return
            with self.lock:  # else two pieces might change places
                if not self.readable(0):
                    silent = 0 if self.send_next() else silent + 1
            if silent and self.leaves:
                break
        self.hushed = not self.leaves
        self.client.shutdown(socket.SHUT_WR)

    def recv(self, size, flags=0):
        if not self.feeder:
            self.arrive(flags)
        data = super().recv(size, flags)
        self.waits |= self.hushed and not data
        self.got += b"" if flags & socket.MSG_PEEK else data
        return data

    def recv_into(self, buffer, size=0, flags=0):
        if not self.feeder:
            self.arrive(flags)
        return super().recv_into(buffer, size, flags)

    def left(self):
        """What nobody has read, when the client has gone."""
        if not self.hushed and not self.leaves:
            try:
                self.client.sendall(b"!")
                super().sendall(b"!")
                self.client.recv(1)  # else its end would be a reset
            except OSError:
                return b"? It has shut the socket."
        self.client.close()
        blocks = iter(lambda: super(Slow, self).recv(65536), b"")
        return b"".join(blocks).removesuffix(b"!")


def read(*pieces, leaves=False, count=False):
    """The head, and what came after it, whether returned or not read yet;
    or its error, or what it does wrong; or how many bytes have arrived."""
    ours, client = socket.socketpair()
    with client, Slow(fileno=ours.detach()) as sock:
        sock.settimeout(5)
        sock.pieces, sock.client = iter(pieces), client
        sock.leaves, sock.arrived, sock.waits = leaves, 0, False
        sock.got = b""  # by `recv`
        sock.patience = iter("five!")
        sock.over, sock.feeder = threading.Event(), None
        sock.lock = threading.Lock()
        sock.hushed = False  # nobody has asked `select` for long
        try:
            result = read_head(sock)
        except (EOFError, ValueError, TimeoutError) as error:
            result = type(error).__name__
            if b"\r\n\r\n" in sock.got:
                result += " at a head that has ended"
        finally:
            sock.over.set()
            if sock.feeder:
                sock.feeder.join()
        if count:
            return sock.arrived
        if sock.waits:
            return "it waits for more"
        if socket.socket.fileno(sock) < 0:
            return "it has closed the socket"
        if isinstance(result, str):
            return result
        head, rest = result
        return head, rest + sock.left()


def paused(*pieces, pause=0.3):
    """The head that a client sends who rests before each piece but the
    first, or the error."""
    ours, client = socket.socketpair()
    with ours, client:
        thread = threading.Thread(
            target=send, args=(client, pieces, pause)
        )
        thread.start()
        try:
            return read_head(ours)[0]
        except OSError as error:
            return type(error).__name__
        finally:
            thread.join()


def send(client, pieces, pause):
    """Send the pieces, with a pause before each but the first."""
    for number, piece in enumerate(pieces):
        time.sleep(pause if number else 0)
        client.sendall(piece)
