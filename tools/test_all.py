"""Run the tests on every supported Python that this machine has.

Usage: python -m tools.test_all [options of pytest]

The supported Pythons are those of pyproject.toml; the variable PYTHONS
names others, with spaces between: make test-all PYTHONS="/opt/py/python3.15".
Each gets an environment in .pythons/. What is not here is named. The exit
status is 1 when tests fail, or when what PYTHONS names is not there.
"""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")


def supported():
    """The versions that the tests pass on, a list of str."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    return tomllib.loads(text)["tool"]["workbook"]["pythons"]


def find(name):
    """The path of a Python, named by version or path, a str, or None."""
    command = [UV, "python", "find", "--system", name]
    found = subprocess.run(
        [*command, "--no-project", "--no-python-downloads"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.strip() or None


def test(name, python, options):
    """Install the tested versions for the Python of that name and path, and
    run the tests with `options`, a list of str; return whether all went
    well."""
    folder = re.sub(r"[^\w.]+", "-", name).strip("-")
    there = ROOT / ".pythons" / folder / "bin" / "python"
    make = ["venv", "--quiet", "--clear", "--seed", "--python"]
    install = ["pip", "install", "--quiet", "--require-hashes", "--python"]
    return all(
        subprocess.run(command, cwd=ROOT, check=False).returncode == 0
        for command in (
            [UV, *make, python, there.parent.parent],
            [UV, *install, there, "-r", "requirements.lock"],
            ["bash", "tools/build_uwsgi.sh", there],
            [there, "-m", "pytest", *options],
        )
    )


def main(options):
    """Test them all; return the exit status."""
    named = os.environ.get("PYTHONS", "").split()
    results = {}
    for name in [*supported(), *named]:
        if python := find(name):
            print(f"== {name}: {python}", flush=True)
            passed = test(name, python, options)
            results[name] = "passed" if passed else "FAILED"
        else:
            results[name] = "NOT THERE" if name in named else "not here"
    for name, result in results.items():
        print(f"{name}: {result}")
    return int(any(result.isupper() for result in results.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
