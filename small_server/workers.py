"""Processes and threads: a parent, its workers, and their threads.

This file knows who accepts a connection, and how all of them stop. It
knows nothing of HTTP: the `serve` that it is given could speak anything.
"""

import contextlib
import os
import signal
import socket
import threading
import time

from .wire import GoneError, hang_up, log, log_error, wait_readable

STOPS = {signal.SIGTERM, signal.SIGINT}


def on_stop(stop, *sockets):
    """Let signals call `stop`; but not in a child that is forked later,
    which has none of the `sockets` either."""

    def forget():
        for number in STOPS:
            signal.signal(number, signal.SIG_DFL)
        for each in sockets:
            each.close()

    for number in STOPS:
        signal.signal(number, stop)
    os.register_at_fork(after_in_child=forget)


class Parent:
    """Keeps `count` workers running, which serve what comes to `listener`.

    It is told to stop by a signal, the workers by the wakeup sockets (the
    "self-pipe trick"): when the parent hangs up its end of the pair, or
    has ended, the other becomes readable."""

    def __init__(self, listener, count):
        self.listener, self.count = listener, count
        self.workers, self.stopping = set(), False
        listener.setblocking(False)  # two workers may hear of one client
        self.wakeup_reader, self.wakeup_writer = socket.socketpair()
        on_stop(self.stop, self.wakeup_writer)

    def run(self, serve, max_threads, graceful_timeout):
        """Let workers `serve` until a signal comes and all have ended."""
        while self.workers or not self.stopping:
            if len(self.workers) < self.count and not self.stopping:
                # Signals wait until a worker has a handler of its own.
                signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
                if (pid := os.fork()) == 0:
                    worker = Worker(self.listener, serve, max_threads)
                    return worker.run(self.wakeup_reader, graceful_timeout)
                self.workers.add(pid)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
                continue
            pid, status = os.wait()
            if pid in self.workers and not self.stopping:
                status = os.waitstatus_to_exitcode(status)
                log(f"worker {pid} has ended with {status}")
                time.sleep(0.1)  # the next one might, too
            self.workers.discard(pid)  # no worker: an orphan of process 1
        # Threads that the import of the app has started have so long, too.
        signal.setitimer(signal.ITIMER_REAL, graceful_timeout)

    def stop(self, *_):
        """Start no worker, and let those that run finish."""
        self.stopping = True
        self.listener.close()
        hang_up(self.wakeup_writer)


class Worker:
    """A process that calls `serve` for each connection, in threads: one
    waits for the next, the others are busy, or wait for accept_lock."""

    def __init__(self, listener, serve, max_threads):
        self.listener, self.serve = listener, serve
        self.max_threads, self.threads = max_threads, []
        self.busy, self.stopping = set(), False  # busy with connections
        self.accept_lock = threading.Lock()
        self.wakeup_reader, self.wakeup_writer = socket.socketpair()

    def run(self, parent, graceful_timeout):
        """Serve until a signal comes, or `parent`, a wakeup socket, can be
        read; then the threads have `graceful_timeout` seconds."""
        on_stop(self.stop, self.wakeup_writer, self.listener)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        try:
            self.start_thread()
            wait_readable(None, self.wakeup_reader, parent)
        finally:  # an error ends the worker, too
            self.stop()
            self.listener.close()
            # After that, the system ends this process.
            signal.setitimer(signal.ITIMER_REAL, graceful_timeout)
        for thread in self.threads:
            thread.join()

    def stop(self, *_):
        """Wake the threads that wait: finish, and begin nothing."""
        self.stopping = True
        hang_up(self.wakeup_writer)

    def start_thread(self):
        """Start a thread, if we may; RuntimeError if the system may not."""
        if len(self.threads) < self.max_threads:
            thread = threading.Thread(target=self.work)
            thread.start()
            self.threads.append(thread)

    def work(self):
        """What a thread does: wait for a connection, serve it, repeat."""
        while connection := self.accept():
            sock, address = connection
            try:
                self.serve(sock, address, self)
            except GoneError:
                pass
            except BaseException:  # or there would be a thread less
                log_error()
            hang_up(sock)
            self.busy.discard(connection)

    def accept(self):
        """Wait for our turn, then for a connection; None if we stop."""
        files = self.listener, self.wakeup_reader
        with self.accept_lock:
            while not self.stopping:
                try:
                    if self.listener in wait_readable(None, *files):
                        connection = self.listener.accept()
                        if len(self.busy) + 1 == len(self.threads):
                            with contextlib.suppress(RuntimeError):
                                self.start_thread()  # for the next one
                        self.busy.add(connection)
                        return connection
                except (BlockingIOError, ConnectionError):
                    pass  # another worker was faster, or the client left
                except (OSError, ValueError):
                    time.sleep(0.1)  # too many files are open
        return None

    def may_keep_alive(self):
        """Whether a connection may stay: is another thread free?"""
        return len(self.busy) < len(self.threads) and not self.stopping
