"""A Python for which a day is over in a second: `hurry()`."""

import selectors
import signal
import threading
import time

FAST = 86400


def hurry():
    """Let the clocks go fast from now on, and who waits for a time wait
    less, but never so little that the processor has no rest."""
    for name in "time", "monotonic", "perf_counter":
        setattr(time, name, fast(getattr(time, name)))
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(less(seconds))
    if hasattr(signal, "alarm"):
        signal.alarm = lambda n: signal.setitimer(0, less(n) if n else 0)
    threading.Event.wait = patient(threading.Event.wait)
    threading.Thread.join = patient(threading.Thread.join)
    for name in "SelectSelector", "PollSelector":
        if kind := getattr(selectors, name, None):
            kind.select = patient(kind.select)


def fast(clock):
    begin = clock()
    return lambda: begin + (clock() - begin) * FAST


def less(seconds):
    return max(seconds / FAST, 0.05)


def patient(method):
    """A method that waits less for what does not come."""

    def waits(self, timeout=None):
        return method(self, timeout and less(timeout))

    return waits
