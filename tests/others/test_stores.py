"""Where people keep files, code, packages and dates: each is filled, and
emptied, by the client that was written for it."""

import filecmp
import os
import re
import sys
import zipfile

import boto3
import caldav
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

MEGABYTE = 1_000_000


def limit(megabytes):
    """An option that lets a body of so many megabytes in, and a bit."""
    return f"--limit-body {(megabytes + 1) * MEGABYTE}" if megabytes > 5 else ""


def noise(path, megabytes):
    """Write so many megabytes that cannot be compressed; the Path."""
    path.write_bytes(os.urandom(megabytes * MEGABYTE))
    return path


def test_wsgidav_by_litmus(serving, run, home):
    """It ends with an error if one of its tests fails."""
    with serving("dav:app") as server:
        log = run("litmus", server.url)
    suites = re.findall(r"summary for `(\w+)': .*: (\d+) passed, 0 failed", log)
    names = ["basic", "copymove", "props", "locks", "http"]
    assert [name for name, _ in suites] == names
    assert sum(int(passed) for _, passed in suites) >= 104, log


@pytest.mark.parametrize("megabytes", [1, 20])
def test_pypiserver_by_twine_and_pip(serving, run, home, megabytes):
    name = f"noise-1.{megabytes}-py3-none-any.whl"
    wheel = pack(home / name, noise(home / "noise.bin", megabytes))
    with serving("packages:app", limit(megabytes)) as server:
        user = "-u", "ada", "-p", "secret"
        run(
            "twine",
            "upload",
            "--disable-progress-bar",
            *user,
            "--repository-url",
            server.url,
            wheel,
        )
        assert filecmp.cmp(home / "packages" / name, wheel, shallow=False)
        index = "-i", f"{server.url}/simple"
        pip = "pip", "install", "--disable-pip-version-check", "--no-cache-dir"
        run(sys.executable, "-m", *pip, *index, "--target", home / "got", "noise")
    got = home / "got" / "noise.bin"
    assert filecmp.cmp(got, home / "noise.bin", shallow=False)


def pack(wheel, content):
    """Make a wheel of the project `noise` with a file in it; its Path."""
    version = wheel.name.split("-")[1]
    info = f"noise-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.write(content, content.name)
        file.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: noise\nVersion: {version}\n",
        )
        file.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\n"
            "Tag: py3-none-any\n",
        )
        file.writestr(f"{info}/RECORD", "")
    return wheel


@pytest.mark.gunicorn_fails("dulwich decodes the chunks, as Gunicorn has done")
@pytest.mark.parametrize("megabytes", [5, 20])
def test_dulwich_by_git(serving, run, home, megabytes):
    identity = "-c", "user.name=Ada", "-c", "user.email=ada@example.org"
    with serving("git:app", limit(megabytes)) as server:
        run("git", "clone", "--quiet", server.url, "work")
        noise(home / "work" / "noise.bin", megabytes)
        git = "git", "-C", "work", *identity
        run(*git, "add", "noise.bin")
        run(*git, "commit", "--quiet", "-m", "Begin")
        run(*git, "push", "--quiet", "origin", "HEAD:refs/heads/main")
        for version in 0, 2:
            protocol = "-c", f"protocol.version={version}"
            clone = "clone", "--quiet", "--branch", "main"
            run("git", *protocol, *clone, server.url, f"got{version}")
    for got in "got0", "got2":
        copy = home / got / "noise.bin"
        assert filecmp.cmp(copy, home / "work" / "noise.bin", shallow=False)


def test_hgweb_by_hg(serving, run, home):
    pytest.importorskip("mercurial", reason="it has no wheel for this Python")
    run("hg", "init", "origin")
    with serving("hg:app") as server:
        run("hg", "clone", server.url, "work")
        noise(home / "work" / "noise.bin", 5)
        hg = "hg", "-R", "work"
        run(*hg, "commit", "-A", "-m", "Begin", "-u", "ada")
        run(*hg, "push")
        run("hg", "clone", server.url, "got")
        assert "Begin" in server.get("/shortlog").text
    copy = home / "got" / "noise.bin"
    assert filecmp.cmp(copy, home / "work" / "noise.bin", shallow=False)


def test_moto_by_boto3(serving, home):
    """A file in parts, with their checksums in trailers; half of it; a
    deletion."""
    whole = noise(home / "noise.bin", 20)
    with serving("s3:app") as server:
        s3 = boto3.client(
            "s3",
            endpoint_url=server.url,
            region_name="us-east-1",
            aws_access_key_id="ada",
            aws_secret_access_key="secret",
            config=Config(s3={"addressing_style": "path"}),
        )
        s3.create_bucket(Bucket="tea")
        parts = TransferConfig(multipart_threshold=5 * 2**20)
        s3.upload_file(str(whole), "tea", "noise", Config=parts)
        assert s3.head_object(Bucket="tea", Key="noise")["ETag"].endswith('-3"')
        s3.download_file("tea", "noise", str(home / "got.bin"))
        some = s3.get_object(Bucket="tea", Key="noise", Range="bytes=10-19")
        assert some["Body"].read() == whole.read_bytes()[10:20]
        s3.delete_object(Bucket="tea", Key="noise")
        assert "Contents" not in s3.list_objects_v2(Bucket="tea")
    assert filecmp.cmp(home / "got.bin", whole, shallow=False)


EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//workbook//EN
BEGIN:VEVENT
UID:tea@example.org
DTSTAMP:20260101T000000Z
DTSTART:20260102T160000Z
DTEND:20260102T170000Z
SUMMARY:Tea
END:VEVENT
END:VCALENDAR
"""


def test_radicale_by_caldav(serving):
    user = {"username": "ada", "password": "secret"}
    with serving("calendar:app") as server, caldav.DAVClient(server.url, **user) as ada:
        calendar = ada.principal().make_calendar(name="Meals")
        event = calendar.save_event(EVENT)
        (found,) = calendar.events()
        assert "SUMMARY:Tea" in found.data
        event.data = EVENT.replace("Tea", "Cake")
        event.save()
        assert "SUMMARY:Cake" in calendar.events()[0].data
        event.delete()
        assert calendar.events() == []
