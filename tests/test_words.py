"""What a learner is told can be listed, and be said in another language.

That nothing else is said, `test_exercises.py` shows with each kept answer.
"""

import ast
import json
import os
import re
import subprocess
import sys
from string import Formatter

import pytest

from exercises.words import sentences
from tools.sheets import calls_of_say, unsaid
from tools.workbook import ROOT

FILES = [
    path
    for path in sorted(ROOT.glob("exercises/**/*.py"))
    if "served" not in path.parts
]


def test_all_sentences_can_be_listed():
    listed = sentences()
    assert "`{called}` gave {came}, expected {expected}." in listed
    assert "Which names are the same header?" in listed
    for path in FILES:
        for call in calls_of_say(ast.parse(path.read_text("utf-8"))):
            holes = {keyword.arg for keyword in call.keywords} - {None}
            named = {f[1] for f in Formatter().parse(call.args[0].value)}
            assert holes <= named, f"{path.name}: {call.args[0].value}"


def test_a_sentence_that_is_put_together_is_not_listed(tmp_path):
    path = tmp_path / "sheet.py"
    for text in 'f"{why} is wrong."', '"it is " + why', "why":
        path.write_text(f"say({text})")
        with pytest.raises(ValueError, match="malformed"):
            sentences(tmp_path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_sentence_goes_past_say(path):
    assert not [*unsaid(ast.parse(path.read_text("utf-8")))]


def test_what_goes_past_say_is_found():
    code = '"""A text."""\nhint = "Who is it?"\nwhy = say("It is he.")'
    assert list(unsaid(ast.parse(code))) == ["Who is it?"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_said_when_a_file_is_imported(path):
    """It would stay in the language of that moment."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    inside = {id(call) for f in functions for call in calls_of_say(f)}
    assert all(id(call) in inside for call in calls_of_say(tree))


# A sheet's life, and what is said meanwhile in a language all of whose words
# are "ж" (here one for each run of them), but for what stands in backticks.
LIFE = """
from exercises import checking

def judge():
    try:
        if waits := checking.judge("04", 1):
            print(waits.line)
    except Exception as refused:
        print(refused)

right = [
    ["outer called", "inner called", "inner starts", "outer starts"],
    ["outer called", "inner called"],
]
judge()
checking.note("# Exercise 1\\nprediction = ...\\npass  # Write your answer here.")
judge()
for answer in "...", "1", "[[], []]", "1 / 0", right:
    checking.note(f"# Exercise 1\\nprediction = {answer}")
    judge()
checking.count("04", 5)
"""
SAID = """\
ж 1, ж: ж, ж `# Exercise 1`.
ж 1, ж: ж.
ж 1: `prediction` ж `...`: ж, ж. ж: ж `start` ж, ж?
ж 1: `prediction` ж 1, ж int; ж list. ж: ж `start` ж, ж?
ж 1: `prediction` ж [[], []], ж: ж 1, 2. ж: ж `start` ж, ж?
ж 1: ж ZeroDivisionError: division by zero (ж 2 ж).
ж 1: ж.
1 ж 5 ж. ж: 2, 3, 4, 5.
"""


def test_another_language_needs_no_check_to_be_touched(tmp_path):
    """A catalogue made of the list leaves nothing in English but values."""
    code_or_word = r"`.*?`|\{\w+\}|[A-Za-z']+"
    toy = {
        text: re.sub(code_or_word, lambda m: m[0] if m[0][0] in "`{" else "ж", text)
        for text in sentences()
    }
    path = tmp_path / "toy.json"
    path.write_text(json.dumps(toy), "utf-8")
    ran = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", LIFE],
        env=os.environ | {"CHECK_WORDS": str(path)},
        cwd=ROOT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    said = re.sub(r"ж( ж)*", "ж", ran.stdout)
    assert said == SAID
