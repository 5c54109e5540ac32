"""Gunicorn for deploy.public:app, in a container or under systemd."""

import os

from gunicorn.glogging import Logger

bind = os.environ.get("BIND", "127.0.0.1:8000")
umask = 0o117  # a Unix socket is for its owner and group alone
# The threads of one worker share its work; two workers do not share.
workers = int(os.environ.get("WORKERS", "1"))
threads = int(os.environ.get("THREADS", "8"))

# Longer than a balancer keeps a connection: Amazon's 60 s, nginx's too.
keepalive = 75
graceful_timeout = 20  # shorter than the patience of what stops us
memory = os.path.isdir("/dev/shm")  # there, no disk delays a heartbeat
worker_tmp_dir = "/dev/shm" if memory else None
control_socket_disable = True
secure_scheme_headers = {}  # ProxyFix reads them, and nobody else

accesslog = "-"  # %(h)s is the visitor: ProxyFix has put it there
access_log_format = '%(h)s %(m)s %(U)s %(s)s %(B)s %(M)sms "%(a)s"'
PROBES = "/healthz", "/readyz", "/metrics"


class AccessLog(Logger):
    """Lines without queries, and none for a probe that went well."""

    def atoms(self, resp, req, environ, request_time):
        atoms = super().atoms(resp, req, environ, request_time)
        # As it was sent: a decoded path may hold the end of a line.
        atoms["U"] = environ["RAW_URI"].partition("?")[0]
        return atoms

    def access(self, resp, req, environ, request_time):
        # What Gunicorn itself refuses has no path here, and no number.
        path, status = environ.get("PATH_INFO"), str(resp.status)
        if path not in PROBES or not status.startswith("200"):
            super().access(resp, req, environ, request_time)


logger_class = AccessLog
