"""Beside the answer to exercise 3 of sheet 05: a client that is slow."""

import select
import socket

from answer import read_head


class Slow(socket.socket):
    """Each piece arrives when somebody wants to read it."""

    def arrive(self, flags=0):
        if self.leaves == "gone":
            if not next(self.patience, None):
                raise RuntimeError("nobody is there any more")
        elif flags & socket.MSG_PEEK or not self.readable(0):
            piece = next(self.pieces, None)
            if piece:
                self.client.sendall(piece)
                self.arrived += len(piece)
            elif self.leaves:
                self.client.close()
                self.leaves = "gone"
            elif not self.readable(0.1):
                self.waits = True
                raise TimeoutError("nothing more will come")

    def readable(self, seconds):
        return bool(select.select([super().fileno()], [], [], seconds)[0])

    def fileno(self):  # somebody asks `select`
        self.arrive()
        return super().fileno()

    def recv(self, size, flags=0):
        self.arrive(flags)
        data = super().recv(size, flags)
        self.got += b"" if flags & socket.MSG_PEEK else data
        return data

    def recv_into(self, buffer, size=0, flags=0):
        self.arrive(flags)
        return super().recv_into(buffer, size, flags)

    def left(self):
        """What nobody has read, when the client has gone."""
        self.client.close()
        blocks = iter(lambda: super(Slow, self).recv(65536), b"")
        return b"".join(blocks)


def read(*pieces, leaves=False, count=False):
    """The head, and what came after it, whether returned or not read yet;
    or its error, or what it does wrong; or how many bytes have arrived."""
    ours, client = socket.socketpair()
    with client, Slow(fileno=ours.detach()) as sock:
        sock.settimeout(1)
        sock.pieces, sock.client = iter(pieces), client
        sock.leaves, sock.arrived, sock.waits = leaves, 0, False
        sock.got = b""  # by `recv`
        sock.patience = iter("five!")
        try:
            result = read_head(sock)
        except (EOFError, ValueError, TimeoutError) as error:
            result = type(error).__name__
            if b"\r\n\r\n" in sock.got:
                result += " at a head that has ended"
        if count:
            return sock.arrived
        if sock.waits:
            return "it waits for more"
        if isinstance(result, str):
            return result
        if socket.socket.fileno(sock) < 0:
            return "it has closed the socket"
        head, rest = result
        return head, rest + sock.left()
