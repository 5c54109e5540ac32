"""The files of the project."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def tracked():
    """The files that git keeps, a list of Path; none where there is no git."""
    git = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    try:
        names = subprocess.run(
            git, cwd=ROOT, capture_output=True, check=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return []
    paths = [ROOT / name for name in names.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]
