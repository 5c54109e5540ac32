"""Two workers at one socket, each of which runs the answer's `work`."""

import os
import socket
import sys
import time
from pathlib import Path

from answer import work


def talk(sock):
    """Answer with the name of the worker, in two pieces; late to "slow"."""
    asked = sock.recv(100)
    if asked == b"fail":
        raise KeyError("tea")
    sock.sendall(b"from ")
    if asked == b"slow":
        Path("begun").touch()
        until = time.monotonic() + 20
        while not Path("go").exists() and time.monotonic() < until:
            time.sleep(0.01)
    sock.sendall(name.encode())


listener = socket.create_server(("127.0.0.1", 0))
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
    print(names.pop(pid), "ended with", status)
