"""The image, built and run: `make test-image` (Linux, as root).

buildah builds it and runs its command as its user, without an engine; it
isolates by chroot alone, so network, processes and limits are the
machine's. The base image comes from its registry; where that cannot be
reached, from Debian, by debootstrap: the same Debian, with its Python.
What all tests together saw is written to image.txt, for chapter 12.
"""

import contextlib
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import psutil
import pytest

from notebooks.serving import start, wait_until
from tests.deploying import ROOT, SETTINGS

RECIPE = (ROOT / "deploy/Dockerfile").read_text()
BASE, PYTHON, SUITE = re.search(
    r"(?m)^FROM (python:(3\.\d+)\S*-slim-(\w+))$", RECIPE
).groups()
VISITOR = {
    "Host": "shop.example",
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
}
PACKAGES = "python3-minimal,python3-pip,python-is-python3"
os.environ["BUILDAH_ISOLATION"] = "chroot"
TOLD = []  # lines for image.txt
TESTS = 5


class Builder:
    """buildah, with all that it keeps in one folder."""

    def __init__(self, folder):
        self.folder = folder
        self.words = ["buildah", "--root", f"{folder}/store"]
        self.words += ["--runroot", f"{folder}/run"]

    def __call__(self, *words, check=True):
        """Run it in the folder of wsgi.py; return what it prints."""
        done = subprocess.run(
            [*self.words, *map(str, words)],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
        )
        if check and done.returncode:
            raise RuntimeError(f"{words[0]}: {done.stdout}{done.stderr}")
        return done.stdout.strip() if done.returncode == 0 else None


def debian(folder):
    """Make a Debian with its Python in the folder; return its archive."""
    root, archive = folder / "root", folder / "base.tar"
    options = ["--variant=minbase", f"--include={PACKAGES}"]
    words = ["debootstrap", *options, SUITE, root]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    for mark in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()  # pip installs into an image as a whole
    outside = [f"--exclude=./{name}/*" for name in ("proc", "sys")]
    subprocess.run(["tar", "-C", root, *outside, "-cf", archive, "."], check=True)
    return archive


@pytest.fixture(scope="session")
def image():
    """The image's name, and the builder that has built it."""
    missing = [name for name in ("buildah", "debootstrap") if not shutil.which(name)]
    assert not missing, f"sudo apt-get install {' '.join(missing)}"
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    buildah = Builder(folder)
    try:
        base = f"docker.io/library/{BASE}"
        pulled = buildah("pull", "--quiet", base, check=False)
        kind = "as published" if pulled else f"Debian {SUITE}, by debootstrap"
        program = buildah("--version").partition(" (")[0]
        TOLD.append(f"{date.today():%d %B %Y}, {program}\nbase: {BASE} ({kind})")
        if not pulled:
            (folder / "Base").write_text("FROM scratch\nADD base.tar /\n")
            debian(folder)
            buildah("bud", "-t", base, "-f", folder / "Base", folder)
        buildah(
            *("bud", "--pull-never", "--format=docker", "-t", "workbook"),
            *("-f", "deploy/Dockerfile"),
            *("--ignorefile", "deploy/Dockerfile.dockerignore"),
            *wheels(folder),
            ".",
        )
        yield buildah
        if len(TOLD) == TESTS + 1:
            text = "\n".join([*TOLD, ""])
            (ROOT / "deploy/image.txt").write_text(text)
    finally:
        for words in ("rm", "--all"), ("rmi", "--all", "--force"):
            buildah(*words, check=False)
        shutil.rmtree(folder)


def wheels(folder):
    """Options for the build: pip finds its files in a folder, fetched here
    by the lock file's hashes for the image's Python."""
    machine = platform.machine()
    tags = f"manylinux2014_{machine}", f"manylinux_2_28_{machine}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--require-hashes", "-r", ROOT / "deploy/requirements.lock"]
    command += ["--only-binary=:all:", "--python-version", PYTHON]
    command += [word for tag in tags for word in ("--platform", tag)]
    subprocess.run([*command, "-d", folder / "wheels"], check=True)
    conf = folder / "pip.conf"
    conf.write_text("[global]\nno-index = true\nfind-links = /wheels\n")
    for source, target in (folder / "wheels", "/wheels"), (conf, "/etc/pip.conf"):
        yield from ("--volume", f"{source}:{target}:ro")


@pytest.fixture(scope="session")
def container(image):
    """A container of the image: its name, and its configuration."""
    name = image("from", "--pull-never", "localhost/workbook")
    seen = json.loads(image("inspect", "--type", "container", name))
    return image, name, seen["Docker"]["config"]


@pytest.fixture
def server(container):
    """The image's command, run with four settings; a Server that answers."""
    buildah, name, config = container
    env = [f"--env={key}={value}" for key, value in SETTINGS.items()]
    words = [*buildah.words, "run", *env, name, "--", *config["Cmd"]]
    with start(shlex.join(words)) as server:

        def gunicorns():
            found = psutil.Process(server.process.pid).children(recursive=True)
            return [each for each in found if each.name() == "gunicorn"]

        wait_until(lambda: any(map(server.answers_from, gunicorns())))
        yield server
        with contextlib.suppress(psutil.NoSuchProcess):
            server.listener.terminate()  # buildah would kill it
        server.process.wait(25)


def test_it_serves_visitors_and_probes(server):
    page = server.get("/greet/Ada", headers=VISITOR)
    assert "<p>Hello, Ada!</p>" in page.text
    cookie = server.get("/visits", headers=VISITOR).headers["Set-Cookie"]
    assert "; Secure;" in cookie
    ready, stranger = server.get("/readyz"), server.get("/")
    assert (ready.status_code, stranger.status_code) == (200, 400)
    TOLD.append(f"""GET /greet/Ada: {page.status_code}, {page.text.split(chr(10))[2]}
GET /readyz: {ready.status_code}, {ready.text}
GET / of a host that is not ours: {stranger.status_code}""")


def test_its_user_is_not_root_and_can_write_to_few_places(server, container):
    buildah, name, _ = container
    processes = [server.listener, *server.workers]
    ids = {number for each in processes for number in (*each.uids(), *each.gids())}
    assert ids == {10001}
    find = "find / -xdev -writable -not -type l -not -path '/proc/*'"
    found = buildah("run", name, "--", "sh", "-c", f"{find} 2>/dev/null; true")
    shared = "/tmp", "/var/tmp", "/run/lock", "/dev"
    places = [path for path in found.splitlines() if not path.startswith("/dev/")]
    assert {*places} <= {*shared}
    TOLD.append(f"""processes of Gunicorn: {len(processes)}, of user and group 10001
they can write to: {", ".join(sorted(places))}""")


def test_it_hears_term(server):
    # It is the first process of the container, so `docker stop` asks it.
    assert server.listener.parent().cmdline()[0].startswith("buildah")
    server.listener.terminate()
    status = server.process.wait(25)
    assert status == 0
    assert "Handling signal: term" in server.log
    TOLD.append(f"exit status after TERM: {status}")


def test_docker_would_check_its_health(server, container):
    buildah, name, config = container
    kind, *check = config["Healthcheck"]["Test"]
    assert kind == "CMD"
    host, port = server.address
    there = [word.replace("127.0.0.1:8000", f"{host}:{port}") for word in check]
    assert there != check
    assert buildah("run", name, "--", *there, check=False) == ""
    server.listener.terminate()
    server.process.wait(25)
    assert buildah("run", name, "--", *there, check=False) is None
    TOLD.append("HEALTHCHECK: well, and not when Gunicorn has ended")


def test_it_holds_the_locked_versions_and_no_more(container):
    buildah, name, _ = container
    files = buildah("run", name, "--", "find", ".", "-type", "f").split()
    assert sorted(files) == [
        *("./deploy/gunicorn.conf.py", "./deploy/public.py", "./my_flask_app.py"),
        *("./requirements.lock", "./templates/greet.html", "./wsgi.py"),
    ]
    lock = (ROOT / "deploy/requirements.lock").read_text()
    locked = re.findall(r"(?m)^(\S+==\S+)", lock)
    code = "from importlib.metadata import distributions as all\n"
    code += "for one in all(): print(f'{one.name.lower()}=={one.version}')"
    installed = buildah("run", name, "--", "python", "-c", code).split()
    assert {*locked} <= {*installed}
    version = buildah("run", name, "--", "python", "--version")
    assert version.startswith(f"Python {PYTHON}.")
    TOLD.append(f"{version}; files in /app: {len(files)}; locked: {len(locked)}")
