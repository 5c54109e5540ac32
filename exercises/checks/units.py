"""A unit file of systemd, read without systemd: exercise 6 of sheet 09."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from notebooks.serving import run
from tools.needs import find

BIN = "/srv/shop/bin/"  # where the learner's unit has its programs
OURS = f"{Path(sys.executable).parent}{os.sep}"  # and where ours are
TRUE = {"1", "y", "yes", "t", "true", "on"}
# What ExecStop may say: it is what systemd does without it.
TERMS = r"|(/usr)?/bin/kill (-s |-)(SIG)?(TERM|15) \$(MAINPID|\{MAINPID\})"
# Names of spans of time, and their seconds.
SPANS = {"": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1}
SPANS |= {"m": 60, "min": 60, "minute": 60, "minutes": 60, "ms": 0.001}
SPANS |= {"h": 3600, "hr": 3600, "hour": 3600, "hours": 3600}
PART = r"(\d+(?:\.\d+)?) *([a-z]*)"  # of a span: a number, and a name


def service_of(text):
    """What a unit says of its service, {key: [value, ...]}, as systemd
    reads it: an empty value forgets those before it."""
    keys, section = {}, None
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if not line.startswith(("#", ";"))]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        key, equals, value = map(str.strip, line.partition("="))
        if line.startswith("["):
            section = line
        elif section == "[Service]" and equals:
            if key == "TimeoutSec":  # it is both, start and stop
                key = "TimeoutStopSec"
            keys[key] = [*keys.get(key, []), value] if value else []
    return keys


def last(service, key, default=""):
    """The value that counts of a key that has one, a str."""
    return [default, *service.get(key, [])][-1]


def seconds(span):
    """The length of a span of time such as "1min 30s", or None."""
    if span in ("infinity", "0"):
        return float("inf")
    parts, rest = re.findall(PART, span), re.sub(PART, "", span).strip()
    if not parts or rest or any(name not in SPANS for _, name in parts):
        return None
    return sum(float(number) * SPANS[name] for number, name in parts)


def words_of(line):
    """The words of a command of a unit, with our programs in the place of
    the shop's; ValueError if a quote stays open."""
    words = shlex.split(line)
    shell = bool(words) and Path(words[0]).name in ("sh", "bash")
    ours = shlex.quote(OURS) if shell else OURS
    return [word.replace(BIN, ours) for word in words]


def commands_of(lines):
    """Yield the commands of such lines, each a list of words: in a line,
    the word `;` stands between two of them."""
    for line in lines:
        words = words_of(line)
        while ";" in words:
            at = words.index(";")
            yield words[:at]
            words = words[at + 1 :]
        yield words


def obeys(lines, server):
    """Run the commands of ExecReload, or another list, one by one, in the
    folder of a Server, until one fails, as systemd does; return whether
    none has failed."""
    pid = str(server.process.pid)
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "MAINPID": pid}
    for first, *words in filter(None, commands_of(lines)):
        fails, first = first[:1] != "-", first.lstrip("-@:+!")
        words = [
            word.replace("${MAINPID}", pid).replace("$MAINPID", pid)
            for word in (first, *words)
        ]
        kills = words[:1] in (["kill"], ["/bin/kill"], ["/usr/bin/kill"])
        if kills and not shutil.which(words[0], path=env["PATH"]):
            # A machine without systemd may have none but the shell's.
            words = ["sh", "-c", 'kill "$@"', *words]
        try:
            status = subprocess.run(
                words,
                cwd=server.folder,
                env=env,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=20,
                check=False,
            ).returncode
        except (OSError, IndexError, subprocess.TimeoutExpired):
            status = 1
        if status and fails:
            return False
    return True


def ignored(text):
    """What systemd's own checker says that it ignores, a str; "" if there
    is nothing, or no checker."""
    if not find("systemd-analyze"):
        return ""
    said = run(
        "systemd-analyze verify ./shop.service", {"shop.service": text}
    )
    lines = r"(?i)shop\.service:\d+: (.*?)[.,]? ignoring"
    found = re.search(lines, said.stdout)
    return found[1] if found else ""
