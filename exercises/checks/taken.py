"""Somebody who is at a port before you: `come_first()`."""

import socket
import sys

binds, others = [], []


def come_first():
    """Take the ports that this Python wants to bind, if it asks for them
    by number, but no more than three, and none once it has asked for any:
    it has found a free one then. Who binds such a port gets an OSError."""
    sys.addaudithook(take)


def take(event, arguments):
    if event != "socket.bind" or len(binds) == 3 or "any" in binds:
        return
    sock, address = arguments
    if sock in others:  # it is we who bind
        return
    is_numbered = isinstance(address, tuple) and address[1]
    binds.append(address if is_numbered else "any")
    if is_numbered:
        others.append(socket.socket(sock.family))
        others[-1].bind(address)
