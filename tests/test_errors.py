"""Each entry of the error index is produced by a cell, live.

That the page is fresh, tests/test_rules.py looks at, for both indexes.
"""

import csv
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
TAG = "error-"
GROUPS = {"code", "start", "serve", "change", "proxy"}
LEAST = 20  # that people get stuck on


def errors():
    with open(NOTEBOOKS / "errors.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cells():
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        yield from nbformat.read(path, as_version=4).cells


def shown(cell):
    """All text that a code cell's outputs show, one str."""
    words = ""
    for output in cell.get("outputs", []):
        words += output.get("text", "")
        words += output.get("data", {}).get("text/plain", "")
        if output.output_type == "error":
            words += f"{output.ename}: {output.evalue}"
    return re.sub(r"\x1b\[[0-9;]*m", "", words)


def faults(errors, cells):
    """Yield what is wrong between the entries and the cells' outputs."""
    outputs = {}
    for cell in cells:
        for tag in cell.metadata.get("tags", []):
            if tag.startswith(TAG):
                slug = tag.removeprefix(TAG)
                outputs[slug] = outputs.get(slug, "") + shown(cell)
    for slug in outputs.keys() - {error["slug"] for error in errors}:
        yield f"the tag {TAG}{slug} has no row in errors.csv: add one"
    for error in errors:
        slug, status = error["slug"], error["status"]
        if error["message"] not in outputs.get(slug, ""):
            yield f"no cell tagged {TAG}{slug} shows {error['message']!r}"
        if status and not re.search(
            rf"\b{status}\b", outputs.get(slug, "")
        ):
            yield f"no cell tagged {TAG}{slug} shows the status {status}"


def bad_rows(errors):
    """Yield what is wrong with the rows of errors.csv."""
    slugs = [error["slug"] for error in errors]
    for error in errors:
        slug = error["slug"]
        if slugs.count(slug) > 1:
            yield f"{slug}: there are several, make them one"
        if len(error["message"]) < 8:
            yield f"{slug}: the message is too short to search for"
        if error["group"] not in GROUPS:
            yield f"{slug}: the group is none of {sorted(GROUPS)}"
        for part in "cause", "cure":
            if not error[part].endswith("."):
                yield f"{slug}: write the {part} as a sentence"
        if "|" in "".join(error.values()):
            yield f"{slug}: a | would end the column of the table"


def test_there_are_enough():
    assert len(errors()) >= LEAST


def test_the_rows():
    found = list(bad_rows(errors()))
    assert not found, "\n".join(found)


def test_each_entry_is_produced_and_each_tag_has_an_entry():
    found = list(faults(errors(), cells()))
    assert not found, "\n".join(found)


ERROR = {
    "slug": "nobody",
    "message": "No tea today",
    "status": "3",
    "group": "code",
    "cause": "So.",
    "cure": "So.",
}


def cell(slug="nobody", text="status 3: No tea today"):
    return new_code_cell(
        id="c",
        metadata={"tags": [TAG + slug]},
        outputs=[new_output("stream", text=text)],
    )


def test_faults_can_be_found():
    assert not list(faults([ERROR], [cell()]))
    assert "no cell" in next(faults([ERROR], []))
    assert "No tea" in next(faults([ERROR], [cell(text="status 3: tea")]))
    assert "status 3" in next(faults([ERROR], [cell(text="No tea today")]))
    assert "no row" in next(faults([ERROR], [cell(), cell("other")]))


@pytest.mark.parametrize(
    "fault",
    [
        {"message": "No tea"},
        {"group": "tea"},
        {"cause": "so"},
        {"cure": "so"},
        {"cure": "So | so."},
    ],
)
def test_bad_rows_can_be_found(fault):
    assert not list(bad_rows([ERROR]))
    assert list(bad_rows([ERROR | fault]))
    assert "several" in next(bad_rows([ERROR, ERROR]))
