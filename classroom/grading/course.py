"""Make an nbgrader course of the sheets:   python -m classroom.grading.course FOLDER"""

import shutil
import sys
from pathlib import Path

from tools.copying import copy_project

HERE = Path(__file__).resolve().parent
SOLUTIONS = HERE.parent.parent / "exercises" / "solutions"
# What a checked answer could copy from, and what no check needs.
LEFT_OUT = "solutions", "wrong", "tests", "classroom", ".github", ".ci"


def make(folder):
    """Make the course in `folder`, a Path, new or empty; return its sheets,
    a list of str. FileExistsError where there is something already.

    `folder`/workbook is a copy of the project, in which sheets are graded: without
    solutions, and to be read only.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    names = []
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        source = folder / "source" / path.stem
        source.mkdir(parents=True)
        shutil.copy(path, source)
        names.append(path.stem)
    shutil.copy(HERE / "nbgrader_config.py", folder)
    workbook = copy_project(folder / "workbook", *LEFT_OUT)
    for path in [workbook, *workbook.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444 | path.stat().st_mode & 0o111)
    return names


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        print("\n".join(make(Path(sys.argv[1]))))
    except OSError as error:
        sys.exit(f"course: {error}")
