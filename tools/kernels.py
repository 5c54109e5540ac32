"""Kernels that are reached through files in place of ports.

For a kernel, jupyter_client looks for ports that are free, and the kernel
opens them half a second later. If another process has taken one by then,
such as a client of a load test, the kernel is never heard of.
"""

import os
import uuid
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager, KernelManager
from traitlets import default

from tools.place import place


def by_files(manager):
    """Return a subclass of `manager`, a class, whose kernels use Unix
    sockets (ZeroMQ's transport ipc); on Windows `manager` itself."""
    if os.name != "posix":
        return manager

    class ByFiles(manager):
        @default("transport")
        def _use_files(self):
            return "ipc"

        @default("connection_file")
        def _choose_file(self):  # the sockets have its name, and a number
            name = f"kernel-{uuid.uuid4().hex[:12]}.json"
            return str(Path(place(), name))

    return ByFiles


Kernels = by_files(KernelManager)
AsyncKernels = by_files(AsyncKernelManager)
