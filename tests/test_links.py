"""The weekly question to each external link: tools/links.py."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import links, workbook

PAGE = b"<p id='one'><a name=two></a><p class=three>"


class Pages(BaseHTTPRequestHandler):
    """Answers with the status that a path names: /404. /302 leads to
    /200; and /503-once answers 200 when it is asked again."""

    asked = None  # a list of paths

    def do_GET(self):
        self.asked.append(self.path)
        status = int(self.path[1:4])
        if "once" in self.path and self.asked.count(self.path) > 1:
            status = 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200")
        if status == 429:
            self.send_header("Retry-After", "3600")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    """A server on loopback; its address, a str."""
    for name in "NO_PROXY", "no_proxy":
        monkeypatch.setenv(name, "127.0.0.1")
    monkeypatch.setattr(Pages, "asked", [])
    monkeypatch.setattr(links.TRY_AGAIN, "backoff_factor", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/200", None),
        ("/302", None),
        ("/403", None),
        ("/404", "answers 404"),
        ("/410", "answers 410"),
        ("/503", "answers 503"),
        ("/503-once", None),
        ("/200#one", None),
        ("/200#two", None),
        ("/200#three", "has no anchor three"),
    ],
)
def test_verdict(server, path, wrong):
    url = server + path
    expected = [(url, wrong)] if wrong else []
    assert [*links.faults([url], rest=0)] == expected


def test_a_busy_host_is_asked_three_times_and_believed(server, monkeypatch):
    """Without waiting for the hour that it asks for."""
    rests = []
    monkeypatch.setattr(links.time, "sleep", rests.append)
    assert [*links.faults([f"{server}/429"], rest=0)] == []
    assert Pages.asked == ["/429"] * 3
    assert rests == []


def test_a_host_that_is_gone(server):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody_listens.getsockname()[1]}/"
        ((asked, wrong),) = links.faults([url], rest=0)
    assert (asked, wrong) == (url, "does not answer: ConnectionError")


def test_the_same_host_is_given_a_rest(server, monkeypatch):
    rests = []
    monkeypatch.setattr(links.time, "sleep", rests.append)
    [*links.faults([f"{server}/{n}" for n in (200, 201, 202)], rest=7)]
    assert rests.count(7) == 2


def test_the_links_are_collected(tmp_path, monkeypatch):
    """From Markdown, not from code, in which a link is an example."""
    monkeypatch.setattr(workbook, "ROOT", tmp_path)
    (tmp_path / "notebooks").mkdir()
    fetched = tmp_path / "classroom/hub/node_modules/tea"
    fetched.mkdir(parents=True)
    (fetched / "README.md").write_text("[no](https://no.example)")
    (tmp_path / "README.md").write_text(
        "[a](https://a.example/#b), <https://c.example>\n"
        "`[no](https://no.example)` <http://127.0.0.1:8000/>\n"
        "```sh\ncurl <https://no.example>\n```\n[d](https://d.example)\n"
    )
    notebook = new_notebook(
        cells=[
            new_markdown_cell("![e](https://e.example/e.svg)"),
            new_code_cell("'](https://no.example)'"),
            new_markdown_cell("[a](https://a.example/#b)"),
        ]
    )
    nbformat.write(notebook, tmp_path / "notebooks/01_a.ipynb")
    assert links.collect() == {
        "https://a.example/#b": ["README.md", "notebooks/01_a.ipynb"],
        "https://c.example": ["README.md"],
        "https://d.example": ["README.md"],
        "https://e.example/e.svg": ["notebooks/01_a.ipynb"],
    }


def test_the_workbook_has_links():
    found = links.collect()
    assert "README.md" in found["https://www.python.org/downloads/"]
    assert any("#" in url for url in found)


def test_the_report(server, tmp_path, monkeypatch):
    found = {f"{server}/200": ["a.md"], f"{server}/404": ["b.md", "c.md"]}
    monkeypatch.setattr(links, "collect", lambda: found)
    monkeypatch.setattr(links.time, "sleep", lambda seconds: None)
    assert links.main([str(tmp_path / "links.md")]) == 1
    text = (tmp_path / "links.md").read_text()
    assert "1 of 2 lead nowhere." in text
    assert f"- <{server}/404> answers 404: b.md, c.md" in text
    del found[f"{server}/404"]
    assert links.main([str(tmp_path / "links.md")]) == 0
