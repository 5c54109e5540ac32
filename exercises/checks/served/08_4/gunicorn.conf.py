import datetime
import os
import time
from wsgiref.util import setup_testing_defaults

# A process id comes again one day, and two workers may look at the clock
# at the same moment: here, all of them have number 7, and it is noon.
time.time, time.time_ns = lambda: 43200.0, lambda: 43200 * 10**9


class Noon(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 1, 12, tzinfo=tz)


datetime.datetime = Noon


def post_fork(server, worker):
    os.getpid = lambda: 7


def post_worker_init(worker):
    """Sell 2,000 tickets, or as many as one second of work allows, or five
    of waiting."""
    environ, end = {"PATH_INFO": "/ticket"}, time.monotonic() + 5
    most = time.process_time() + 1
    setup_testing_defaults(environ)
    with open(f"tickets-{worker.age}", "w") as file:
        for _ in range(2000):
            body = worker.wsgi(dict(environ), lambda *begun: print)
            print(*body, file=file)
            if time.process_time() > most or time.monotonic() > end:
                break
    print("one is up")
