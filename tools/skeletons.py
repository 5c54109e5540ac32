"""What `make new` begins with: the texts of chapters, exercises and sheets.

What is in {braces} is filled in. A TODO is what `make check` names.
"""

QUESTION = "What question does this chapter answer?"

CHAPTER = [
    """\
# {title}

*{question}*

**You will do**: say what the reader types, runs and breaks here.

**You will learn**: say what the reader knows afterwards.

**You need**: chapter [{before}]({before_file}). About {minutes} minutes.""",
    """\
import os

if not os.path.exists("wsgi.py"):
    os.chdir("..")  # from notebooks/ to the folder of the app""",
    """\
## The first step

One breath a cell: a sentence or two, a small cell of code, its value. \
*Predict* it:""",
    """\
from wsgi import app

app.test_client().get("/").text""",
    """\
A sentence on what we saw.

## What comes next

Back to the [map](00_start_here.ipynb).""",
]

CHAPTER_LEFT = """\
{path} is begun. What is left to do:
- write it: `make lab`. Its question stands in three places: its first cell, \
the README and the map in notebooks/00_start_here.ipynb.
- lead to it from the last cell of {before_path}, and from its own last cell \
to what comes next.
- say in classroom/README.md when a class comes to it.
- `make notebooks ARGS={path}` runs it and stores what it shows; \
`make check ARGS={path}` lists its faults of style; \
`make test ARGS={path}` runs it as the tests do."""

HINT = "<details><summary>A hint</summary>\n\nTODO: which question helps?\n\n</details>"

EXERCISE = "## {n}. {kind}: TODO\n\nTODO: say what `tea()` is to do."

ANSWER = """\
# Exercise {n}
def tea():
    ### BEGIN SOLUTION
    return "TODO"
    ### END SOLUTION"""

CHECK = '''

def exercise_{n}(answer):
    """TODO: its title."""
    hint = say("TODO: which question helps?")
    answer.expect("tea()", "TODO", hint)
'''

WRONG_ANSWER = """
## {n}. TODO: what do people get wrong? ({k})

```python
def tea():
    return "TODO: wrong in way {k}"
```

> TODO: a part of what the check says to it
"""

SHEET = """\
# Exercises {sheet}: {title}

*TODO: which question do they answer?*

Exercises on chapter [{sheet}](../../notebooks/{file}). About {minutes} minutes.

As before: write each answer into the cell that begins with `# Exercise`, run \
it, run the check below it, and save the notebook. An answer stands alone, \
imports too.

What judges them is in [checks/sheet_{sheet}.py](../checks/sheet_{sheet}.py): \
you may read it."""

NEXT = "## What comes next\n\nTODO: lead on."

CHECKS = '"""The checks of sheet {sheet}."""\n\nfrom exercises.words import say\n'

WRONG_ANSWERS = """\
# Wrong answers to sheet {sheet}

Answers of the kind that people give, and a part of what the check says to \
each. `done` marks one that is right, though it is not ours. A `diff` changes \
our solution.
"""

EXERCISE_LEFT = """\
{path} has a new exercise, {n}. What is left to do, wherever it says TODO:
- its text, answer and hint: `make lab`, and open the sheet. Its first cell \
sums up exercises and minutes.
- its check: exercise_{n} in {judge}.
- {kept} wrong answers or more: {wrong}.
- `make exercises ARGS={path}` makes the blank and runs both; \
`make check ARGS={path}` names what is not written yet; \
`make test ARGS="tests/test_exercises.py -k {sheet}-{n}"` judges the kept \
answers."""
