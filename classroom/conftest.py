"""The tests of a classroom keep their files where its fence is closed: an answer
may write into /dev/shm, as multiprocessing must, and the other tests are
there (tests/clean.py)."""

import os

if os.name == "posix":
    os.environ.setdefault("TMPDIR", "/tmp")
