"""Make an nbgrader course of the sheets:   python classroom/grading/course.py FOLDER"""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOLUTIONS = HERE.parent.parent / "exercises" / "solutions"


def make(folder):
    """Make the course in `folder`, a Path, new or empty; return its sheets,
    a list of str. FileExistsError where there is something already."""
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty: name a new folder")
    names = []
    for path in sorted(SOLUTIONS.glob("*.ipynb")):
        source = folder / "source" / path.stem
        source.mkdir(parents=True)
        shutil.copy(path, source)
        names.append(path.stem)
    shutil.copy(HERE / "nbgrader_config.py", folder)
    return names


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        print("\n".join(make(Path(sys.argv[1]))))
    except OSError as error:
        sys.exit(f"course: {error}")
