"""The hub, with learners who are programs and one in a real browser."""

import asyncio
import json
import os
import signal
from pathlib import Path

import pytest
import yaml
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from jupyterlab_server.translation_utils import get_language_pack
from playwright.sync_api import expect

from classroom.hub.room import PASSWORD, Visit, gone, hub, page_says, room
from exercises.words import say
from notebooks.serving import serve, wait_until
from tests.browser.lab import browser_of_a_module  # noqa: F401
from tools.processes import processes_in
from tools.translate.edition import editions
from tools.workbook import ROOT, code_cells, read

# All that a prefix can break: a style sheet, a link, a form's redirect.
SHOP = """
from flask import Flask, redirect, render_template_string, url_for
app = Flask(__name__, static_folder=".", static_url_path="/static")
teas = []
PAGE = '''<link rel="stylesheet" href="{{ url_for("static", filename="a.css") }}">
<h1>{{ teas | join(", ") }}</h1> <a href="{{ url_for("about") }}">about</a>
<form action="{{ url_for("order") }}" method="post"><button>tea</button></form>
'''

@app.get("/")
def window():
    return render_template_string(PAGE, teas=teas)

@app.get("/about")
def about():
    return "a shop"

@app.post("/order")
def order():
    teas.append("tea")
    return redirect(url_for("window"))
"""
FILES = {"shop.py": SHOP, "a.css": "h1 { color: rgb(0, 128, 0); }"}
SERVE_SHOP = f"""
import os, time
os.chdir("..")  # from notebooks/ to the folder of the app
from notebooks.linking import link
from notebooks.serving import serve
port = os.environ["BIND"].split(":")[1]
prefix = link("/").rstrip("/")
command = f"SCRIPT_NAME={{prefix}} gunicorn -b 127.0.0.1:{{port}} shop:app"
with serve(command, {FILES!r}):
    print(prefix)
    time.sleep(600)
"""
ALL_CELLS = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"


@pytest.fixture(scope="module")
def server(root):
    with hub() as server:
        yield server


@pytest.fixture(scope="module")
def ada(server):
    """A learner who has logged in; a Visit."""
    visit = Visit(server, "ada")
    visit.learner.log_in()
    return visit


def test_room():
    """Three learners, who leave in three ways. The one cell with a link
    shows another one here than at a reader's desk."""
    result = room(3)
    assert result["differ"] == ["c07-23-1"]
    assert result["left"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_of_the_hub(number):
    with hub() as server:
        visit = Visit(server, 1)
        visit.learner.log_in()
        visit.page = visit.in_terminal()
        wait_until(lambda: page_says(visit, "Hello, Ada!"))
        os.kill(server.process.pid, number)
        server.process.wait(20)
        wait_until(lambda: not server.homes.exists())
        assert gone(server.homes)


def test_a_server_in_a_terminal_ends_with_its_learner(server):
    visit = Visit(server, "bob")
    visit.learner.log_in()
    visit.page = visit.in_terminal()
    wait_until(lambda: page_says(visit, "Hello, Ada!"))
    visit.learner.log_out()
    wait_until(lambda: gone(visit.home), 60)


def test_no_copy_tells_the_answers(ada):
    names = {path.name for path in ada.home.rglob("*")}
    assert {"checking.py", "messages.json"} <= names
    assert names.isdisjoint({"solutions", "wrong", "po"})


def test_memory_is_bounded(ada):
    kernel = ada.learner.open("notebooks/01_call_a_flask_app.ipynb")
    (output,) = kernel.execute("len(bytearray(3 * 2**30))")
    assert output["ename"] == "MemoryError"


def test_a_wrong_password_is_refused(server):
    visit = Visit(server, "eve")
    visit.learner.password = "another word"
    with pytest.raises(Exception, match="403"):
        visit.learner.log_in()
    assert not visit.home.exists()


def test_a_room_on_kubernetes_lets_nobody_in_without_a_password():
    values = Path(__file__).with_name("zero-to-jupyterhub.yaml").read_text()
    config = yaml.safe_load(values)["hub"]["config"]
    name = SharedPasswordAuthenticator.__name__

    def come_in(password, **settings):
        door = SharedPasswordAuthenticator(**config.get(name, {}) | settings)
        data = {"username": "ada", "password": password}
        return asyncio.run(door.authenticate(None, data))

    assert come_in("a-long-word", user_password="a-long-word")["name"] == "ada"
    for password in "", "None", "a-long-word", "change-this-password":
        assert come_in(password) is None


def is_right(page, url):
    """Assert that the shop at `url` is right in the browser's page."""
    page.goto(url)
    expect(page.locator("h1")).to_have_css("color", "rgb(0, 128, 0)")
    page.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("tea")
    assert page.url == url
    page.get_by_role("link").click()
    expect(page.locator("body")).to_have_text("a shop")
    assert page.url == f"{url}about"


def test_a_site_at_the_desk(browser):
    command = "gunicorn --no-control-socket -b 127.0.0.1:0 shop:app"
    with serve(command, FILES) as server, browser.new_page() as page:
        is_right(page, f"{server.url}/")


def test_a_site_on_the_hub(server, ada, browser):
    kernel = ada.learner.open("notebooks/06_serve_in_development.ipynb")
    id = kernel.send(SERVE_SHOP)
    prefix = next(
        message["content"]["text"].strip()
        for message in kernel.messages(id)
        if message["msg_type"] == "stream"
    )
    with browser.new_page() as page:
        log_in(page, server.url, ada.learner.name)
        is_right(page, f"{server.url}{prefix}/")


def log_in(page, url, name):
    """Log in as a person does, and wait for JupyterLab."""
    page.goto(url)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{url}/user/{name}/lab**", timeout=120_000)


def test_chapter_7_as_a_reader_on_the_hub(server, browser, tmp_path):
    """Types `bash run.sh` in a terminal, runs the cell with the link, and
    clicks on it."""
    with browser.new_page() as page:
        page.set_default_timeout(60_000)
        log_in(page, server.url, "eva")
        home = server.homes / "eva"
        settings = home / ".jupyter/lab/user-settings" / ALL_CELLS
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"windowingMode": "none"}))
        base = f"{server.url}/user/eva"
        page.goto(f"{base}/lab/tree/notebooks/07_run_gunicorn.ipynb")
        page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
        cells = page.locator(".jp-CodeCell")
        link = cells.filter(has_text='link("/greet/Ada")')
        for code in cells.first.locator(".jp-Placeholder"), link.locator(".cm-content"):
            code.first.click()  # the first cell is folded
            page.keyboard.press("Shift+Enter")
        anchor = link.locator("a[href*='/user/eva/proxy/absolute/']")
        anchor.wait_for()

        bar = page.get_by_role("menubar")
        bar.get_by_role("menuitem", name="File", exact=True).click()
        labels = page.locator(".lm-Menu-itemLabel")
        labels.get_by_text("New", exact=True).hover()
        labels.get_by_text("Terminal", exact=True).click()
        terminal = page.locator(".jp-Terminal-body")
        terminal.wait_for()
        terminal.click()
        page.keyboard.type("bash run.sh\n")
        wait_until(lambda: gunicorns(home) == 5, 60)
        page.screenshot(path=tmp_path / "terminal.png")

        page.get_by_role("tab", name="07_run_gunicorn.ipynb").click()
        with page.expect_popup() as popup:
            anchor.click()
        expect(popup.value.locator("p")).to_have_text("Hello, Ada!")
        page.screenshot(path=tmp_path / "chapter.png")
        popup.value.screenshot(path=tmp_path / "page.png")


@pytest.mark.parametrize("edition", editions(), ids=lambda e: e.folder.name)
def test_a_room_in_another_language(edition, browser, monkeypatch, tmp_path):
    """What a learner is shown first, JupyterLab's menus, and what a check says."""
    folder = edition.folder.name
    title = read(edition.folder / "notebooks/00_start_here.ipynb").cells[0].source
    packed = get_language_pack(edition.locale)[0]["jupyterlab"]
    menus = [packed[f"menu\x04{name}"][0] for name in ("File", "Kernel")]
    monkeypatch.setenv("CHECK_WORDS", str(edition.folder / "messages.json"))
    done = say("Exercise {number}: done.", number=1)
    with hub(folder) as server, browser.new_page() as page:
        page.set_default_timeout(60_000)
        log_in(page, server.url, "ada")
        heading = title.partition("\n")[0].strip("# ")
        page.get_by_role("heading", name=heading, exact=True).wait_for()
        for menu in menus:
            page.get_by_role("menubar").get_by_role("menuitem", name=menu).wait_for()
        page.screenshot(path=tmp_path / "start.png")
        learner = Visit(server, "ada").learner
        learner.log_in()
        sheet = f"{folder}/exercises/01_call_a_flask_app.ipynb"
        setup, _, check, *_ = code_cells(read(ROOT / sheet))
        kernel = learner.open(sheet)
        kernel.execute(setup.source)
        kernel.execute("# Exercise 1\nprediction = [200, 405, 404, 404]")
        assert kernel.text(check.source) == f"{done}\n"


def gunicorns(home):
    """How many processes of a Gunicorn run under this home."""
    commands = [each.cmdline() for each in processes_in(home)]
    return sum("gunicorn" in " ".join(words[:2]) for words in commands)
