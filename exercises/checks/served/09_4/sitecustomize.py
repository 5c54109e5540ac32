import builtins
import os

plain = builtins.print


def numbered(*words, **more):
    """Print to the terminal, with the number of the process before it."""
    number = [] if "file" in more else [f"[{os.getpid()}]"]
    plain(*number, *words, **more)


builtins.print = numbered
