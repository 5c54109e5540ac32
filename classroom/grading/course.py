"""Make an nbgrader course of the sheets, in English or in the language of an edition."""

import argparse
import shutil
import sys
from pathlib import Path

from tools.copying import copy_project
from tools.sheets import STUB
from tools.translate.catalogue import is_done, read_po
from tools.translate.edition import Edition, editions
from tools.workbook import ROOT, SOLUTIONS, name_of

HERE = Path(__file__).resolve().parent
# What a checked answer could copy from, and what no check needs.
LEFT_OUT = "solutions", "wrong", "po", "tests", "classroom", ".github", ".ci"


def make(folder, edition=""):
    """Make the course in `folder`, a Path, new or empty; return its sheets,
    a list of str. FileExistsError where there is something already. The sheets
    are those of an `edition`, a folder such as "zh", or the English ones.

    `folder`/workbook is a copy of the project, in which sheets are graded: without
    solutions, and to be read only.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    names = []
    for path in sorted(Path(ROOT, edition, name_of(SOLUTIONS)).glob("*.ipynb")):
        source = folder / "source" / path.stem
        source.mkdir(parents=True)
        shutil.copy(path, source)
        names.append(path.stem)
    config = (HERE / "nbgrader_config.py").read_text("utf-8")
    ours = config.replace(STUB, stub_of(edition)) if edition else config
    Path(folder, "nbgrader_config.py").write_text(ours, "utf-8")
    workbook = copy_project(folder / "workbook", *LEFT_OUT)
    for path in [workbook, *workbook.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444 | path.stat().st_mode & 0o111)
    return names


def stub_of(edition):
    """What stands where an answer goes in the sheets of an edition, a str."""
    code, mark, comment = STUB.partition("# ")
    comments = read_po(Edition(ROOT / edition).po("comments"))
    said = {entry.msgid: entry.msgstr for entry in comments if is_done(entry)}
    return code + mark + said.get(comment, comment)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="course", description=__doc__)
    parser.add_argument("folder", type=Path, help="new or empty")
    names = [edition.folder.name for edition in editions()]
    parser.add_argument("--edition", choices=names, default="")
    typed = parser.parse_args()
    try:
        print("\n".join(make(typed.folder, typed.edition)))
    except OSError as error:
        sys.exit(f"course: {error}")
