"""What several tests ask: is a process gone, is a server?"""

import socket
from pathlib import Path

import psutil

from tools.processes import processes_in


def has_ended(process):
    """Whether a psutil.Process has ended, perhaps unseen by the one who
    should wait for it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def gone(folder, url=None):
    """Whether nothing is left of the server that had this folder, a str,
    and listened at this url: no process, no folder, no listener."""
    if url:
        port = int(url.rpartition(":")[2])
        with socket.socket() as client:
            client.settimeout(5)
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return False
    return not Path(folder).exists() and not processes_in(folder)
