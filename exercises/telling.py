"""What is said of an answer that is refused, and of a check that fails."""

import re
import textwrap
import traceback
from linecache import getlines
from pathlib import Path

from exercises.words import say

LINE = 75  # letters of a value that a message shows, and of its lines


class NotYet(Exception):  # noqa: N818, a learner reads this name
    """An answer was refused: `why`, a sentence, and perhaps a `hint`."""

    def __init__(self, why, hint=None):
        super().__init__(f"{why} {hint}" if hint else why)
        self.parts = [part for part in (why, hint) if part]

    def _render_traceback_(self):
        """What IPython shows in place of a traceback, a list of lines:
        two, the fault and the question, broken between words."""
        first, *rest = self.parts
        return [
            line
            for part in (f"NotYet: {first}", *rest)
            for line in textwrap.wrap(
                part, LINE, break_long_words=False, break_on_hyphens=False
            )
        ]


def why_it_failed(error):
    """Yield what to say of an error that came up in a check, a str, and
    perhaps a hint, one more."""
    name = type(error).__name__
    if name == "JSONDecodeError":
        line = line_of(error)
        yield say("checking it, no JSON came: `{line}`", line=line)
    elif type(error).__module__.startswith("requests"):  # no port, no path
        yield say(
            "checking it, the server did not answer: {error}", error=name
        )
        yield hint_of(
            say("Does it still serve when it has answered once?")
        )
    elif isinstance(error, TimeoutError):
        line = line_of(error)
        yield say("checking it, this waited in vain: `{line}`", line=line)
    else:
        told = telling_line(f"{name}: {error}")
        yield say("checking it, {error}", error=told)
        if "ended with status 0" in told:
            yield hint_of(say("What keeps a server serving?"))
        elif "ModuleNotFoundError" in told:
            yield hint_of(
                say("Is it installed, and does this system have it?")
            )
        elif "No closing quotation" in told:
            yield hint_of(say("Which quotation mark has no partner?"))
        elif "Address already in use" in told:
            yield hint_of(say("Which port is free on every machine?"))


def hint_of(question):
    """A hint as it is shown; a question, a str, or None, makes it."""
    return question and say("Hint: {question}", question=question)


def why_no_reply(code, late):
    """What to say of `code`, a str, or of the cell, None, if nothing came
    back; `late`, a float or None, says after how many seconds."""
    holes = {"code": code, "seconds": late and f"{late:g}"}
    if late and code is None:
        return say(
            "your cell did not end in {seconds} seconds: does it loop?",
            **holes,
        )
    if late:
        return say(
            "`{code}` did not end in {seconds} seconds: does it loop?",
            **holes,
        )
    if code is None:
        return say("your cell ended Python itself: does it call an exit?")
    return say(
        "`{code}` ended Python itself: does it call an exit?", **holes
    )


def why_only_in_jupyter(words, line):
    """What to say of `words` in a line of the cell that a file may not
    have: `%matplotlib inline`, or `await`."""
    holes = {"words": short(words, str), "line": line}
    if words == "await" or words.startswith("async "):
        return say(
            "only Jupyter takes `{words}` outside a function (line {line} "
            "of your cell): leave it out.",
            **holes,
        )
    return say(
        "only Jupyter reads `{words}` (line {line} of your cell): leave it "
        "out.",
        **holes,
    )


def why_raised(code, error, line):
    """What to say of an error, a str, that `code`, a str, or the cell,
    None, raised; `line`, an int or None, is that of the cell."""
    holes = {"code": code, "error": short(error, str), "line": line}
    if code is None and line is None:
        return say("your cell raised {error}.", **holes)
    if code is None:
        return say(
            "your cell raised {error} (line {line} of your cell).", **holes
        )
    if line is None:
        return say("`{code}` raised {error}.", **holes)
    return say(
        "`{code}` raised {error} (line {line} of your cell).", **holes
    )


def wrong_items(value, came):
    """Where a list differs from another that is as long: the numbers of
    its items, counted from 1, a list; [] for anything else, and where so
    few values are possible that a number would tell which it is."""
    if not isinstance(came, list):
        return []
    if len({*map(repr, came)}) * 2 <= len(came):
        return []
    pairs = enumerate(zip(value, came, strict=True), 1)
    return [number for number, (mine, its) in pairs if mine != its]


def in_brackets_of(came, value):
    """A value with lists for its tuples, where `came` has lists."""
    if not isinstance(came, list) or not isinstance(value, list | tuple):
        return value
    if len(value) != len(came):
        return list(value)
    return [*map(in_brackets_of, came, value)]


def other_type(value, came):
    """The first item of a list whose type is another than that of all in
    `came`, as long a list: its number, counted from 1, and the names of
    the two types. None if there is none, and where `came` has several
    types: there a type is a part of the answer."""
    kinds = {type(item) for item in came} if isinstance(came, list) else ()
    if len(kinds) == 1:
        (kind,) = kinds
        pairs = enumerate(zip(value, came, strict=True), 1)
        for number, (mine, its) in pairs:
            if type(mine) is not kind and mine != its:
                return number, type(mine).__name__, kind.__name__
    return None


def short(value, show=repr):
    """A value as one line of a message, without its middle if it is long."""
    text = " ".join(show(value).split())
    if len(text) <= 2 * LINE:
        return text
    return f"{text[:LINE]} ... {text[-LINE // 2 :]}"


def telling_line(text):
    """The line of an error's text, a str, that tells most: the last error
    of a log that it quotes, or else the last line."""
    lines = text.strip().splitlines()
    errors = [
        line for line in lines[1:] if re.match(r"[\w.]*Error\b", line)
    ]
    return short((errors or lines)[-1].rstrip(":"), str)


def error_in(server):
    """The last error in a Server's log, a str; "" if there is none."""
    errors = r"(?m)^[\w.]+(?:Error|Exception)\b.*"
    if server and not Path(server.folder).exists():
        return ""  # it has ended, and its log with it
    return ["", *re.findall(errors, server.log)][-1] if server else ""


def line_of(error):
    """The statement of a check where `error` came up, a str."""
    _, step, *_ = traceback.extract_tb(error.__traceback__)  # of `verdict`
    lines = getlines(step.filename)[step.lineno - 1 : step.end_lineno]
    return " ".join(" ".join(lines).split())
