"""A fence around this process and all that it starts, by Landlock of Linux: which
files they may read, and where they may write. It needs no rights, and stays."""

import ctypes
import os
import sys

READ = 1 << 0 | 1 << 2 | 1 << 3  # execute, read a file, read a folder
WRITE = 1 << 1 | 1 << 14  # into a file that is there; cut it
SYSTEM = "/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc", "/proc", "/sys"
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
DUMPABLE, NO_NEW_PRIVILEGES = 4, 38  # of prctl


class Beneath(ctypes.Structure):
    """A rule: what is allowed in a folder."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


def version():
    """The version of Landlock, an int; 0 where there is none."""
    if sys.platform != "linux":
        return 0
    return max(0, ctypes.CDLL(None).syscall(CREATE_RULESET, None, 0, 1))


def fence(workbook, folder):
    """Let this process read the system, this Python and `workbook`, and write to
    `folder` alone; and let no other of the same user look into its memory."""
    libc = ctypes.CDLL(None, use_errno=True)
    known = version()
    rights = (1 << 13) - 1  # of version 1; later ones know more
    rights |= (1 << 13 if known >= 2 else 0) | (1 << 14 if known >= 3 else 0)
    scopes = 3 if known >= 6 else 0  # no signals, no sockets, to who is outside
    ruleset = (ctypes.c_uint64 * 3)(rights, 0, scopes)
    size = 24 if known >= 6 else 8
    made = libc.syscall(CREATE_RULESET, ruleset, size, 0)
    allowed = dict.fromkeys([*SYSTEM, sys.prefix, sys.base_prefix, workbook], READ)
    allowed |= {"/dev": READ | WRITE, "/dev/shm": rights, folder: rights}
    for path, what in allowed.items():
        if os.path.exists(path):
            rule = Beneath(what & rights, os.open(path, os.O_PATH))
            added = libc.syscall(ADD_RULE, made, 1, ctypes.byref(rule), 0)
            os.close(rule.folder)
            assert added == 0, os.strerror(ctypes.get_errno())
    libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    libc.prctl(DUMPABLE, 0, 0, 0, 0)
    done = libc.syscall(RESTRICT_SELF, made, 0)
    assert done == 0, os.strerror(ctypes.get_errno())
    os.close(made)
