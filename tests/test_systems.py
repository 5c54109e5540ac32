"""What other systems lack, taken away from this one: see also windows.py."""

import ast
import functools
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import MagicMock

import psutil
import pytest
from jupyter_client.manager import KernelManager

from exercises.asking import NotYet
from exercises.checks import sheet_02
from exercises.commands import answers_at, behind, running
from notebooks.serving import serve, start, wait_until
from tests import clean
from tests.helpers import gone
from tests.windows import environment, make_python
from tools.copying import copy_project
from tools.kernels import Kernels, by_files
from tools.needs import NO_POSIX, POSIX, find, tags
from tools.place import place
from tools.processes import processes_in
from tools.skeletons import CHAPTER
from tools.tracked import tracked
from tools.workbook import ROOT, chapters, code_cells, name_of, read

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
STEP = "python -m notebooks.steps.step_1"
# Starts what the guard must end, tells its folder, and is killed.
KILLED = """
from notebooks.serving import start, wait_until
with start({command!r}) as server:
    wait_until(lambda: "ready" in server.log)
    print(server.folder, flush=True)
    input()
"""
# Has a child whose own parent has ended, and who nobody else knows.
ORPHAN = """
import subprocess, sys, time
if sys.argv[1:] == ["parent"]:
    subprocess.Popen([sys.executable, __file__, "child"])
elif sys.argv[1:] == ["child"]:
    print("ready")
    time.sleep(60)
else:
    subprocess.run([sys.executable, __file__, "parent"])
    time.sleep(60)
"""
# As `python` on Windows does, in a virtual environment.
LAUNCHER = """
import subprocess, sys
subprocess.run([sys.executable, "-m", "notebooks.steps.step_1"])
"""
# What bash 3.2 of macOS, or its tools, do not know.
NEW = (
    r"\breadlink -f|\brealpath\b|\bdeclare -A|\bmapfile\b|\breadarray\b"
    r"|\$\{\w+(,|\^|@)|&>>|\|&|\bcoproc\b|\bgrep -\w*P|\bsed -i"
    r"|\bstat -c|\bnproc\b|\btimeout \d|\bdate -d|\[\[ -v|\blocal -n"
)
SCRIPTS = [ROOT / "run.sh", *ROOT.glob("tools/*.sh")]


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """A Python that lacks what Windows lacks, and its environment."""
    python = make_python(tmp_path_factory.mktemp("windows"))
    return python, environment(python)


def told(windows, code, **variables):
    """What this code prints in such a Python, in the folder of run.sh."""
    python, env = windows
    done = subprocess.run(
        [python, "-c", code],
        cwd=ROOT,
        env=env | variables,
        stdin=subprocess.DEVNULL,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# Windows.


def test_what_windows_lacks_is_missing(windows):
    """Else the tests below would show nothing."""
    code = """if True:
        import importlib, os, shutil
        for name in "fcntl", "gunicorn", "k6", "gevent", "pyuwsgi":
            try:
                importlib.import_module(name)
                print("there:", name)
            except ModuleNotFoundError:
                pass
        for name in "sh", "env", "mktemp", "gunicorn", "k6", "uwsgi":
            print(f"there: {name}\\n" if shutil.which(name) else "", end="")
        print(hasattr(os, "fork"), hasattr(os, "setpgid"))
    """
    assert told(windows, code) == "False False\n"


@pytest.mark.parametrize(
    "name",
    [
        *("tests.clean", "tests.skip", "my_flask_app"),
        *("small_server.__main__", "notebooks.conformance"),
        *("notebooks.guard", "notebooks.serving"),
        *("exercises.checking", "exercises.commands"),
        *("exercises.asking", "exercises.answering", "exercises.client"),
    ],
)
def test_windows_can_import(windows, name):
    told(windows, f"import {name}")


def test_windows_serves_and_leaves_nothing(windows):
    code = f"""if True:
        from notebooks.serving import serve
        with serve("A=1 {STEP}") as server:
            print(server.get("/").text, server.folder)
    """
    answer, folder = told(windows, code).rsplit(" ", 1)
    assert answer == "Hello, World!"
    assert gone(folder.strip())


def test_windows_runs_a_command_with_variables(windows):
    code = """if True:
        from notebooks.serving import run
        script = "import os; print(os.environ['A'], os.environ['TMPDIR'])"
        print(run(f'"A=two words" python -c "{script}"').stdout)
    """
    words = told(windows, code).split()
    assert words[:2] == ["two", "words"]
    assert Path(words[2]).name.startswith("server-")


def test_windows_hands_on_what_nothing_starts_without(windows):
    code = """if True:
        from notebooks.serving import run
        names = "'SYSTEMROOT', 'USERPROFILE'"
        script = f"import os; print(*map(os.environ.get, [{names}]))"
        print(run(f'python -c "{script}"').stdout)
    """
    given = {"SYSTEMROOT": "C:Windows", "USERPROFILE": "C:Ada"}
    assert told(windows, code, **given) == "C:Windows C:Ada\n\n"


def test_windows_opens_no_console_for_a_server(windows):
    """As it would where Jupyter has none itself."""
    code = """if True:
        import subprocess
        from notebooks.serving import group
        subprocess.CREATE_NO_WINDOW = 7
        print(group(0))
    """
    assert told(windows, code) == "{'creationflags': 7}\n"


def test_windows_writes_utf_8(windows):
    """Python has another mode, on Windows, up to 3.14."""
    code = """if True:
        from notebooks.serving import run
        script = "import sys; print(sys.flags.utf8_mode)"
        print(run(f'python -c "{script}"').stdout)
    """
    assert told(windows, code, LC_ALL="C.UTF-8") == "1\n\n"


def test_windows_has_files_in_utf_8(windows):
    """Whatever the code page: LC_ALL=C without Python's way out of it."""
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    code = """if True:
        from notebooks.serving import run
        text = "print('caf\\u00e9')"
        print(ascii(run("python tea.py", {"tea.py": text}).stdout))
    """
    assert told(windows, code, **plain) == "'caf\\xe9\\n'\n"


def test_windows_has_files_with_the_line_ends_that_were_given(windows):
    """Its Python writes CR LF, if nobody says that it must not."""
    code = """if True:
        from pathlib import Path
        from notebooks.serving import start
        write = Path.write_text
        def write_text(path, text, encoding, newline="\\r\\n"):
            write(path, text, encoding, newline=newline)
        Path.write_text = write_text
        with start("python tea.py", {"tea.py": "1\\n"}) as server:
            print(Path(server.folder, "tea.py").read_bytes())
    """
    assert told(windows, code) == "b'1\\n'\n"


def test_windows_guard_tells_a_folder_with_letters_of_any_kind(windows, tmp_path):
    """It prints to a pipe, and a pipe has the code page of the system."""
    (tmp_path / "caf\u00e9").mkdir()
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "if not sys.flags.utf8_mode:\n"
        "    sys.stdout.reconfigure(encoding='cp1252')\n"
    )
    code = """if True:
        from pathlib import Path
        from notebooks.serving import start
        with start("python -c 1") as server:
            print(ascii(Path(server.folder).parent.name))
    """
    page = {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "0", "PYTHONPATH": str(tmp_path)}
    place = str(tmp_path / "caf\u00e9")
    assert told(windows, code, **page, TMPDIR=place) == "'caf\\xe9'\n"


def test_windows_guard_ends_all_when_its_maker_is_killed(windows, tmp_path):
    """Also a process that no chain of parents leads to."""
    python, env = windows
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    code = KILLED.format(command=f"python '{script}'")
    with subprocess.Popen(
        [python, "-c", code],
        cwd=ROOT,
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as maker:
        folder = maker.stdout.readline().strip()
        wait_until(lambda: len(processes_in(folder)) == 2)  # the parent has ended
        maker.kill()
    assert maker.returncode == -signal.SIGKILL
    wait_until(lambda: gone(folder))


def test_windows_guard_waits_until_a_file_can_be_removed(windows, tmp_path):
    """The log is open for a moment longer than the pipe to the guard."""
    code = f"""if True:
        import runpy, shutil, sys
        real, tries = shutil.rmtree, []
        def busy(folder, ignore_errors=False):
            tries.append(folder)
            if len(tries) == 3:
                real(folder)
            elif not ignore_errors:
                raise PermissionError(13, "it is open", folder)
        shutil.rmtree = busy
        sys.argv[1:] = [{str(tmp_path)!r}]
        runpy.run_path("notebooks/guard.py", run_name="__main__")
    """
    folder = Path(told(windows, code).strip())
    assert folder.parent == tmp_path and not folder.exists()


def test_windows_guard_ends_who_comes_while_another_ends(windows, tmp_path):
    """The first has ended when it is killed, and has left a child."""
    code = f"""if True:
        import os, psutil, runpy, subprocess, sys, tempfile
        folder, started = {str(tmp_path / "folder")!r}, []
        os.mkdir(folder)
        tempfile.mkdtemp = lambda **options: folder
        def begin():
            command = [sys.executable, "-c", "import time; time.sleep(60)"]
            env = os.environ | {{"TMPDIR": folder}}
            started.append(subprocess.Popen(command, env=env))
        kill = psutil.Process.kill
        def late(process):
            if len(started) == 1:
                begin()
            kill(process)
            raise psutil.NoSuchProcess(process.pid)
        psutil.Process.kill = late
        begin()
        try:
            sys.argv[1:] = ["."]
            runpy.run_path("notebooks/guard.py", run_name="__main__")
            left = [process.poll() is None for process in started]
        finally:
            for process in started:
                process.kill()
        print(left, os.path.exists(folder))
    """
    assert told(windows, code).endswith("[False, False] False\n")


def test_windows_finds_who_listens_behind_a_launcher(windows, tmp_path):
    """And asks the others, too, when it may not look into one."""
    script = tmp_path / "launcher.py"
    script.write_text(LAUNCHER)
    code = f"""if True:
        import psutil
        from notebooks.serving import serve
        look = psutil.Process.net_connections
        def refused(process, kind):
            if "launcher.py" in " ".join(process.cmdline()):
                raise psutil.AccessDenied(process.pid)
            return look(process, kind)
        psutil.Process.net_connections = refused
        with serve("PYTHONPATH=. python '{script}'") as server:
            print(server.get("/").text)
            print(server.listener.pid != server.process.pid)
            print(server.workers)
    """
    assert told(windows, code) == "Hello, World!\nTrue\n[]\n"


def test_small_server_says_in_one_line_that_it_cannot_run(windows):
    python, env = windows
    done = subprocess.run(
        [python, "-m", "small_server", "wsgi:app"],
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.endswith("this needs fork, which Windows has only in WSL")


def test_windows_judges_an_answer(windows):
    """Which has no group of processes that could be killed."""
    code = """if True:
        import os
        vars(os).pop("killpg", None)
        from exercises.asking import Answer
        with Answer("# Exercise 1\\ntea = 7") as answer:
            print(answer("tea"))
    """
    assert told(windows, code) == "7\n"


def test_a_reset_has_the_size_that_windows_asks_for(monkeypatch):
    """Two numbers of 2 bytes, and not of 4."""
    options, client = [], MagicMock()
    client.__enter__.return_value.setsockopt = lambda *a: options.append(a)
    monkeypatch.setattr(sheet_02, "os", SimpleNamespace(name="nt"))
    monkeypatch.setattr(socket, "create_connection", lambda address: client)
    sheet_02.breaks_off(SimpleNamespace(address=None))
    assert options == [(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0")]


def test_windows_has_no_other_place_and_no_files_for_kernels(monkeypatch):
    """There is no /tmp, and no Unix socket that ZeroMQ could use."""
    windows = SimpleNamespace(name="nt", fsencode=os.fsencode)
    monkeypatch.setattr("tools.place.os", windows)
    monkeypatch.setattr("tools.kernels.os", windows)
    monkeypatch.setattr("tempfile.tempdir", "long" * 30)
    assert place() == "long" * 30
    assert by_files(KernelManager) is KernelManager


def test_windows_needs_neither_gunicorn_nor_posix_in_these_cells(windows, tmp_path):
    """The tags of tools/needs.py, asked by such a Python."""
    code = """if True:
        from tools import needs
        from types import SimpleNamespace as Made
        def cell(*tags):
            return Made(cell_type="code", metadata={"tags": list(tags)})
        for what in "flask", "gunicorn", "k6", "uwsgi", "posix":
            notebook = Made(cells=[cell(), cell(f"needs-{what}")])
            print(needs.lacks(notebook, notebook.cells[1]))
    """
    runs, *skipped = told(windows, code).splitlines()
    assert runs == "None"
    assert len(skipped) == 4 and all("use WSL" in why for why in skipped)


# macOS.


def refused_to_all(kind="inet"):
    raise psutil.AccessDenied


def test_who_may_not_look_at_all_sockets_can_serve(root, monkeypatch):
    """As on macOS: only root may see those of others."""
    look, mine = psutil.Process.net_connections, psutil.Process()

    def refused(process, kind="inet"):
        if mine not in process.parents():
            raise psutil.AccessDenied(process.pid)
        return look(process, kind)

    monkeypatch.setattr(psutil.Process, "net_connections", refused)
    monkeypatch.setattr(psutil, "net_connections", refused_to_all)
    with serve(STEP) as server:
        assert server.get("/").text == "Hello, World!"


def test_without_proc_a_cell_is_skipped(tmp_path):
    """macOS has no /proc."""
    text = (ROOT / "tools" / "needs.py").read_text()
    assert text.count('"/proc/') == 1
    copy = tmp_path / "other.py"
    copy.write_text(text.replace('"/proc/', '"/no-proc/'))
    code = """if True:
        import other
        print(other.SYSTEMS["linux"][0], other.SYSTEMS["posix"][0])
    """
    command = [sys.executable, "-c", code]
    said = subprocess.check_output(command, cwd=tmp_path, text=True)
    assert said == "False True\n"


def test_only_cells_that_say_so_read_proc():
    for path in chapters():
        notebook = read(path)
        for cell in notebook.cells:
            reads = re.search(r"/proc/|\bpss\b", cell.source)
            if cell.cell_type == "code" and reads:
                define = ast.parse(cell.source).body[-1]
                assert "needs-linux" in tags(cell) or isinstance(
                    define, ast.FunctionDef
                ), f"{path.name}, cell {cell.id}: tag it needs-linux"


@pytest.fixture
def bash_as_sh(tmp_path, monkeypatch):
    """As on macOS and Fedora. It counts letters, if the language says so."""
    (tmp_path / "sh").symlink_to(shutil.which("bash"))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize("letter", ["-", "é"])
@pytest.mark.parametrize("letters", [20, 58, 59, 97, 200])
def test_a_socket_fits_into_a_server_s_folder(bash_as_sh, monkeypatch, letters, letter):
    """Whatever TMPDIR is: a Unix socket's path has 103 bytes, on macOS."""
    name = f"t{os.getpid()}-"
    many = letters - len(f"/tmp/{name}")
    folder = Path("/tmp", name + letter * (many // len(letter.encode())))
    folder.mkdir()
    try:
        monkeypatch.setattr("tempfile.tempdir", str(folder))
        with start("true") as server:
            path = Path(server.folder, "gunicorn.ctl")
        assert len(os.fsencode(path)) <= 103
        fits = len(os.fsencode(folder)) <= 76
        assert (path.parent.parent == folder) == fits
    finally:
        folder.rmdir()


def test_a_run_of_the_tests_has_a_short_folder(tmp_path):
    """A server's folder in it must still fit, and be seen when left."""
    test = tmp_path / "test_place.py"
    test.write_text("""if True:
        import os, tempfile
        def test_place():
            assert len(os.fsencode(tempfile.gettempdir())) <= 76
    """)
    deep = tmp_path / ("é" * 60)
    deep.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.clean", str(test)],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(deep), "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,  # on a busy machine
    )
    assert "1 passed" in done.stdout, done.stdout


def test_the_folder_of_a_run_that_is_killed_goes_too(tmp_path):
    """Even if it can say nothing any more; a folder in memory costs that."""
    test = tmp_path / "test_place.py"
    test.write_text("""if True:
        import tempfile, time
        def test_place():
            print(tempfile.gettempdir(), flush=True)
            time.sleep(60)
    """)
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-s", "-p", "tests.clean", str(test)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with run:
        places = (re.search(r"/.*/workbook-\w{8}$", line) for line in run.stdout)
        folder = Path(next(filter(None, places))[0])
        assert folder.is_dir()
        run.kill()
    wait_until(lambda: not folder.exists())


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="Windows has no such folder")
@pytest.mark.parametrize(
    ("mounted", "room", "flag", "asked", "in_memory"),
    [
        (True, 2**30, 0, None, True),
        (True, 2**30, 0, "/tmp", False),  # somebody has chosen
        (False, 2**30, 0, None, False),  # macOS
        (True, 2**26, 0, None, False),  # a container's
        (True, 2**30, 8, None, False),  # ST_NOEXEC of Linux
    ],
)
def test_a_run_is_in_memory_where_it_fits(
    monkeypatch, tmp_path, mounted, room, flag, asked, in_memory
):
    """A disk takes as long for its small files as the tests for all else."""
    monkeypatch.delenv("TMPDIR", raising=False)
    if asked:
        monkeypatch.setenv("TMPDIR", asked)
    monkeypatch.setattr(clean, "MEMORY", str(tmp_path))
    monkeypatch.setattr(os.path, "ismount", lambda path: mounted)
    found = SimpleNamespace(f_bavail=room // 4096, f_frsize=4096, f_flag=flag)
    monkeypatch.setattr(os, "statvfs", lambda path: found)
    monkeypatch.setattr(os, "ST_NOEXEC", 8, raising=False)
    assert clean.has_room() == in_memory


def test_a_kernel_s_sockets_fit(tmp_path, monkeypatch):
    """Those of `make notebooks`, which has no folder of its own."""
    for name, more in ("short", 0), ("é" * 40, 0), ("short", 76):
        monkeypatch.setattr("tempfile.tempdir", f"/tmp/{name}")
        path = Path(place(more), "kernel-0123456789ab.json-1")
        assert len(os.fsencode(path)) <= 103
        assert (str(path.parent) == "/tmp") == (name != "short" or more > 0)
    kernel = Kernels(kernel_name="python3")
    monkeypatch.setattr("tempfile.tempdir", "/tmp/" + "long" * 40)
    assert Path(kernel.connection_file).parent == Path("/tmp")


class Refuser:
    """As a check's Answer: it raises what it is told to say."""

    def refuse(self, why, hint=None):
        raise NotYet(why)


TEA = """
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"tea"]
"""


@pytest.mark.skipif(not find("nginx"), reason="nginx is not installed")
@pytest.mark.parametrize("name", ["long" * 30, """it's "a" place; {$x}"""])
def test_nginx_finds_gunicorn_wherever_files_lie(monkeypatch, name):
    command = "gunicorn -b unix:app.sock tea:app"
    site = "location / { proxy_pass http://gunicorn; }"
    with tempfile.TemporaryDirectory(prefix=name, dir="/tmp") as place:
        monkeypatch.setattr("tempfile.tempdir", place)
        with behind(Refuser(), command, {"tea.py": TEA}, site) as (front, _):
            assert front.get("/").text == "tea"
            assert (place in front.folder) == (len(place) <= 76)


def test_who_waits_in_vain_says_the_last_error(monkeypatch):
    """In a check: why nothing answers at a socket that cannot be."""
    impatient = functools.partial(wait_until, seconds=1)
    monkeypatch.setattr("exercises.commands.wait_until", impatient)
    ready = answers_at("long" * 30)
    words = "does not answer: AF_UNIX path too long"
    with (
        pytest.raises(NotYet, match=words),
        running(Refuser(), "sleep 60", ready=ready),
    ):
        pass


@pytest.fixture
def old_tools(tmp_path):
    """A PATH whose readlink is that of macOS before 12.3, without -f."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in "bash", "dirname", "od", "tr":
        (tools / tool).symlink_to(shutil.which(tool))
    for name, text in {
        "readlink": f"[ $# = 1 ] && exec {shutil.which('readlink')} $1",
        "gunicorn": "pwd",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    return str(tools)


@pytest.mark.parametrize("link", ["run.sh", "a/link", "b/link"])
def test_run_sh_finds_its_folder_without_readlink_f(old_tools, tmp_path, link):
    """By its own path, by a link, and by a link to a link."""
    there = tmp_path / "the place"
    for name in "the place", "a", "b", "elsewhere/the place":
        (tmp_path / name).mkdir(parents=True)
    shutil.copy(ROOT / "run.sh", there)
    (tmp_path / "a/link").symlink_to("../the place/run.sh")
    (tmp_path / "b/link").symlink_to(tmp_path / "a/link")
    script = "the place/run.sh" if link == "run.sh" else link
    done = subprocess.run(
        ["bash", script],
        cwd=tmp_path,
        env={"PATH": old_tools, "CDPATH": str(tmp_path / "elsewhere")},
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == f"{there}\n", done.stderr


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_need_no_newer_bash_than_3_2(path):
    code = re.sub(r"(?m)(^|\s)#.*", "", path.read_text())
    found = re.search(NEW, code)
    assert not found, f"{path.name} has {found[0]!r}, unknown on macOS"


@pytest.mark.parametrize(
    "line", ["readlink -f x", "declare -A x", "${x,,}", "a |& b", "nproc"]
)
def test_what_is_too_new_is_found(line):
    assert re.search(NEW, line)


# A page that is opened elsewhere, or by a Python that looks elsewhere.

LOOK_AROUND = CHAPTER[1].rpartition("\n")[0]  # the last line is for IPython


@pytest.mark.parametrize("path", chapters(), ids=name_of)
def test_each_chapter_begins_with_the_same_look_around(path):
    first = code_cells(read(path))[0].source
    assert first.startswith(LOOK_AROUND), first


@pytest.mark.parametrize(
    ("place", "variables", "found"),
    [
        (ROOT, {}, True),
        (ROOT / "notebooks", {}, True),
        ("elsewhere", {}, False),
        ("of somebody's wsgi.py", {}, False),
        (ROOT / "notebooks", {"PYTHONSAFEPATH": "1"}, False),
    ],
)
def test_the_first_cell_says_in_a_line_what_to_do(tmp_path, place, variables, found):
    """As in papermill, which works where its caller is."""
    for name in "elsewhere", "of somebody's wsgi.py":
        (tmp_path / name).mkdir()
    (tmp_path / "of somebody's wsgi.py" / "wsgi.py").touch()
    done = subprocess.run(
        [sys.executable, "-c", f"{LOOK_AROUND}\nimport notebooks.serving"],
        cwd=tmp_path / place,
        env=os.environ | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode == 0) == found, done.stderr
    words = "AssertionError: run this page in its folder, notebooks/\n"
    assert found or done.stderr.endswith(words)


# Checkouts and downloads whose lines end with CR LF.


def test_a_clone_by_windows_git_can_be_run(tmp_path):
    """Git there writes CR LF, if nobody says that it must not; and run.sh
    is called by its name, or by bash."""
    origin = copy_project(tmp_path / "origin")
    git = ["git", "-c", "core.autocrlf=true", "-c", "core.eol=crlf"]
    git += ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in ["init", "-q"], ["add", "-A"], ["commit", "-qm", "all"]:
        subprocess.run([*git, *words], cwd=origin, check=True)
    clone = tmp_path / "it's a clone"
    subprocess.run([*git, "clone", "-q", origin, clone], check=True)
    for path in origin.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            copy = clone / path.relative_to(origin)
            assert copy.read_bytes() == path.read_bytes(), path
    gunicorn = tmp_path / "bin" / "gunicorn"
    gunicorn.parent.mkdir()
    gunicorn.write_text("#!/bin/sh\npwd\n")
    gunicorn.chmod(0o755)
    env = {"PATH": f"{gunicorn.parent}:{os.environ['PATH']}"}
    env |= {"PYTHON": "/no/python"}
    for command, said in {
        ("./run.sh",): f"{clone}\n",
        ("bash", "run.sh"): f"{clone}\n",
        ("tools/setup.sh",): "/no/python is not there",
        ("tools/build_uwsgi.sh", sys.executable): "",
    }.items():
        done = subprocess.run(
            command,
            cwd=clone,
            env=env,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )
        assert said in done.stdout, command
        assert "command not found" not in done.stdout, done.stdout


def test_each_script_can_be_run_by_its_name():
    files = tracked() or pytest.skip("these files are not in git")
    scripts = [path for path in files if path.read_bytes()[:2] == b"#!"]
    assert {*SCRIPTS} < {*scripts}
    for path in scripts:
        words = f"git update-index --chmod=+x {path.relative_to(ROOT)}"
        assert os.access(path, os.X_OK), words


def test_the_app_and_the_helper_bear_carriage_returns(tmp_path):
    """As after a download that has changed the line ends."""
    names = "wsgi.py", "my_flask_app.py", "templates/greet.html"
    files = [
        *(ROOT / name for name in names),
        *ROOT.glob("notebooks/*.py"),
    ]
    for path in files:
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    code = """if True:
        from notebooks.serving import serve
        with serve("flask --app wsgi run --port 0") as server:
            print(ascii(server.get("/greet/Ada").text))
    """
    told = subprocess.check_output(
        [sys.executable, "-c", code], cwd=tmp_path, text=True, timeout=60
    )
    with serve("flask --app wsgi run --port 0") as server:
        assert told == f"{server.get('/greet/Ada').text!a}\n"


def test_what_a_cell_reads_without_an_encoding_is_ascii():
    """Windows would read other letters by its code page."""
    for pattern in "*.py", "templates/*", "notebooks/**/*.py", "deploy/*":
        for path in ROOT.glob(pattern):
            assert path.is_dir() or path.read_bytes().isascii(), path
