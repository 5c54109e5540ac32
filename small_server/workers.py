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
import traceback

from .wire import log, wait_readable


class Parent:
    """Keeps `count` workers running, which serve what comes to `listener`.

    It is told to stop by a signal, the workers by the wakeup sockets (the
    "self-pipe trick"): when the parent closes its end of the pair, on
    purpose or because it has ended, the other becomes readable.
    """

    def __init__(self, listener, count):
        self.listener, self.count = listener, count
        self.workers, self.stopping = set(), False
        self.wakeup_reader, self.wakeup_writer = socket.socketpair()

    def run(self, serve, max_threads, graceful_timeout):
        """Let workers `serve` until a signal comes and all have ended."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        while self.workers or not self.stopping:
            if len(self.workers) < self.count and not self.stopping:
                pid = os.fork()
                if pid == 0:
                    self.wakeup_writer.close()
                    worker = Worker(self.listener, serve, max_threads)
                    worker.run(self.wakeup_reader, graceful_timeout)
                    return
                self.workers.add(pid)
                continue
            pid, status = os.wait()
            self.workers.discard(pid)
            if not self.stopping:
                status = os.waitstatus_to_exitcode(status)
                log(f"worker {pid} has ended with {status}")
                time.sleep(0.1)  # the next one might, too

    def stop(self, *_):
        """Start no worker, and let those that run finish."""
        self.stopping = True
        self.listener.close()
        self.wakeup_writer.close()


class Worker:
    """A process that calls `serve` for each connection, in threads.

    One thread waits for the next connection, the others are busy with
    theirs, or wait for the accept_lock.
    """

    def __init__(self, listener, serve, max_threads):
        self.listener, self.serve = listener, serve
        self.max_threads, self.threads = max_threads, []
        self.busy = set()  # connections
        self.accept_lock = threading.Lock()
        self.wakeup_reader, self.wakeup_writer = socket.socketpair()
        self.stopping = False

    def run(self, parent, graceful_timeout):
        """Serve until a signal comes, or `parent`, a wakeup socket, can be
        read; then the threads have `graceful_timeout` seconds."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        self.listener.setblocking(False)  # two workers may hear of one
        self.start_thread()
        wait_readable(None, self.wakeup_reader, parent)
        self.stop()
        self.listener.close()
        # After that, the system ends this process.
        signal.setitimer(signal.ITIMER_REAL, graceful_timeout)
        for thread in self.threads:
            thread.join()

    def stop(self, *_):
        """Wake the threads that wait: finish, and begin nothing."""
        self.stopping = True
        self.wakeup_writer.close()

    def start_thread(self):
        """Start a thread, if we and the system may have one more."""
        if len(self.threads) < self.max_threads:
            with contextlib.suppress(RuntimeError):
                thread = threading.Thread(target=self.work)
                thread.start()
                self.threads.append(thread)

    def work(self):
        """What a thread does: wait for a connection, serve it, repeat."""
        while connection := self.accept():
            sock, address = connection
            try:
                with sock:
                    self.serve(sock, address, self)
            except OSError:
                pass  # the client has gone
            except Exception:
                log(traceback.format_exc())
            self.busy.discard(connection)

    def accept(self):
        """Wait for our turn, then for a connection; None if we stop."""
        files = self.listener, self.wakeup_reader
        with self.accept_lock:
            while not self.stopping:
                try:
                    if self.listener in wait_readable(None, *files):
                        connection = self.listener.accept()
                        self.busy.add(connection)
                        if len(self.busy) == len(self.threads):
                            self.start_thread()  # for the next one
                        return connection
                except BlockingIOError:
                    pass  # another worker was faster
                except (OSError, ValueError):
                    time.sleep(0.1)  # too many files are open
        return None

    def may_keep_alive(self):
        """Whether a thread may stay with its connection, as it may while
        another is free for the next one."""
        return len(self.busy) < len(self.threads) and not self.stopping
