"""The Pythons that the workbook supports: pyproject.toml lists them, and
all else that names Pythons agrees. tools/setup.sh takes these and newer."""

import os
import re
import shutil
import sys
import tomllib
from subprocess import CalledProcessError, run
from types import SimpleNamespace

import pytest

from tools import test_all
from tools.needs import NO_POSIX, POSIX
from tools.translate.edition import editions
from tools.workbook import ROOT, read

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = PYPROJECT["tool"]["workbook"]["pythons"]
OLDEST, NEWEST = PYTHONS[0], PYTHONS[-1]
RANGE = f"{OLDEST} to {NEWEST}"
OLDER, NEWER = (
    f"3.{int(version[2:]) + step}" for version, step in ((OLDEST, -1), (NEWEST, 1))
)
# Files that name one Python, and how: it must be a supported one.
ONE = {
    ".binder/runtime.txt": r"python-(3\.\d+)",
    ".devcontainer/devcontainer.json": r"python:(3\.\d+)",
    "deploy/Dockerfile": r"FROM python:(3\.\d+)",
}
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
IN_WORKFLOW = r"(?<![\d.])3\.\d+(?![\d.])"  # not a part of v3.11.2


def text(name):
    return (ROOT / name).read_text("utf-8")


def test_the_list_goes_from_the_oldest_to_the_newest():
    minors = [int(version.removeprefix("3.")) for version in PYTHONS]
    assert minors == list(range(minors[0], minors[-1] + 1))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_a_document_names_the_range(name):
    ranges = re.findall(r"3\.\d+ to 3\.\d+", text(name))
    assert ranges and set(ranges) == {RANGE}


@pytest.mark.parametrize(("name", "pattern"), ONE.items())
def test_a_file_names_a_supported_python(name, pattern):
    found = re.findall(pattern, text(name))
    assert found and set(found) <= set(PYTHONS)


def test_ruff_and_the_lock_begin_with_the_oldest():
    target = PYPROJECT["tool"]["ruff"]["target-version"]
    assert target == f"py{OLDEST.replace('.', '')}"
    assert f"--python-version {OLDEST} " in text("Makefile")


@pytest.mark.skipif(not WORKFLOWS, reason="there is no workflow")
def test_the_workflows_run_each_python_and_no_other():
    found = {
        version
        for path in WORKFLOWS
        for version in re.findall(IN_WORKFLOW, path.read_text("utf-8"))
    }
    assert found == set(PYTHONS)


# Chapter 00 looks at the reader's Python.


def desk(version):
    """What the cell of chapter 00 says on a Python of this version."""
    path = ROOT / "notebooks" / "00_start_here.ipynb"
    chapter = read(path)
    (cell,) = [cell for cell in chapter.cells if cell.id == "c00-05"]
    *lines, last = cell.source.replace("import sys\n", "").splitlines()
    numbers = tuple(int(part) for part in version.split("."))
    fake = SimpleNamespace(version=f"{version} (x)", version_info=numbers)
    names = {"sys": fake}
    exec("\n".join(lines), names)  # noqa: S102
    return eval(last, names)


def test_the_desk_is_fine_on_each_supported_python():
    assert {desk(f"{version}.1") for version in PYTHONS} == {"Python is fine"}


def test_the_desk_names_what_to_install_and_lets_a_newer_one_in():
    with pytest.raises(AssertionError, match=rf"{OLDEST} or newer.*") as e:
        desk(f"{OLDER}.9")
    assert f"PYTHON=python{NEWEST}" in str(e.value)
    assert desk(f"{NEWER}.0").endswith(f"newer than the tested {NEWEST}")


# tools/setup.sh chooses a Python. These Pythons say that they are of some
# version, and what they would install they write down.

needs_sh = pytest.mark.skipif(not POSIX, reason=NO_POSIX)
TOOLS = "bash cat cksum cp dirname grep mkdir rm sed sort touch"
FAKE = """#!/bin/sh
case "$*" in
--version) echo "Python {version}.9" ;;
*"print(sys.version)"*) echo {version} ;;
*version_info*) exec '{real}' -c "import sys
sys.version_info = {numbers}
$2" ;;
*ensurepip*) ;;
"-m venv .venv") touch .venv/begun; [ ! -e broken ] || exit 1; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
*"pip install"*) echo "{version}" >>installed ;;
esac
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with what tools/setup.sh needs, and a PATH of its own."""
    folder = tmp_path / "it's a café"
    (folder / "tools").mkdir(parents=True)
    for name in "tools/setup.sh", "pyproject.toml", "requirements.lock":
        shutil.copy(ROOT / name, folder / name)
    (folder / "tools" / "build_uwsgi.sh").touch()
    (folder / "bin").mkdir()
    for tool in TOOLS.split():
        (folder / "bin" / tool).symlink_to(shutil.which(tool))
    return folder


def python(folder, version, name="python3"):
    """Put a Python that says it is `version` into `folder`/bin."""
    path = folder / "bin" / name
    numbers = tuple(int(part) for part in f"{version}.9".split("."))
    fake = FAKE.format(version=version, numbers=numbers, real=sys.executable)
    path.write_text(fake)
    path.chmod(0o755)
    return str(path)


def setup(folder, **env):
    """Run tools/setup.sh; return its CompletedProcess."""
    return run(
        ["bash", "tools/setup.sh"],
        cwd=folder,
        env={"PATH": str(folder / "bin"), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def installed(folder):
    """The Pythons for which something was installed, a list of str."""
    path = folder / "installed"
    return path.read_text().split() if path.exists() else []


@needs_sh
@pytest.mark.parametrize("version", PYTHONS)
def test_setup_takes_a_supported_python_without_a_word(folder, version):
    python(folder, version)
    done = setup(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"with Python {version}.9," in done.stdout
    assert installed(folder) == [version]
    again = setup(folder)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert installed(folder) == [version], "once is enough"


@needs_sh
def test_setup_takes_a_newer_python_with_a_warning(folder):
    python(folder, NEWER)
    done = setup(folder)
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert f"newer than {NEWEST}, the newest Python" in done.stderr
    assert installed(folder) == [NEWER]


@needs_sh
@pytest.mark.parametrize("version", ["2.7", "3.9", OLDER])
def test_setup_refuses_an_older_python(folder, version):
    python(folder, version)
    done = setup(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    words = f"needs Python {OLDEST} or newer, and python3 is Python {version}"
    assert words in done.stderr
    assert f"PYTHON=/path/to/python{NEWEST}" in done.stderr
    assert installed(folder) == []


@needs_sh
def test_setup_says_that_there_is_no_python(folder):
    done = setup(folder)
    assert done.returncode == 1
    assert "python3 is not there: install one" in done.stderr
    done = setup(folder, PYTHON="/no/python")
    assert "/no/python is not there: install one" in done.stderr


@needs_sh
def test_setup_looks_for_another_where_python3_is_old(folder):
    python(folder, OLDER)
    python(folder, OLDEST, f"python{OLDEST}")
    python(folder, NEWEST, f"python{NEWEST}")
    assert setup(folder).returncode == 0
    assert installed(folder) == [NEWEST]


@needs_sh
def test_setup_takes_the_python_that_is_named_and_no_other(folder):
    python(folder, NEWEST)
    named = python(folder, OLDEST, "my python")
    assert setup(folder, PYTHON=named).returncode == 0
    assert installed(folder) == [OLDEST]
    done = setup(folder, PYTHON=python(folder, OLDER, "old"))
    assert done.returncode == 1
    assert f"is Python {OLDER}.9: install one" in done.stderr


@needs_sh
def test_setup_keeps_a_venv_that_it_has_not_made(folder):
    python(folder, NEWEST)
    mine = folder / ".venv" / "mine"
    mine.parent.mkdir()
    mine.touch()
    done = setup(folder)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "mv .venv my-venv" in done.stderr
    assert mine.exists() and installed(folder) == []


@needs_sh
def test_setup_makes_anew_what_it_has_begun(folder):
    python(folder, NEWEST)
    (folder / "broken").touch()
    assert setup(folder).returncode == 1
    assert (folder / ".venv" / "begun").exists()
    (folder / ".venv" / "half").touch()
    (folder / "broken").unlink()
    assert setup(folder).returncode == 0
    assert not (folder / ".venv" / "half").exists()
    assert installed(folder) == [NEWEST]


# The Makefile.


needs_make = pytest.mark.skipif(
    not (POSIX and shutil.which("make")), reason="there is no make for sh"
)


def make(folder, *words, **env):
    """What make prints, with the project's Makefile, in a folder, a str."""
    done = run(
        ["make", "-s", "-f", ROOT / "Makefile", *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@needs_make
@pytest.mark.parametrize("ours", [True, False])
def test_make_clean_keeps_a_venv_that_is_not_ours(tmp_path, ours):
    for name in [".venv/mine", ".ruff_cache/a"]:
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).touch()
    if ours:
        (tmp_path / ".venv/requirements.lock").touch()
    make(tmp_path, "clean")
    left = [path.name for path in tmp_path.iterdir()]
    assert left == ([] if ours else [".venv"])


@needs_make
def test_make_runs_python_as_it_finds_the_modules(tmp_path):
    """With a user's PYTHONSAFEPATH it would not look in this folder."""
    more = tmp_path / "more.mk"
    more.write_text("show:\n\t@echo $${PYTHONSAFEPATH-none} $$HOME\n")
    said = make(tmp_path, "-f", more, "show", PYTHONSAFEPATH="1", HOME="here")
    assert said == "none here\n"


@needs_make
@pytest.mark.parametrize("name", ["", *(e.folder.name for e in editions())])
def test_make_lab_opens_the_pages_and_menus_of_an_edition(name):
    """Without a name those of the English."""
    said = make(ROOT, "-n", "lab", f"EDITION={name}").split()
    assert said[-1] == f"{name}/notebooks/00_start_here.ipynb".lstrip("/")
    settings = [word for word in said if "app_settings_dir" in word]
    assert settings == ([f"--LabApp.app_settings_dir={name}/lab"] if name else [])
    assert not name or (ROOT / name / "lab/overrides.json").exists()


@needs_make
def test_make_lab_names_the_editions_that_there_are():
    with pytest.raises(CalledProcessError) as found:
        make(ROOT, "lab", "EDITION=atlantis")
    names = [edition.folder.name for edition in editions()]
    line = f"there is no edition atlantis, but: {' '.join(names)}"
    assert line in found.value.stderr and not found.value.stdout


@pytest.mark.parametrize("edition", editions(), ids=lambda e: e.folder.name)
def test_jupyterlab_speaks_the_language_of_an_edition(edition):
    from jupyterlab_server.translation_utils import get_language_packs  # slow

    assert edition.locale in get_language_packs()[0]


# tools/build_uwsgi.sh, where the lock leaves uWSGI out.

BUILDER = """#!/bin/sh
case "$*" in
*find_spec*) exit {found} ;;
*sys.prefix*) echo '{folder}' ;;
*"pip install"*) echo "no compiler"; exit {status} ;;
esac
"""


@needs_sh
@pytest.mark.parametrize(
    ("found", "status", "words"),
    [(0, 0, ""), (1, 0, ""), (1, 1, "uWSGI was not built")],
)
def test_build_uwsgi(tmp_path, found, status, words):
    """It builds what is missing, from what the lock has a hash of; where
    it cannot, it says so, and the set-up goes on."""
    fake = tmp_path / "python"
    fake.write_text(BUILDER.format(found=found, status=status, folder=tmp_path))
    fake.chmod(0o755)
    command = ["bash", ROOT / "tools" / "build_uwsgi.sh", fake]
    done = run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert words in done.stderr and done.stderr.count("\n") == bool(words)
    assert done.stdout.startswith("Building") == found
    if not found:
        return
    assert (tmp_path / "uwsgi.log").read_text() == "no compiler\n"
    pinned, *hashes = (tmp_path / "uwsgi.lock").read_text().splitlines()
    assert re.fullmatch(r"pyuwsgi==\S+ \\", pinned)
    pattern = r" {4}--hash=sha256:[0-9a-f]{64}( \\)?"
    assert hashes and all(re.fullmatch(pattern, line) for line in hashes)
    assert hashes[-1][-1] != "\\"


# make test-all.

UV = """#!/bin/sh
echo "$*" >>calls
case "$1 $2 $4" in
"python find /no/python") exit 2 ;;
"python find "*) echo "/bin/python-$4" ;;
venv*) for place in "$@"; do :; done; mkdir -p "$place/bin"
    printf '#!/bin/sh\\nexit {failed}\\n' >"$place/bin/python"
    chmod +x "$place/bin/python" ;;
esac
"""


@needs_sh
@pytest.mark.parametrize(
    ("failed", "named", "status"),
    [(0, "", 0), (1, "", 1), (0, "/no/python", 1), (0, "/my/python", 0)],
)
def test_all_takes_the_list_and_what_it_is_pointed_at(
    tmp_path, monkeypatch, capsys, failed, named, status
):
    """By a uv that makes Pythons whose tests pass, or do not."""
    fake = tmp_path / "uv"
    fake.write_text(UV.replace("{failed}", str(failed)))
    fake.chmod(0o755)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "build_uwsgi.sh").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    monkeypatch.setattr(test_all, "ROOT", tmp_path)
    monkeypatch.setattr(test_all, "UV", fake)
    monkeypatch.setenv("PYTHONS", named)
    assert test_all.main(["-x"]) == status
    said = capsys.readouterr().out.splitlines()
    result = "FAILED" if failed else "passed"
    expected = [f"{version}: {result}" for version in PYTHONS]
    if named:
        words = "NOT THERE" if named == "/no/python" else "passed"
        expected.append(f"{named}: {words}")
    assert [line for line in said if line[0] != "="] == expected
    calls = (tmp_path / "calls").read_text()
    assert calls.count(" -r requirements.lock") == len(
        [line for line in said if line[0] == "="]
    )
