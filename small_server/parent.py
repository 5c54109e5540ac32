"""The parent: it keeps workers running, and ends them.

This file knows processes and signals, and nothing of what workers do.
"""

import contextlib
import os
import signal
import socket
import time

from .wire import hang_up, log
from .worker import STOPS, Worker, on_stop


class Parent:
    """Keeps `count` workers running, which serve what comes to `listener`.

    It is told to stop by a signal, the workers by the wakeup sockets (the
    "self-pipe trick"): when the parent hangs up its end of the pair, or
    has ended, the other becomes readable."""

    def __init__(self, listener, count, graceful_timeout):
        self.listener, self.count = listener, count
        self.graceful_timeout = graceful_timeout  # seconds
        self.workers, self.stopping = set(), False
        listener.setblocking(False)  # two workers may hear of one client
        self.wakeup_reader, self.wakeup_writer = socket.socketpair()
        # As they are by default: whoever started us may ignore them.
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, self.give_up)
        on_stop(self.stop, self.wakeup_writer)

    def run(self, serve, max_threads):
        """Let workers `serve` until a signal comes and all have ended."""
        while self.workers or not self.stopping:
            if len(self.workers) < self.count and not self.stopping:
                # Signals wait until a worker has a handler of its own.
                signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
                if (pid := os.fork()) == 0:
                    worker = Worker(self.listener, serve, max_threads)
                    rope = self.wakeup_reader
                    return worker.run(rope, self.graceful_timeout)
                self.workers.add(pid)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
                continue
            if not self.workers:
                continue  # the signal came just now, before the first
            pid, status = os.wait()
            if pid in self.workers and not self.stopping:
                status = os.waitstatus_to_exitcode(status)
                log(f"worker {pid} has ended with {status}")
                time.sleep(0.1)  # the next one might, too
            self.workers.discard(pid)  # no worker: an orphan of process 1

    def stop(self, *_):
        """Start no worker, and let those that run finish."""
        self.stopping = True
        self.listener.close()
        hang_up(self.wakeup_writer)
        # A second more than the workers have; and then each second.
        signal.setitimer(signal.ITIMER_REAL, self.graceful_timeout + 1, 1)

    def give_up(self, *_):
        """End at once what has not ended in time."""
        for pid in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not self.workers:  # but a thread that an import has started
            os._exit(0)
