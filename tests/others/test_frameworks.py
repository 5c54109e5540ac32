"""What people write apps with: forms and files that come, streams and
parts of files that go."""

import os

LINES = [f"line {n}" for n in range(1000)]
PICTURE = os.urandom(3_000_000)


def form():
    """A form with a file and words, as requests.post takes it."""
    return {"data": {"words": "tea " * 1000}, "files": {"cup": ("cup", PICTURE)}}


def check_stream(answer):
    """1,000 lines came, without a length."""
    assert answer.text.splitlines() == LINES
    assert "Content-Length" not in answer.headers
    assert answer.headers["Transfer-Encoding"] == "chunked"


def check_parts(browser, url, whole=PICTURE):
    """Of the file at `url` the parts are right: the first, in the middle,
    the last, and none."""
    assert browser.get(url).content == whole
    size = len(whole)
    for first, last in (0, 0), (1000, 5999), (size - 3, size - 1):
        part = browser.get(url, headers={"Range": f"bytes={first}-{last}"})
        assert part.status_code == 206
        assert part.content == whole[first : last + 1]
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    none = browser.get(url, headers={"Range": f"bytes={size}-"})
    assert none.status_code == 416
    head = browser.head(url)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(size))


def test_bottle(serving, browser):
    with serving("bottle_site:app") as server:
        answer = browser.post(f"{server.url}/cup", **form())
        assert answer.json() == {"cup": "cup"}
        assert browser.cookies["size"] == "4000"
        check_parts(browser, f"{server.url}/cup")
        assert browser.get(f"{server.url}/none").status_code == 404


def test_bottle_stream(serving, browser):
    with serving("bottle_site:app") as server:
        check_stream(browser.get(f"{server.url}/lines"))


def test_falcon(serving, browser):
    with serving("falcon_site:app") as server:
        url = f"{server.url}/cup"
        assert browser.put(url, data=PICTURE).json() == {"size": 3_000_000}
        check_stream(browser.get(url))
        tea = {"tea": ["mint", "ä"]}
        answer = browser.post(url, json=tea)
        assert (answer.status_code, answer.json()) == (201, tea)
        assert browser.post(url, data=b"{").status_code == 400
        gone = browser.delete(url)
        assert (gone.status_code, gone.content) == (204, b"")
        assert "Content-Length" not in gone.headers
        assert browser.patch(url).headers["Allow"]


def test_pyramid(serving, browser):
    with serving("pyramid_site:app") as server:
        for n in "1", "2", "3":
            assert browser.get(f"{server.url}/count").text == n
        answer = browser.post(f"{server.url}/take", **form())
        assert answer.content == PICTURE
        check_stream(browser.get(f"{server.url}/lines"))


def test_webob(serving, browser):
    with serving("webob_site:app") as server:
        check_parts(browser, server.url, b"0123456789" * 1000)
        old = {"If-None-Match": browser.get(server.url).headers["ETag"]}
        same = browser.get(server.url, headers=old)
        assert (same.status_code, same.content) == (304, b"")
        query = {"tea": "mint & äöü"}
        answer = browser.post(server.url, params=query, data=PICTURE)
        assert answer.json() == query | {"size": 3_000_000}


def test_prometheus_client(serving, browser):
    with serving("metrics:app") as server:
        before = browser.get(server.url).text
        after = browser.get(server.url).text
    (a,), (b,) = (
        [line for line in text.splitlines() if line.startswith("requests_total")]
        for text in (before, after)
    )
    assert float(b.split()[1]) == float(a.split()[1]) + 1


def test_cherrypy(serving, browser):
    with serving("cherrypy_site:app") as server:
        answer = browser.post(f"{server.url}/take", **form())
        assert answer.text == "cup: " + "tea " * 1000
        check_parts(browser, f"{server.url}/give")
        check_stream(browser.get(f"{server.url}/lines"))


def test_dash(serving, browser):
    """As its page in a browser asks."""
    with serving("dash_site:app") as server:
        assert "_dash-config" in browser.get(server.url).text
        layout = browser.get(f"{server.url}/_dash-layout").json()
        assert layout["type"] == "Div"
        ask = {
            "output": "out.children",
            "outputs": {"id": "out", "property": "children"},
            "inputs": [{"id": "in", "property": "value", "value": "tea"}],
            "changedPropIds": ["in.value"],
        }
        answer = browser.post(f"{server.url}/_dash-update-component", json=ask)
        assert answer.json()["response"] == {"out": {"children": "TEA"}}
