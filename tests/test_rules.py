"""All rules of PEP 3333 have an executed cell, and the index lists it."""

import csv
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
TAG = "pep3333-"
LEVELS = {"must", "must not", "should", "should not", "may", "says"}
ROLES = {"all", "server", "app", "middleware"}


def rules():
    with open(NOTEBOOKS / "pep3333.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def cells():
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        yield from nbformat.read(path, as_version=4).cells


def numbers(cell):
    """The rules that the tags of `cell` name, a list of str."""
    tags = cell.metadata.get("tags", [])
    return [t.removeprefix(TAG) for t in tags if t.startswith(TAG)]


def faults(rules, cells):
    """Yield what is wrong between the rules and the tags of the cells."""
    known, shown = {rule["number"] for rule in rules}, set()
    for cell in cells:
        for number in numbers(cell):
            if cell.get("outputs"):
                shown.add(number)
            if number not in known:
                yield f"cell {cell.id}: no rule {number} in pep3333.csv"
    for rule in rules:
        if rule["number"] not in shown and not rule["read"]:
            yield (
                f"rule {rule['number']} has no cell with an output: show it, and "
                f"give the cell the tag {TAG}{rule['number']}"
            )


def bad_rows(rules):
    """Yield what is wrong with the rows of pep3333.csv."""
    if [r["number"] for r in rules] != [str(n) for n in range(1, 99)]:
        yield "the numbers are not 1 to 98: they are fixed, drop none"
    for rule in rules:
        if rule["level"] not in LEVELS:
            yield f"rule {rule['number']}: the level is none of {LEVELS}"
        if not set(rule["who"].split(", ")) <= ROLES:
            yield f"rule {rule['number']}: who is not of {ROLES}"
        if not rule["rule"].endswith((".", ".)")):
            yield f"rule {rule['number']}: write it as a sentence"
        if rule["read"] and not rule["read"].startswith("https://"):
            yield f"rule {rule['number']}: link to a page with https"


def test_the_rows():
    found = list(bad_rows(rules()))
    assert not found, "\n".join(found)


def test_each_rule_has_a_cell_and_each_tag_a_rule():
    found = list(faults(rules(), cells()))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("tool", ["index_rules.py", "index_errors.py"])
def test_the_index_is_fresh(tool):
    command = [sys.executable, f"tools/{tool}", "--check"]
    check = subprocess.run(
        command, cwd=ROOT, check=False, capture_output=True, text=True
    )
    made = f"run `.venv/bin/python tools/{tool}`"
    assert check.returncode == 0, f"{check.stdout}{check.stderr}\n{made}"


def shows(number, outputs=1):
    return new_code_cell(
        id="c",
        metadata={"tags": [f"{TAG}{number}"]},
        outputs=[new_output("stream", text="so")] * outputs,
    )


RULE = {
    "number": "1",
    "who": "app",
    "level": "must",
    "rule": "So.",
    "read": "",
}


def test_faults_can_be_found():
    assert not list(faults([RULE], [shows(1)]))
    assert not list(faults([RULE | {"read": "https://a.example"}], []))
    assert "has no cell" in next(faults([RULE], []))
    assert "no rule 2" in next(faults([RULE], [shows(1), shows(2)]))
    assert "has no cell" in next(faults([RULE], [shows(1, outputs=0)]))


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
def test_bad_rows_can_be_found(fault):
    good = [RULE | {"number": str(n)} for n in range(1, 99)]
    assert not list(bad_rows(good))
    assert list(bad_rows([RULE | fault, *good[1:]]))


def test_a_stale_index_is_found(tmp_path):
    """A copy that has lost all chapters but the index is stale."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "notebooks").mkdir()
    for name in "kernels.py", "refresh.py", "index_rules.py":
        text = (ROOT / "tools" / name).read_text("utf-8")
        (tmp_path / "tools" / name).write_text(text, "utf-8")
    for name in "pep3333.csv", "91_find_a_rule.ipynb":
        text = (NOTEBOOKS / name).read_text("utf-8")
        (tmp_path / "notebooks" / name).write_text(text, "utf-8")
    (tmp_path / "wsgi.py").touch()

    command = [sys.executable, "tools/index_rules.py", "--check"]
    assert (
        subprocess.run(command, cwd=tmp_path, check=False).returncode == 1
    )
