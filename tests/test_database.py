"""The PostgreSQL of a page, and how it ends."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import psutil
import psycopg
import pytest

from notebooks import database
from notebooks.database import postgres, programs
from notebooks.serving import wait_until
from tools.needs import NO_POSIX, POSIX

if not POSIX:
    pytest.skip(NO_POSIX, allow_module_level=True)
if not programs():
    pytest.skip("postgres is not installed", allow_module_level=True)
# A page that starts one, says its address, and stays. A kernel hears of an
# interrupt; whoever is started by a script with & ignores it.
PAGE = """
import signal, time
from notebooks.database import postgres
signal.signal(signal.SIGINT, signal.default_int_handler)
with postgres() as address:
    print(address, flush=True)
    time.sleep(60)
"""


# A guard in trouble, which tells where its PostgreSQL is to be seen.
TROUBLE = """
import os, signal, sys
from pathlib import Path
from notebooks import database
begin = database.begin
def trouble(*args):
    server, address = begin(*args)
    Path({told!r}).write_text(address)
    {trouble}
    return server, address
database.begin = trouble
database.main([])
"""


def said(process):
    """The command of a process, a str."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def folder(address):
    """The folder of a server, a Path."""
    return Path(unquote(address.partition("host=")[2]))


@pytest.fixture(scope="module")
def address():
    with postgres(max_connections=7) as address:
        yield address


def test_it_answers_and_has_our_settings(address):
    with psycopg.connect(address) as connection:
        assert connection.execute("SHOW max_connections").fetchone() == ("7",)


def test_it_listens_at_no_port(address):
    with psycopg.connect(address) as connection:
        server = psutil.Process(connection.info.backend_pid).parent()
        assert not server.net_connections("inet")


def test_it_wants_the_password(address):
    begin, _, end = address.partition("@")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(begin[:-1] + "?@" + end)


def test_it_ends_with_its_block_in_spite_of_a_connection():
    with postgres() as address:
        connection = psycopg.connect(address)
        pid = connection.info.backend_pid
    assert not psutil.pid_exists(pid) and not folder(address).exists()
    connection.close()


def test_an_error_ends_it():
    with pytest.raises(ZeroDivisionError), postgres() as address:
        1 / 0  # noqa: B018
    assert not folder(address).exists()


def test_its_shared_memory_goes_with_its_folder():
    """And not a moment later, or never, if it is killed: in /dev/shm."""
    with postgres() as address, psycopg.connect(address) as connection:
        (kind,) = connection.execute("SHOW dynamic_shared_memory_type").fetchone()
        assert kind == "mmap"
        assert [*(folder(address) / "data" / "pg_dynshmem").iterdir()]


def test_a_setting_that_is_none_is_told():
    with pytest.raises(RuntimeError, match="no_such"), postgres(no_such=1):
        pass


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_nothing_outlives_a_page(how):
    page = subprocess.Popen(
        [sys.executable, "-c", PAGE],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        process_group=0,
    )
    place = folder(page.stdout.readline().rstrip())
    found = [p for p in psutil.process_iter() if str(place) in said(p)]
    os.killpg(page.pid, getattr(signal, how))
    page.communicate(timeout=30)
    assert page.returncode != 0  # it has not come to its end
    wait_until(lambda: not place.exists())
    assert found
    assert not psutil.wait_procs(found, timeout=20)[1]


@pytest.mark.parametrize(
    "trouble",
    [
        "server.send_signal(signal.SIGSTOP); database.SECONDS = 0.5",
        "os.close(1)",  # as if the page had ended meanwhile
    ],
)
def test_a_guard_in_trouble_leaves_nothing(tmp_path, trouble):
    """Where PostgreSQL does not end, and where nobody wants its address."""
    told = tmp_path / "told"
    code = TROUBLE.format(told=str(told), trouble=trouble)
    guard = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    guard.communicate(timeout=60)  # its input ends
    place = folder(told.read_text())
    left = [p for p in psutil.process_iter() if str(place) in said(p)]
    for process in left:
        process.kill()
    assert not left and not place.exists()


@pytest.mark.parametrize("name", ["a b", "c" * 90])
def test_any_folder_will_do(tmp_path, monkeypatch, name):
    (tmp_path / name).mkdir()
    tmp_path.chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(tmp_path / name))
    with postgres() as address, psycopg.connect(address):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be nobody")
def test_root_may_have_it_in_a_folder_of_its_own(tmp_path, monkeypatch):
    """The package where nobody but root can read it."""
    place = tmp_path / "closed"
    place.mkdir(0o700)
    package = programs().parents[1]
    if "site-packages" not in package.parts:
        pytest.skip("it is the system's")
    for each in package.parent.glob(f"{package.name}*"):
        shutil.copytree(each, place / each.name)
    monkeypatch.setenv("PYTHONPATH", str(place))
    with postgres() as address, psycopg.connect(address) as connection:
        pid = connection.info.backend_pid
        command = psutil.Process(pid).parent().exe()
    assert str(folder(address)) in command


def test_the_system_s_will_do(tmp_path, monkeypatch):
    """In the place where Debian puts it, the newest; or on the PATH."""
    monkeypatch.setattr(database, "find_spec", lambda name: None)
    monkeypatch.setattr(database, "PLACES", [str(tmp_path)])
    monkeypatch.setenv("PATH", "")
    assert programs() is None
    for number in "9", "15", "16":
        found = tmp_path / number / "bin"
        found.mkdir(parents=True)
        for name in "initdb", "postgres":
            (found / name).touch(0o755)
    assert programs() == tmp_path / "16/bin"
    monkeypatch.setenv("PATH", str(tmp_path / "15/bin"))
    assert programs() == tmp_path / "15/bin"
