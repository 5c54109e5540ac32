"""Somebody who is at a port before you: `come_first()`."""

import socket
import sys

binds, others = [], []


def come_first():
    """Take the port that this Python wants to bind first, if it asks for
    it by its number. Who binds it then gets an OSError."""
    sys.addaudithook(take)


def take(event, arguments):
    if event != "socket.bind" or binds:
        return
    sock, address = arguments
    binds.append(address)
    if isinstance(address, tuple) and address[1]:  # 0: any that is free
        others.append(socket.socket(sock.family))
        others[0].bind(address)
