"""Two workers at one socket, each of which runs the answer's `work`."""

import os
import socket
import sys
import time
from pathlib import Path

from answer import work


def talk(sock):
    """Answer with the name of the worker, in two pieces; late to "slow",
    and not at all to one who asks nothing."""
    asked = sock.recv(100)
    if not asked:
        return
    if asked == b"fail":
        raise KeyError("tea")
    sock.sendall(b"from ")
    if asked == b"slow":
        Path("begun").touch()
        until = time.monotonic() + 60
        while not Path("go").exists() and time.monotonic() < until:
            time.sleep(0.01)
    sock.sendall(name.encode())


class Listener(socket.socket):
    """A listening socket on a machine that is slow if the check says so:
    between the sight of a visitor and `accept`, others have their turn."""

    def accept(self):
        if Path("tired").exists():
            time.sleep(0.06)
        until = time.monotonic() + 60
        while Path(f"hold {name}").exists() and time.monotonic() < until:
            Path("held").touch()
            time.sleep(0.01)
        if Path("held").exists():
            Path(f"inside {name}").touch()
        return super().accept()


opened = socket.create_server(("127.0.0.1", 0))
listener = Listener(fileno=opened.detach())
names = {}
for name in "AB":
    pid = os.fork()
    if pid == 0:
        work(listener, talk)
        sys.exit()
    names[pid] = name
print({name: pid for pid, name in names.items()}, listener.getsockname())
listener.close()  # the workers have it
while names:
    pid, status = os.wait()
    status = os.waitstatus_to_exitcode(status)
    print(f"{names.pop(pid)} ended with {status}")
