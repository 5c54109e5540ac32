"""The rules that the workflows of the public CI keep, and what the steps
do that speak to the host."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from notebooks.serving import KEPT
from tools.needs import POSIX

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".github/workflows"
PATHS = sorted(FOLDER.glob("*.yml"))
TARGETS = re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = PROJECT["tool"].get("workbook", {}).get("pythons")
RUNS_CELLS = r'(?m)make (test|upgrade|canary|"\$TARGET")( |$)'
PINNED = r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$"


def read(path):
    return yaml.safe_load(path.read_text("utf-8"))


def cells(job):
    """The cells of a job's matrix, a list of dicts."""
    matrix = job.get("strategy", {}).get("matrix", {})
    lists = {k: v for k, v in matrix.items() if k != "include"}
    rows = [{}]
    for name, values in lists.items():
        rows = [row | {name: value} for row in rows for value in values]
    return matrix.get("include", []) + (rows if lists else [])


def steps(workflow):
    return [s for job in workflow["jobs"].values() for s in job["steps"]]


# Each rule is a function that takes a workflow and yields its faults.


def allows_nothing_at_the_top(workflow):
    if workflow.get("permissions") != {}:
        yield "add `permissions: {}`: each job says what it needs"


def jobs_say_what_they_may_do_and_how_long(workflow):
    for name, job in workflow["jobs"].items():
        for key in "permissions", "timeout-minutes":
            if key not in job:
                yield f"the job {name} lacks {key}"


def jobs_that_write_say_why(workflow):
    lines = workflow["text"].splitlines()
    for line in lines:
        if re.search(r"^ +[\w-]+: write\b", line) and "#" not in line:
            yield f"{line.strip()}: say why in a comment"


def keeps_no_credentials(workflow):
    for step in steps(workflow):
        if "checkout@" in step.get("uses", ""):
            kept = step.get("with", {}).get("persist-credentials")
            if kept is not False:
                yield "checkout needs `persist-credentials: false`"


def actions_are_pinned(workflow):
    for line in workflow["text"].splitlines():
        if "uses:" in line and not re.search(PINNED, line):
            yield f"{line.strip()}: 40 digits, and # v1.2.3 for people"


def has_no_secret(workflow):
    if found := re.search(r"\bsecrets\b", workflow["text"]):
        yield f"{found[0]}: the host's own token is enough"


def one_run_tells_all(workflow):
    for name, job in workflow["jobs"].items():
        strategy = job.get("strategy", {"fail-fast": False})
        if strategy.get("fail-fast") is not False:
            yield f"the job {name} lacks `fail-fast: false`"


def calls_targets_that_exist(workflow):
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            for asked in re.findall(r"\bmake (\S+)", step.get("run", "")):
                names = [asked]
                if asked == '"$TARGET"':
                    names = [cell["target"] for cell in cells(job)]
                for name in set(names) - {*TARGETS}:
                    yield f"`make {name}` is not in the Makefile"


def pythons_are_supported(workflow):
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            asked = step.get("with", {}).get("python-version")
            if asked == "${{ matrix.python }}":
                versions = [cell["python"] for cell in cells(job)]
            else:
                versions = [asked] if asked else []
            for version in versions:
                if not isinstance(version, str):
                    yield f"{version}: quote it, or 3.20 becomes 3.2"
                elif PYTHONS and version.removesuffix("t") not in PYTHONS:
                    yield f"{version} is not one of {PYTHONS}"


def every_cell_can_run_on_linux(workflow):
    """Else what its tags name would be missing, and it would be skipped."""
    for name, job in workflow["jobs"].items():
        runs = "\n".join(step.get("run", "") for step in job["steps"])
        pythons = [step.get("with", {}).get("python-version") for step in job["steps"]]
        if on_linux(job) and re.search(RUNS_CELLS, runs):
            for setting in "apparmor_restrict_unprivileged_userns", "yama.ptrace_scope":
                if f"kernel.{setting}=0" not in runs:
                    yield f"the job {name}: add kernel.{setting}=0"
            if "3.14t" not in [*filter(None, pythons)][:-1]:
                yield f"the job {name} lacks 3.14t, before its own Python"


def on_linux(job):
    return not job.get("runs-on", "").startswith(("macos", "windows"))


def root_keeps_no_cache(workflow):
    """The host would look for it where the pip of root keeps none."""
    for name, job in workflow["jobs"].items():
        root = any("sudo env" in step.get("run", "") for step in job["steps"])
        if root and any("cache" in step.get("with", {}) for step in job["steps"]):
            yield f"the job {name}: drop `cache`"


def a_job_that_fails_has_failed(workflow):
    """Else those that ask for its result are told that it was a success."""
    for name, job in workflow["jobs"].items():
        if "continue-on-error" in job:
            yield f"the job {name}: drop `continue-on-error`"


def waits_for_all(name, jobs):
    """Whether a job begins only after `all`, or after one that does."""
    needs = jobs[name].get("needs", [])
    needs = [needs] if isinstance(needs, str) else needs
    return any(name == "all" or waits_for_all(name, jobs) for name in needs)


def all_needs_all(workflow):
    """But what runs on a system where nobody has seen it pass."""
    jobs = workflow["jobs"]
    if "all" in jobs:
        for name in {*jobs} - {"all", *jobs["all"]["needs"]}:
            if on_linux(jobs[name]) and not waits_for_all(name, jobs):
                yield f"the job `all` does not need {name}"


RULES = [
    allows_nothing_at_the_top,
    jobs_say_what_they_may_do_and_how_long,
    jobs_that_write_say_why,
    keeps_no_credentials,
    actions_are_pinned,
    has_no_secret,
    one_run_tells_all,
    calls_targets_that_exist,
    pythons_are_supported,
    every_cell_can_run_on_linux,
    root_keeps_no_cache,
    a_job_that_fails_has_failed,
    all_needs_all,
]


def parse(text):
    return yaml.safe_load(text) | {"text": text}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_rule(path, rule):
    faults = list(rule(parse(path.read_text("utf-8"))))
    assert not faults, "\n".join([path.name, *faults])


GOOD = f"""\
permissions: {{}}
jobs:
  one:
    timeout-minutes: 5
    permissions:
      issues: write # opens one
    strategy:
      fail-fast: false
      matrix:
        python: ["3.11"]
        include: []
    steps:
      - uses: actions/checkout@{"0" * 40} # v1.2.3
        with:
          persist-credentials: false
      - with:
          python-version: 3.14t
      - with:
          python-version: ${{{{ matrix.python }}}}
          cache: pip
      - run: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0
      - run: sudo sysctl -w kernel.yama.ptrace_scope=0
      - run: make canary
  elsewhere:
    runs-on: macos-15
    timeout-minutes: 5
    permissions: {{}}
    steps: []
  all:
    timeout-minutes: 5
    permissions: {{}}
    needs: [one]
    steps: []
  pages:
    timeout-minutes: 5
    permissions: {{}}
    needs: all
    steps: []
  publish:
    timeout-minutes: 5
    permissions: {{}}
    needs: [pages]
    steps: []
"""
FAULTS = [  # rule, a piece of GOOD, and what is there in its place
    (allows_nothing_at_the_top, "permissions: {}\njobs", "jobs"),
    (allows_nothing_at_the_top, "{}\njobs", "{contents: read}\njobs"),
    (jobs_say_what_they_may_do_and_how_long, "timeout-minutes: 5", "x: 5"),
    (jobs_that_write_say_why, " # opens one", ""),
    (keeps_no_credentials, "persist-credentials: false", "x: false"),
    (keeps_no_credentials, "credentials: false", "credentials: true"),
    (actions_are_pinned, "0" * 40, "v1"),
    (actions_are_pinned, " # v1.2.3", ""),
    (has_no_secret, "make canary", "echo ${{ secrets.KEY }}"),
    (one_run_tells_all, "fail-fast: false", "fail-fast: true"),
    (one_run_tells_all, "      fail-fast: false\n", ""),
    (calls_targets_that_exist, "make canary", "make tea"),
    (pythons_are_supported, '["3.11"]', "[3.11]"),
    (pythons_are_supported, "3.14t", "3.10t"),
    (every_cell_can_run_on_linux, "ptrace_scope=0", "ptrace_scope=1"),
    (every_cell_can_run_on_linux, "userns=0", "userns=1"),
    (every_cell_can_run_on_linux, "python-version: 3.14t", 'python-version: "3.14"'),
    (root_keeps_no_cache, "make canary", "sudo env make canary"),
    (a_job_that_fails_has_failed, "timeout-minutes", "continue-on-error: 1\n    x"),
    (all_needs_all, "needs: [one]", "needs: []"),
    (all_needs_all, "needs: all", "needs: one"),
    (all_needs_all, "runs-on: macos-15", "runs-on: ubuntu-24.04"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_workflow_passes(rule):
    assert list(rule(parse(GOOD))) == []


@pytest.mark.parametrize(("rule", "old", "new"), FAULTS)
def test_each_rule_can_fail(rule, old, new):
    assert old in GOOD
    assert list(rule(parse(GOOD.replace(old, new, 1))))


def test_each_rule_has_a_fault():
    assert {rule for rule, *_ in FAULTS} == set(RULES)


def test_every_supported_python_is_tested():
    if not PYTHONS:
        pytest.skip("pyproject.toml does not name the Pythons")
    rows = cells(read(FOLDER / "test.yml")["jobs"]["make"])
    tested = {
        row["python"]
        for row in rows
        if row["target"] == "test" and row["os"].startswith("ubuntu")
    }
    assert tested == {*PYTHONS}


def test_the_readme_says_what_macos_and_windows_are_tested_on():
    jobs = read(FOLDER / "test.yml")["jobs"]
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in "macos", "windows":
        pythons = jobs[name]["strategy"]["matrix"]["python"]
        assert f"macOS (arm64) and Windows with {' and '.join(pythons)}" in readme


def test_what_macos_is_told_its_servers_hear_and_the_readme_says():
    for name, value in read(FOLDER / "test.yml")["jobs"]["macos"]["env"].items():
        assert name in KEPT
        assert f"export {name}={value}" in (ROOT / "README.md").read_text("utf-8")


def test_the_canary_takes_all_that_we_need():
    """Some have no wheel for the newest Python, and are left out there."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    words = [line.partition(" #")[0].strip() for line in lines]
    needed = [Requirement(word) for word in words if word and word[0] != "#"]
    steps = read(FOLDER / "weekly.yml")["jobs"]["canary"]["steps"]
    asked = [step.get("with", {}).get("python-version") for step in steps]
    *_, python = filter(None, asked)
    system = {"python_version": python, "sys_platform": "linux"}
    markers = {one.name: one.marker for one in needed if one.marker}
    left_out = [n for n, marker in markers.items() if not marker.evaluate(system)]
    assert markers and not left_out


# The steps that speak to the host, with a `gh` that notes what it is asked
# and knows the issue whose number is in the file `open`.

GH = """\
#!/usr/bin/env bash
echo "$@" >>asked.txt
case "$1 $2" in
"issue list") cat open ;;
"pr create") [[ ! -e proposed ]] ;;
esac
"""
STORED, CHANGED = "success success success", "failure success success"
bash = pytest.mark.skipif(not POSIX, reason="runs bash, on Linux")


@pytest.fixture
def step(tmp_path):
    """A function that runs the step of a job in `tmp_path`, with an
    environment; returns its exit status and what `gh` was asked."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gh").write_text(GH)
    (tmp_path / "bin/gh").chmod(0o755)
    (tmp_path / "open").touch()

    def run(file, job, words, **variables):
        (script,) = (
            step["run"]
            for step in read(FOLDER / file)["jobs"][job]["steps"]
            if words in step.get("run", "")
        )
        asked = tmp_path / "asked.txt"
        asked.unlink(missing_ok=True)
        path = f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["bash", "-e", "-c", script],  # as the host does
            cwd=tmp_path,
            env=os.environ | {"PATH": path} | variables,
            check=False,
            timeout=60,
        )
        return done.returncode, asked.read_text() if asked.exists() else ""

    return run


@bash
@pytest.mark.parametrize(
    ("results", "status"),
    [
        ("success success", 0),
        ("success failure", 1),
        ("cancelled success", 1),
        ("success skipped", 1),
    ],
)
def test_all_passes_when_all_have_passed(step, results, status):
    assert step("test.yml", "all", "RESULTS", RESULTS=results)[0] == status


def tell(step, results):
    status, asked = step("weekly.yml", "tell", "gh issue", RESULTS=results, RUN="a run")
    assert status == 0
    return re.findall(r"issue (create|edit|close)(?: (\d+))?", asked)


@bash
def test_one_issue_is_opened_kept_up_to_date_and_closed(step, tmp_path):
    (tmp_path / "releases.md").write_text("1 cell\n")
    (tmp_path / "links.md").write_text("no link\n")
    assert tell(step, STORED) == []
    assert tell(step, CHANGED) == [("create", "")]
    body = (tmp_path / "issue.md").read_text()
    assert re.search("(?s)What .*1 cell.*no link", body)
    (tmp_path / "open").write_text("7")
    assert tell(step, CHANGED) == [("edit", "7")]
    assert tell(step, STORED) == [("close", "7")]


@bash
def test_the_issue_is_told_even_without_a_report(step, tmp_path):
    assert tell(step, CHANGED) == [("create", "")]
    (tmp_path / "main.md").write_text("x" * 99_999)
    assert tell(step, CHANGED) == [("create", "")]
    assert len((tmp_path / "issue.md").read_text()) == 65_000


@bash
@pytest.mark.parametrize("report", ["1 cell has changed.", None])
def test_the_report_of_a_job(step, tmp_path, report):
    if report:
        (tmp_path / "reports").mkdir()
        (tmp_path / "reports/canary.md").write_text(report)
    (tmp_path / "tests.txt").write_text("9 passed\n" * 99)
    summary = tmp_path / "summary"
    status, _ = step(
        "weekly.yml",
        "canary",
        "GITHUB_STEP_SUMMARY",
        WHAT="releases",
        FILE="releases",
        GITHUB_STEP_SUMMARY=str(summary),
    )
    text = (tmp_path / "releases.md").read_text()
    assert status == 0
    assert (report or "could not be installed") in text
    assert text.count("    9 passed") == 25
    assert summary.read_text() == text


@bash
@pytest.mark.skipif(not shutil.which("git"), reason="git is missing")
def test_the_new_locks_are_proposed(step, tmp_path, monkeypatch):
    """In a clone, from the patch that the job before has made."""

    def git(*arguments):
        return subprocess.run(
            ["git", *arguments],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    for name in "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM":
        monkeypatch.setenv(name, os.devnull)
    for who in "AUTHOR", "COMMITTER":
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ada@example.org")
    lock = tmp_path / "requirements.lock"
    git("init", "--quiet", "--bare", "host.git")
    git("init", "--quiet", "--initial-branch", "main")
    git("remote", "add", "origin", "host.git")
    lock.write_text("flask==3\n")
    git("add", "requirements.lock")
    git("commit", "--quiet", "-m", "Begin")
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports/upgrade.md").write_text("1 cell has changed.")

    assert "nothing" in propose(step, tmp_path, git, "")
    lock.write_text("flask==4\n")
    patch = git("diff", "--binary")
    git("checkout", "--quiet", "requirements.lock")
    assert propose(step, tmp_path, git, patch) == "pr create"
    assert git("show", "upgrade:requirements.lock") == "flask==4\n"
    assert (
        git("ls-remote", "origin", "upgrade").split()[0]
        == git("rev-parse", "upgrade").strip()
    )
    git("switch", "--quiet", "main")
    git("branch", "--quiet", "-D", "upgrade")
    (tmp_path / "proposed").touch()
    assert propose(step, tmp_path, git, patch) == "pr edit"


def propose(step, folder, git, patch):
    """The last thing that `gh` is asked for `patch`, or "nothing"."""
    (folder / "reports/upgrade.patch").write_text(patch)
    status, asked = step("upgrade.yml", "propose", "gh pr create")
    assert status == 0
    return " ".join((asked or "nothing").splitlines()[-1].split()[:2])
