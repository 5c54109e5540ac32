import builtins
import os

plain = builtins.print


def numbered(*words, **more):
    plain(f"[{os.getpid()}]", *words, **more)


builtins.print = numbered
