"""The tests on every supported Python that this machine has: `nox`."""

import nox

nox.options.error_on_missing_interpreters = False


@nox.session(python=["3.11", "3.12", "3.13"])
def tests(session):
    """Install the tested versions and run the tests."""
    session.install("--require-hashes", "-r", "requirements.lock")
    session.run("python", "-m", "pytest", *session.posargs)
