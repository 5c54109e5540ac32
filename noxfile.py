"""The tests on every supported Python that this machine has, and on those
that PYTHONS names: `make test-all PYTHONS="/opt/py/bin/python3.15"`."""

import os
import shutil

import nox

nox.options.error_on_missing_interpreters = False
TESTED = nox.project.load_toml("pyproject.toml")["tool"]["workbook"]
NAMED = os.environ.get("PYTHONS", "").split()
if missing := [python for python in NAMED if not shutil.which(python)]:
    raise SystemExit(f"PYTHONS names what is not there: {missing}")


@nox.session(python=[*TESTED["pythons"], *NAMED])
def tests(session):
    """Install the tested versions and run the tests."""
    session.install("--require-hashes", "-r", "requirements.lock")
    session.run("bash", "tools/build_uwsgi.sh", "python", external=True)
    session.run("python", "-m", "pytest", *session.posargs)
