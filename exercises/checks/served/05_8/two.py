"""Two workers at one socket, each of which runs the answer's `work`."""

import os
import socket
import sys
import time

from answer import work


# A handler of the answer's may raise an OSError at any moment: `Path.exists`
# and `Path.touch` would take it for theirs, and the signal would be lost.
def there(path):
    return os.access(path, os.F_OK)


def touch(path):
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))


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
        touch("begun")
        until = time.monotonic() + 60
        while not there("go") and time.monotonic() < until:
            time.sleep(0.01)
    sock.sendall(name.encode())


class Listener(socket.socket):
    """A listening socket on a machine that is slow if the check says so:
    between the sight of a visitor and `accept`, others have their turn."""

    def accept(self):
        if there("tired"):
            time.sleep(0.06)
        until = time.monotonic() + 60
        while there(f"hold {name}") and time.monotonic() < until:
            touch("held")
            time.sleep(0.01)
        if there("held"):
            touch(f"inside {name}")
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
