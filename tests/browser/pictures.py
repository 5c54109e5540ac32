"""Take pictures of chapters as JupyterLab shows them, to look at.

Usage: python -m tests.browser.pictures FOLDER [NOTEBOOK ...]    (default: all)
FOLDER gets 01_name-1.png, 01_name-2.png, ...: a chapter from its top on.
"""

import sys
import tempfile
from pathlib import Path

from tests.browser.lab import (
    CHROMIUM,
    MISSING,
    ROOT,
    chromium,
    opened,
)
from tools.copying import copy_project

SIZE = {"width": 1200, "height": 1600}
WHOLE = {  # all cells are drawn, and no empty page follows them
    "@jupyterlab/notebook-extension:tracker": {
        "windowingMode": "none",
        "scrollPastEnd": False,
    }
}


def take(page, folder, name):
    """Save pictures of the chapter in `page` as folder/name-1.png ..."""
    page.wait_for_load_state("networkidle")  # with the images it shows
    panel = page.locator(".jp-WindowedPanel-outer")
    height = panel.evaluate("panel => panel.clientHeight")
    total = panel.evaluate("panel => panel.scrollHeight")
    for number, top in enumerate(range(0, total, height), 1):
        panel.evaluate("(panel, top) => panel.scrollTop = top", top)
        page.screenshot(path=folder / f"{name}-{number}.png")
    print(f"{name}: {number} pictures")


def main(folder, *names):
    """Take pictures of chapters, named as in notebooks/01_name.ipynb."""
    names = names or sorted(ROOT.glob("notebooks/*.ipynb"))
    with tempfile.TemporaryDirectory() as home:
        home = Path(home)
        project = copy_project(home / "project")
        with chromium(home) as browser:
            for name in map(Path, names):
                chapter = project / name.resolve().relative_to(ROOT)
                with opened(
                    chapter, browser, home, "doc", WHOLE, viewport=SIZE
                ) as page:
                    take(page, Path(folder), name.stem)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if not CHROMIUM:
        sys.exit(MISSING)
    main(*sys.argv[1:])
