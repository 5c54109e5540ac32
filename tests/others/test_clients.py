"""Clients that nobody here wrote, each in the forms that it has: no
request may fail, however fast they come."""

import json
import os
import re

import pytest

COUNT = 2_000


@pytest.mark.parametrize("option", [[], ["-k"]], ids=["close", "keep"])
def test_ab(serving, run, option):
    with serving("plain:app") as server:
        said = run("ab", *option, "-n", COUNT, "-c", 20, f"{server.url}/")
    assert f"Complete requests:      {COUNT}" in said
    assert "Failed requests:        0" in said
    assert "Non-2xx" not in said
    kept = re.search(r"Keep-Alive requests: +(\d+)", said)
    assert not option or int(kept[1]) > 0


def test_ab_with_a_body(serving, run, home):
    body = home / "body"
    body.write_bytes(os.urandom(300_000))
    with serving("plain:app") as server:
        post = "-p", body, "-T", "application/octet-stream"
        said = run("ab", *post, "-n", 200, "-c", 10, f"{server.url}/")
    assert "Complete requests:      200" in said
    assert "Failed requests:        0" in said
    assert "Document Length:        7 bytes" in said


@pytest.mark.parametrize("connections", [40, 150])
def test_wrk(serving, run, connections):
    with serving("plain:app") as server:
        options = "-t", 2, "-c", connections, "-d", "3s"
        options += "--timeout", "20s"  # a busy machine is slow, no fault
        said = run("wrk", *options, server.url)
    assert int(re.search(r"(\d+) requests in", said)[1]) > 100
    assert "Socket errors" not in said
    assert "Non-2xx" not in said


@pytest.mark.parametrize(
    "options", [["-c", 20], ["-c", 150], ["-c", 10, "-m", 8]], ids=str
)
def test_h2load(serving, run, options):
    """HTTP/1.1; with -m 8 requests are sent before the answers come."""
    with serving("plain:app") as server:
        said = run("h2load", "--h1", "-n", COUNT, *options, server.url)
    words = f"{COUNT} succeeded, 0 failed, 0 errored, 0 timeout"
    assert words in said, said


@pytest.mark.parametrize("option", [[], ["-disable-keepalive"]], ids=str)
def test_hey(serving, run, option):
    with serving("plain:app") as server:
        said = run("hey", *option, "-n", COUNT, "-c", 50, server.url)
    assert re.findall(r"\[(\d+)\]\s+(\d+) responses", said) == [("200", str(COUNT))]
    assert "Error distribution" not in said


CURL = {
    "a GET": (["{url}/get"], "args", {}),
    "HTTP/1.0": (["--http1.0", "{url}/get?a=1"], "args", {"a": "1"}),
    "an absolute URL, as to a proxy": (
        ["--proxy", "{url}", "{url}/get?a=1"],
        "args",
        {"a": "1"},
    ),
    "a form": (["-d", "a=1&b=2", "{url}/post"], "form", {"a": "1", "b": "2"}),
    "a file in a form": (
        ["-F", "file=@big", "{url}/post"],
        "files",
        {"file": "x" * 2_000_000},
    ),
    "JSON": (["--json", '{{"a": 1}}', "{url}/post"], "json", {"a": 1}),
    "a PUT of a file": (["-T", "big", "{url}/put"], "data", "x" * 2_000_000),
    "chunks": (
        ["-T", "big", "-H", "Transfer-Encoding: chunked", "{url}/put"],
        "data",
        "x" * 2_000_000,
    ),
    "Expect: 100-continue": (
        ["-T", "big", "-H", "Expect: 100-continue", "{url}/put"],
        "data",
        "x" * 2_000_000,
    ),
    "a redirect": (["-L", "{url}/redirect/3"], "args", {}),
    "a redirected POST": (
        ["-L", "-d", "a=1", "{url}/redirect-to?url=/post&status_code=307"],
        "form",
        {"a": "1"},
    ),
    "gzip": (["--compressed", "{url}/gzip"], "gzipped", True),
    "a password": (
        ["--user", "ada:secret", "{url}/basic-auth/ada/secret"],
        "authenticated",
        True,
    ),
    "a digest": (
        ["--digest", "-u", "ada:secret", "{url}/digest-auth/auth/ada/secret"],
        "authenticated",
        True,
    ),
    "cookies": (
        ["-L", "-c", "jar", "-b", "jar", "{url}/cookies/set?a=1"],
        "cookies",
        {"a": "1"},
    ),
    "a DELETE": (["-X", "DELETE", "{url}/delete?a=1"], "args", {"a": "1"}),
    "two on a connection": (
        ["-o", "first", "{url}/bytes/9", "{url}/get?a=1"],
        "args",
        {"a": "1"},
    ),
}


@pytest.mark.parametrize("form", CURL)
def test_curl(serving, run, home, form):
    """Each asks httpbin, which shows in JSON what came."""
    options, name, shown = CURL[form]
    (home / "big").write_text("x" * 2_000_000)
    with serving("httpbin_site:app") as server:
        words = [word.format(url=server.url) for word in options]
        said = run("curl", "-s", "-S", "--fail", "--max-time", 30, *words)
    assert json.loads(said)[name] == shown
