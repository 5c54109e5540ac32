"""What a learner is told: whole sentences, each through `say`.

Another language is a file of JSON, {sentence: its translation}, named by
the environment's CHECK_WORDS. `python -m exercises.words` prints what it
has to translate; what stands in {braces} is a hole, and keeps its name.
"""

import ast
import functools
import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent


@functools.cache
def catalogue(file):
    """The sentences of a file of JSON, a dict; {} where `file` is None."""
    return json.loads(Path(file).read_text("utf-8")) if file else {}


def say(sentence, **holes):
    """A sentence, a str, in the reader's language, with its holes filled.

    KeyError if it has a hole that is not among `holes`.
    """
    ours = catalogue(os.environ.get("CHECK_WORDS"))
    return ours.get(sentence, sentence).format(**holes)


def said_in(path):
    """The sentences that a Python file says, a list in their order.

    ValueError where one is not written out in the call of `say`.
    """
    calls = [
        node
        for node in ast.walk(ast.parse(Path(path).read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "say"
    ]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    return [ast.literal_eval(call.args[0]) for call in calls]


def sentences(folder=HERE):
    """All sentences that the Python files of a folder say, a sorted list."""
    return sorted({s for p in folder.rglob("*.py") for s in said_in(p)})


if __name__ == "__main__":
    texts = {sentence: "" for sentence in sentences()}
    print(json.dumps(texts, indent=1, ensure_ascii=False))
