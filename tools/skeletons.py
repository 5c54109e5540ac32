"""What `make new` begins with: the texts of chapters, exercises and sheets.

What is in {braces} is filled in. A TODO is what `make check` names.
"""

QUESTION = "TODO: which question does this chapter answer?"

CHAPTER = [
    """\
# {title}

*{question}*

**You will do**: TODO: what does the reader type, run and break here?

**You will learn**: TODO: what does the reader know afterwards?

**You need**: chapter [{before}]({before_file}). About {minutes} minutes.""",
    """\
import os
from importlib.util import find_spec

if not os.path.exists("wsgi.py"):
    os.chdir("..")  # from notebooks/ to the folder of the app
assert find_spec("small_server"), "run this page in its folder, notebooks/"
get_ipython().InteractiveTB.set_mode("Minimal")  # an error in a line""",
    """\
## TODO: the heading of the first step

TODO: a sentence or two on the next cell, a small one; the reader predicts \
its value.""",
    """\
from wsgi import app

app.test_client().get("/").text""",
    """\
TODO: a sentence on what we saw; then more cells.

## What comes next

TODO: lead on. Back to the [map](00_start_here.ipynb).""",
]

CHAPTER_LEFT = """\
{path} is begun. What is left to do:
- write it, wherever it says TODO: `make lab`. Its question stands in three \
places: its first cell, the README and the map in \
notebooks/00_start_here.ipynb.
- lead to it from the last cell of {before_path}, and from its own last cell \
to what comes next.
- say in classroom/README.md when a class comes to it.
- `make notebooks ARGS={path}` runs it and stores what it shows; \
`make check ARGS={path}` names each TODO and the faults of style; \
`make test ARGS={path}` runs it as the tests do."""

HINT = "<details><summary>A hint</summary>\n\nTODO: which question helps?\n\n</details>"

EXERCISE = "## {n}. {kind}: TODO: its title\n\nTODO: what is `tea()` to do?"

ANSWER = """\
# Exercise {n}
def tea():
    ### BEGIN SOLUTION
    return "TODO: the answer"
    ### END SOLUTION"""

CHECK = '''

def exercise_{n}(answer):
    """TODO: its title."""
    hint = say("TODO: which question helps?")
    answer.expect("tea()", "TODO: the answer", hint)
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

Three exercises on chapter [{sheet}](../../notebooks/{file}). About {minutes} minutes.

As before: write each answer into the cell that begins with `# Exercise`, run \
it, run the check below it, and save the notebook. An answer stands alone, \
imports too.

What judges them is in [checks/sheet_{sheet}.py](../checks/sheet_{sheet}.py): \
you may read it.

{whom}"""

NEXT = """\
## What comes next

All done? Compare your answers with [the solved sheet](../solutions/{file}): \
they may be as right, and different.

TODO: lead on."""

CHECKS = '"""The checks of sheet {sheet}."""\n\nfrom exercises.words import say\n'

WRONG_ANSWERS = """\
# Wrong answers to sheet {sheet}

Answers of the kind that people give, and a part of what the check says to \
each. `done` marks one that is right, though it is not ours. A `diff` changes \
our solution.
"""

EXERCISE_LEFT = """\
Begun in {path}: exercise {numbers}. What is left to do, wherever it says TODO:
- text, answer and hint: `make lab`, and open the sheet. Its first cell sums \
up exercises and minutes.
- the check: {functions} in {judge}.
- {kept} wrong answers or more to each: {wrong}.
- `make exercises ARGS={path}` makes the blank and runs both; \
`make check ARGS={path}` names what is not written yet; \
`make test ARGS="tests/test_exercises.py -k {sheet}-{n}"` judges the kept \
answers to exercise {n}."""
