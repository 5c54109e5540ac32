"""A worker: a process that serves, and its threads.

This file knows who accepts a connection, and how all threads stop. It
knows nothing of HTTP: the `serve` that it is given could speak anything.
"""

import contextlib
import os
import signal
import socket
import threading
import time

from .wire import GoneError, hang_up, log_error, wait_readable

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
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # it ends a process
        on_stop(self.stop, self.wakeup_writer, self.listener)
        os.register_at_fork(after_in_child=self.forget)
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

    def forget(self):
        """In a child that the app forks: serve nobody, answer nobody."""
        self.stopping = True
        for sock, _ in self.busy:
            sock.close()

    def start_thread(self):
        """Start a thread, if we may; RuntimeError if the system may not."""
        if len(self.threads) < self.max_threads:
            thread = threading.Thread(target=self.work)
            self.threads.append(thread)  # first: may_keep_alive counts it
            try:
                thread.start()
            except RuntimeError:
                self.threads.remove(thread)
                raise

    def work(self):
        """What a thread does: wait for a connection, serve it, repeat."""
        while not self.stopping and (connection := self.accept()):
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
