"""Servers at four ports, which answer in pieces, or not at all."""

import socket
import threading
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
PIECES = {
    "whose body comes late": [HEAD, b"mint"],
    "whose head comes in pieces": [HEAD[:-9], HEAD[-9:-1], HEAD[-1:]],
    "that ends within the head": [HEAD[:-2]],
    "that says nothing": [],
}


def serve(listener, pieces):
    while True:
        client, _ = listener.accept()
        with client:
            client.recv(1000)
            for piece in pieces:
                client.sendall(piece)
                time.sleep(0.2)


ports = {}
for name, pieces in PIECES.items():
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, pieces)).start()
    ports[name] = listener.getsockname()[1]
print(ports)
