"""Whole sites, as people install them, used as a browser uses them."""

import os
import re
import sys
import unittest
from importlib import import_module
from pathlib import Path

import socketio
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.test import Client

SOURCES = Path(sys.prefix, "sources")
# One of httpbin's tests asks for what its Flask does without a server: 501.
BETTER = {"test_post_chunked"}


def forward(url):
    """A WSGI app that asks the server at `url`, a str, and hands on what
    it answers."""
    target = {"target": url, "host": None, "headers": {}, "remove_prefix": False}
    proxy = ProxyMiddleware(None, {})

    def app(environ, start_response):
        environ.pop("HTTP_", None)  # a header without a name
        send = proxy.proxy_to(target, environ["PATH_INFO"], "/")
        return send(environ, start_response)

    return app


def test_httpbin_by_its_own_tests(serving, monkeypatch):
    """Their client calls no app here, but asks the server."""
    (tests,) = SOURCES.glob("httpbin-*/tests")
    monkeypatch.syspath_prepend(tests)
    theirs = import_module("test_httpbin").HttpbinTestCase
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(theirs)
    result = unittest.TestResult()
    with serving("httpbin_site:app") as server:
        client = Client(forward(server.url))
        monkeypatch.setattr(theirs, "setUp", lambda self: None)
        monkeypatch.setattr(theirs, "app", client, raising=False)
        suite.run(result)
    failed = {test._testMethodName: text for test, text in result.failures}
    failed |= {test._testMethodName: text for test, text in result.errors}
    assert failed.keys() == BETTER, "\n".join(failed.values())
    assert result.testsRun >= 60


def token(page, name):
    """The value of a hidden field of a page, a str."""
    field = rf"""name=["']{name}["'] value=["']([^"']+)|"""
    field += rf"""value=["']([^"']+)["'] name=["']{name}"""
    found = re.search(field, page.text)
    return found[1] or found[2]


def test_django(serving, browser, home):
    with serving("django_site:app") as server:
        admin = f"{server.url}/admin/"
        page = browser.get(f"{admin}login/")
        form = {
            "csrfmiddlewaretoken": token(page, "csrfmiddlewaretoken"),
            "username": "ada",
            "password": "secret",
            "next": "/admin/",
        }
        page = browser.post(f"{admin}login/", data=form)
        assert "Site administration" in page.text
        page = browser.get(f"{admin}tea/picture/add/")
        form = {"csrfmiddlewaretoken": token(page, "csrfmiddlewaretoken")}
        picture = os.urandom(5_000_000)
        files = {"file": ("cup.bin", picture)}
        page = browser.post(f"{admin}tea/picture/add/", data=form, files=files)
        assert "was added successfully" in page.text
        assert (home / "media" / "cup.bin").read_bytes() == picture
        assert browser.get(f"{server.url}/file/cup.bin").content == picture
        lines = browser.get(f"{server.url}/lines")
        assert lines.headers["Content-Encoding"] == "gzip"
        assert lines.text.splitlines()[-1] == "line 999"
        assert "Content-Length" not in lines.headers


def test_whitenoise(serving, browser):
    """Half of a file, and one that has not changed."""
    with serving("django_site:app") as server:
        url = f"{server.url}/static/admin/css/base.css"
        whole = browser.get(url)
        some = browser.get(url, headers={"Range": "bytes=5-9"})
        assert (some.status_code, some.content) == (206, whole.content[5:10])
        since = {"If-Modified-Since": whole.headers["Last-Modified"]}
        same = browser.get(url, headers=since)
        assert (same.status_code, same.content) == (304, b"")


def test_django_with_no_content(serving, browser):
    """CommonMiddleware gives each answer a length, which a 204 must not
    have: RFC 9110, 8.6."""
    with serving("django_site:app") as server:
        answer = browser.get(f"{server.url}/nothing")
        assert answer.status_code == 204
        assert "Content-Length" not in answer.headers
        assert "Transfer-Encoding" not in answer.headers


def test_django_with_a_status_without_a_reason(serving, browser):
    with serving("django_site:app") as server:
        answer = browser.get(f"{server.url}/strange")
        assert answer.status_code == 499


def test_flaskr(serving, browser):
    ada = {"username": "ada", "password": "secret"}
    with serving("flaskr_site:app") as server:
        page = browser.post(f"{server.url}/auth/register", data=ada)
        assert page.url == f"{server.url}/auth/login"
        page = browser.post(page.url, data=ada)
        assert "Log Out" in page.text
        post = {"title": "Tea", "body": "café " * 10_000}
        page = browser.post(f"{server.url}/create", data=post)
        assert post["body"].strip() in page.text
        post = {"title": "Cake", "body": "-"}
        page = browser.post(f"{server.url}/1/update", data=post)
        assert "Cake" in page.text and "Tea" not in page.text
        page = browser.post(f"{server.url}/1/delete")
        assert "Cake" not in page.text


def test_flask_socketio_by_python_socketio(serving):
    """Two who talk, by long polling: WSGI knows no WebSocket."""
    with (
        serving("talk:app") as server,
        socketio.SimpleClient() as ada,
        socketio.SimpleClient() as bob,
    ):
        for client in ada, bob:
            client.connect(server.url, transports=["polling"])
            assert client.transport == "polling"
        for n in range(20):
            assert ada.call("say", f"tea {n}", timeout=10) == len(f"tea {n}")
        heard = [bob.receive(timeout=10) for _ in range(20)]
    assert heard == [["said", f"tea {n}"] for n in range(20)]


def test_trac(serving, run, browser, home):
    run("trac-admin", "project", "initenv", "Tea", "sqlite:db/trac.db")
    for right in "WIKI_ADMIN", "TICKET_ADMIN":
        run("trac-admin", "project", "permission", "add", "anonymous", right)
    with serving("trac_site:app") as server:
        page = browser.get(f"{server.url}/newticket")
        form = {
            "__FORM_TOKEN": token(page, "__FORM_TOKEN"),
            "field_summary": "The tea is cold",
            "submit": "Create ticket",
        }
        page = browser.post(f"{server.url}/newticket", data=form)
        assert page.url == f"{server.url}/ticket/1"
        assert "The tea is cold" in page.text
        page = browser.get(f"{server.url}/attachment/ticket/1/?action=new")
        picture = os.urandom(200_000)
        form = {
            "__FORM_TOKEN": token(page, "__FORM_TOKEN"),
            "action": "new",
            "realm": "ticket",
            "id": "1",
        }
        files = {"attachment": ("cup.bin", picture)}
        browser.post(f"{server.url}/attachment/ticket/1/", data=form, files=files)
        got = browser.get(f"{server.url}/raw-attachment/ticket/1/cup.bin")
        assert got.content == picture


def test_kinto(serving, browser):
    browser.auth = "ada", "secret"
    with serving("kinto_site:app") as server:
        store = f"{server.url}/v1/buckets/kitchen"
        for url in store, f"{store}/collections/teas":
            assert browser.put(url).status_code == 201
        records = f"{store}/collections/teas/records"
        for n in range(20):
            assert browser.post(records, json={"data": {"n": n}}).ok
        page = browser.get(records, params={"n": 7})
        (record,) = page.json()["data"]
        url = f"{records}/{record['id']}"
        old = browser.get(url).headers["ETag"]
        same = browser.get(url, headers={"If-None-Match": old})
        assert (same.status_code, same.content) == (304, b"")
        new = browser.patch(url, json={"data": {"n": 8}})
        assert new.json()["data"]["n"] == 8
        late = browser.delete(url, headers={"If-Match": old})
        assert late.status_code == 412
        assert browser.delete(url).json()["data"]["deleted"] is True
