"""Stops servers in the first milliseconds of their workers.

It prints with what status how many of them ended: a dict. What a process
complains of comes before.
"""

import collections
import os
import signal
import socket
import time

from small_server.parent import Parent


def serve(sock, address, worker):
    """Nobody comes."""


def stopped(name, delay):
    """Start a server of two workers; send the signal to its processes, as
    Ctrl-C does, after `delay` seconds; return the status of its end."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        signal.alarm(10)  # who hangs is ended by the system
        listener = socket.create_server(("127.0.0.1", 0))
        parent = Parent(listener, count=2, graceful_timeout=5)
        os.write(writer, b"from now on a signal is a stop")
        parent.run(serve, max_threads=2)
        os._exit(0)
    os.read(reader, 99)
    os.close(reader), os.close(writer)
    time.sleep(delay)
    os.killpg(0, name)  # all of us
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    for name in signal.SIGTERM, signal.SIGINT:
        signal.signal(name, signal.SIG_IGN)
    ends = collections.Counter()
    for number in range(120):
        name = (signal.SIGTERM, signal.SIGINT)[number % 2]
        ends[stopped(name, number / 10_000)] += 1  # up to 12 ms
    print(dict(ends))
