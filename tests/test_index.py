"""The indexes: each rule of PEP 3333 and each error has an executed cell,
and the tables are what the cells' tags say."""

import copy

import pytest
from nbformat.v4 import (
    new_code_cell,
    new_markdown_cell,
    new_notebook,
    new_output,
)

from tools import glossary, index
from tools.index import (
    ERROR,
    ERRORS,
    RULE,
    RULES,
    bad_errors,
    bad_rules,
    unseen_errors,
    unseen_rules,
)
from tools.workbook import NOTEBOOKS, chapters, read, rows

LEAST = 280  # errors that people get stuck on, and that cells produce


@pytest.fixture(scope="module")
def notebooks():
    """The chapters, {Path: notebook}."""
    return {path: read(path) for path in chapters()}


@pytest.fixture
def cells(notebooks):
    return [cell for n in notebooks.values() for cell in n.cells]


@pytest.mark.parametrize(("bad", "path"), [(bad_rules, RULES), (bad_errors, ERRORS)])
def test_the_rows(bad, path):
    found = list(bad(rows(path)))
    assert not found, "\n".join(found)


def test_a_row_with_a_comma_too_many_is_told(tmp_path):
    path = tmp_path / "errors.csv"
    path.write_text("slug,cure\nfull,df -h, then rotate\n", "utf-8")
    with pytest.raises(ValueError, match=r"line 2: .* then rotate.*quotes"):
        rows(path)


@pytest.mark.parametrize(
    ("unseen", "path"), [(unseen_rules, RULES), (unseen_errors, ERRORS)]
)
def test_each_row_has_a_cell_and_each_tag_a_row(cells, unseen, path):
    found = list(unseen(rows(path), cells))
    assert not found, "\n".join(found)


def test_each_word_is_defined_once(notebooks):
    found = list(glossary.faults(notebooks))
    assert not found, "\n".join(found)


def test_the_words_that_a_reader_needs_are_defined(notebooks):
    found = list(glossary.missing(notebooks))
    assert not found, "\n".join(found)


def test_there_are_enough():
    """Of those that are produced here; others' messages are not counted."""
    produced = [error for error in rows(ERRORS) if not error["source"]]
    assert len(produced) >= LEAST


def test_the_tables_are_fresh(notebooks):
    found = [f"{path.name} {wrong}" for path, wrong in index.stale(notebooks)]
    assert not found, "\n".join(found)


def test_stale_tables_are_found(notebooks):
    """Here, since all chapters but the indexes are lost."""
    only = {p: n for p, n in notebooks.items() if p.name > "91"}
    assert [path.name for path, _ in index.stale(only)] == [
        "91_find_a_rule.ipynb",
        "92_find_an_error.ipynb",
        "93_glossary.ipynb",
    ]
    assert {path for path, _ in index.faults(only)} >= {RULES, ERRORS}


# Faults are found.

THE_RULE = {
    "number": "1",
    "who": "app",
    "level": "must",
    "rule": "So.",
    "read": "",
}
THE_ERROR = {
    "slug": "nobody",
    "message": "No tea today",
    "status": "3",
    "group": "code",
    "cause": "So.",
    "cure": "So.",
    "also": "",
    "source": "",
}


def cell(tag, text="status 3: No tea today", outputs=1):
    return new_code_cell(
        id="c",
        metadata={"tags": [tag]},
        outputs=[new_output("stream", text=text)] * outputs,
    )


def test_unseen_rules_can_be_found():
    one, two = cell(f"{RULE}1"), cell(f"{RULE}2")
    read = THE_RULE | {"read": "https://a.example"}
    assert not list(unseen_rules([THE_RULE], [one]))
    assert not list(unseen_rules([read], []))
    assert "has no cell" in next(unseen_rules([THE_RULE], []))
    assert "no rule 2" in next(unseen_rules([THE_RULE], [one, two]))
    mute = cell(f"{RULE}1", outputs=0)
    assert "has no cell" in next(unseen_rules([THE_RULE], [mute]))


def test_unseen_errors_can_be_found():
    def found(*cells):
        return list(unseen_errors([THE_ERROR], cells))

    good = cell(f"{ERROR}nobody")
    assert not found(good)
    assert "no cell" in found()[0]
    assert "No tea" in found(cell(f"{ERROR}nobody", "status 3: tea"))[0]
    assert "status 3" in found(cell(f"{ERROR}nobody", "No tea today"))[0]
    assert "no row" in found(good, cell(f"{ERROR}other"))[0]


def test_what_others_have_seen_has_no_cell():
    other = THE_ERROR | {"group": "elsewhere", "source": "https://a.example"}
    assert not list(bad_errors([other])) and not list(unseen_errors([other], []))
    (fault,) = unseen_errors([other], [cell(f"{ERROR}nobody")])
    assert "drop its source" in fault
    assert index.error_row(other, {})[-1] == "[others](https://a.example)"


@pytest.mark.parametrize(
    "fault",
    [
        {"number": "0"},
        {"who": "browser"},
        {"level": "could"},
        {"rule": "so"},
        {"read": "http://a.example"},
    ],
)
def test_bad_rules_can_be_found(fault):
    good = [THE_RULE | {"number": str(n)} for n in range(1, 99)]
    assert not list(bad_rules(good))
    assert list(bad_rules([THE_RULE | fault, *good[1:]]))


@pytest.mark.parametrize(
    "fault",
    [
        {"message": "No tea"},
        {"message": "... no tea today"},
        {"also": "tea"},
        {"group": "tea"},
        {"cause": "so"},
        {"cure": "so"},
        {"cure": "So | so."},
        {"source": "https://a.example"},
        {"group": "elsewhere"},
        {"group": "elsewhere", "source": "http://a.example"},
    ],
)
def test_bad_errors_can_be_found(fault):
    assert not list(bad_errors([THE_ERROR]))
    assert list(bad_errors([THE_ERROR | fault]))
    assert "several" in next(bad_errors([THE_ERROR, THE_ERROR]))


def page(*ends):
    """A chapter whose last cell says these words, by its Path."""
    cells = [new_markdown_cell("# Tea\n\n**Tea**: no definition.")]
    cells += [new_markdown_cell(words, id=f"c{n}") for n, words in enumerate(ends)]
    return {NOTEBOOKS / "05_tea.ipynb": new_notebook(cells=cells)}


def test_definitions_are_found():
    """Several in a line, and in lines of their own; by the alphabet."""
    one = "In **Pots**.\n\n**Tea pot**: a | pot, **warm**. **environ**: a dict."
    two = "- **`No`**: not one.\n**Backlog**: the queue (of visitors)."
    assert glossary.rows(page(one, two)) == [
        ["**Backlog**", "the queue (of visitors).", "[05](05_tea.ipynb#cell-id=c1)"],
        ["**environ**", "a dict.", "[05](05_tea.ipynb#cell-id=c0)"],
        ["**Tea pot**", r"a \| pot, **warm**.", "[05](05_tea.ipynb#cell-id=c0)"],
    ]


def test_bad_definitions_can_be_found():
    good, again = "**Tea**: a drink.", "**tea**: a leaf."
    assert not list(glossary.faults(page(good)))
    assert len(list(glossary.faults(page(good, again)))) == 2
    assert "full stop" in next(glossary.faults(page(good[:-1])))


def test_missing_definitions_can_be_found():
    every = "\n".join(f"**{term.title()}**: a word." for term in glossary.WANTED)
    assert not list(glossary.missing(page(every)))
    (fault,) = glossary.missing(page(every.replace("Wsgi", "Asgi")))
    assert "nobody defines WSGI" in fault


# The rows of a table are the tool's; all else is the author's.

PAGE = """\
## 服务器的规则

Words above.

| rule | what |
|--:|---|
| 7 | old |
| 8 | old |

Words below."""


def test_only_the_rows_are_replaced():
    expected = PAGE.replace("| 8 | old |\n", "").replace("old", "new")
    assert index.filled(PAGE, [["7", "new"]]) == expected
    assert index.filled(expected, [["7", "old"], ["8", "old"]]) == PAGE
    empty = index.filled(PAGE, [])
    assert index.filled(empty, [["7", "new"]]) == expected


@pytest.mark.parametrize("text", ["No table.", f"{PAGE}\n\n{PAGE}"])
def test_a_cell_without_its_one_table_is_refused(text):
    with pytest.raises(ValueError, match="one table"):
        index.filled(text, [])


def test_each_group_needs_its_cell():
    tags = {"tags": ["table-a"]}
    page = new_notebook(cells=[new_markdown_cell(PAGE, metadata=tags)])
    before = copy.deepcopy(page)
    with pytest.raises(ValueError, match="table-GROUP for each of a, b"):
        index.fill(page, {"a": [], "b": []})
    assert page == before
    index.fill(page, {"a": []})
    assert "old" not in page.cells[0].source
