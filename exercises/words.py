"""What a learner is told: whole sentences, each through `say`.

Another language is a file of JSON, {sentence: its translation}, named by
the environment's CHECK_WORDS. `python -m exercises.words` prints what it
has to translate; what stands in {braces} is a hole, and keeps its name.
"""

import ast
import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = os.environ.get("CHECK_WORDS")
CATALOGUE = json.loads(Path(FILE).read_text("utf-8")) if FILE else {}


def say(sentence, **holes):
    """A sentence, a str, in the reader's language, with its holes filled.

    KeyError if it has a hole that is not among `holes`.
    """
    return CATALOGUE.get(sentence, sentence).format(**holes)


def sentences(folder=HERE):
    """All sentences that the Python files of a folder say, a sorted list.

    ValueError where one is not written out in the call of `say`.
    """
    found = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            function = getattr(node, "func", None)  # a call has one
            if isinstance(function, ast.Name) and function.id == "say":
                found.add(ast.literal_eval(node.args[0]))
    return sorted(found)


if __name__ == "__main__":
    texts = {sentence: "" for sentence in sentences()}
    print(json.dumps(texts, indent=1, ensure_ascii=False))
