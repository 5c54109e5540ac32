"""Open chapters in a real JupyterLab, in a Chromium without a window."""

import contextlib
import json
import os
import re
import secrets
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from jupyterlab_server.translation_utils import get_language_pack
from playwright.sync_api import expect, sync_playwright

from notebooks.serving import start, wait_until
from tools.copying import copy_project

ROOT = Path(__file__).resolve().parent.parent.parent
NAMES = "chromium", "chromium-browser", "google-chrome"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
MISSING = "No Chromium here. Try: sudo apt install chromium"
QUIET = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
NO_NEWS = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}


@contextlib.contextmanager
def chromium(home):
    """Start Chromium with an empty profile and `home`; yield a Browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=QUIET,
            chromium_sandbox=os.geteuid() != 0,  # root cannot have it
            env={**os.environ, "HOME": str(home)},
        )
        with browser:
            yield browser


@pytest.fixture(scope="module", name="browser")
def browser_of_a_module(tmp_path_factory):
    """A Browser for the tests of a file that imports this."""
    if not CHROMIUM:
        pytest.exit(MISSING, returncode=1)
    with chromium(tmp_path_factory.mktemp("home")) as browser:
        yield browser


@pytest.fixture(name="project")
def project_of_a_test(tmp_path):
    """The folder of a copy of the project, a Path."""
    return copy_project(tmp_path / "project")


@contextlib.contextmanager
def opened(chapter, browser, home, mode="lab", settings=None, **view):
    """Open `chapter`, a Path in a copy of the project, as `make lab` does;
    yield its Page.

    `home` is an empty folder: whoever runs this has settings of their own.
    `settings` overrides JupyterLab's, {plugin: {name: value}}; `mode` is
    "lab", or "doc" for the chapter alone; `view` is for Browser.new_page.
    """
    labconfig = Path(home, ".jupyter/labconfig")
    labconfig.mkdir(parents=True, exist_ok=True)
    overrides = json.dumps(NO_NEWS | (settings or {}))
    Path(labconfig, "default_setting_overrides.json").write_text(overrides)
    token = secrets.token_hex()
    project = above(chapter, "wsgi.py") or chapter.parent
    edition = above(chapter, "edition.toml")
    words = [
        f"HOME={home}",
        f"PATH={os.environ['PATH']}",  # make lab adds no .venv/bin
        f"JUPYTER_TOKEN={token}",
        "LC_ALL=C.UTF-8",  # else its menus speak the language of this machine
        str(Path(sys.executable).parent / "jupyter"),
        "lab",
        *(["--allow-root"] if os.geteuid() == 0 else []),
        "--no-browser",
        "--ServerApp.ip=127.0.0.1",
        "--ServerApp.port=0",
        f"--ServerApp.root_dir={project}",
        *([f"--LabApp.app_settings_dir={edition}/lab"] if edition else []),
        str(chapter),
    ]
    with start(shlex.join(words)) as server:
        wait_until(server.answers, seconds=60)
        with browser.new_page(**view) as page:
            page.set_default_timeout(60_000)
            path = chapter.relative_to(project).as_posix()
            page.goto(f"{server.url}/{mode}/tree/{path}?token={token}")
            # Run All asks for a kernel if it comes before the kernel does.
            idle = called("Idle", edition)
            page.get_by_text(f"Python 3 (ipykernel) | {idle}").wait_for()
            yield page


def called(name, edition):
    """What JupyterLab calls something, such as "Idle" or a menu, for an
    edition's folder, a Path, or for the English pages, None: a str."""
    if edition is None:
        return name
    settings = json.loads((edition / "lab/overrides.json").read_text("utf-8"))
    locale = settings["@jupyterlab/translation-extension:plugin"]["locale"]
    words = get_language_pack(locale)[0].get("jupyterlab", {})
    return words.get(name, words.get(f"menu\x04{name}", [name]))[0]


def above(path, name):
    """The first folder above `path` with a file of this name, or None."""
    return next((p for p in path.parents if (p / name).exists()), None)


def run_all(page, count):
    """Run All Cells, until the last one's count is `count`.

    Or until the time is over: JupyterLab stops where a cell fails that is
    not tagged `raises-exception`, and the saved chapter shows where.
    """
    choose(page, "Run", "Run All Cells")
    last = page.locator(".jp-CodeCell .jp-InputArea-prompt").last
    with contextlib.suppress(AssertionError):
        expect(last).to_have_text(f"[{count}]:", timeout=180_000)


def save(page):
    """Save the chapter, until the server has it."""
    with page.expect_response(puts_chapter) as response:
        choose(page, "File", "Save Notebook")
    assert response.value.ok


def puts_chapter(response):
    return response.request.method == "PUT" and "/contents/" in response.url


def choose(page, menu, entry):
    """Click on `entry` in `menu`, as in File > Save Notebook."""
    bar = page.get_by_role("menubar")
    bar.get_by_role("menuitem", name=menu, exact=True).click()
    labels = page.locator(".lm-Menu-itemLabel")
    labels.filter(has_text=re.compile(f"^{entry}$")).click()
