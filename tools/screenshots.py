"""Take the pictures of pages that the chapters show: notebooks/img/*.png.

Usage: python -m tools.screenshots

A Chromium without a window opens what a reader opens: the app, Flask's
debugger, and this workbook in JupyterLab. No picture shows where the project
lies on this machine.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageOps

from notebooks.serving import serve
from tests.browser.lab import CHROMIUM, MISSING, chromium, opened
from tools.copying import copy_project
from tools.translate.edition import editions
from tools.workbook import NOTEBOOKS, ROOT, code_cells, name_of, read

IMAGES = NOTEBOOKS / "img"
COLOURS = 64  # of a page; a picture with more is many times as large
CHAPTER = "notebooks/01_call_a_flask_app.ipynb"
SHOWN = "app.test_client()"  # in a cell of it
SITE = "PAGE = ", 'Flask("guests")'  # in its cells with the site of a form
IMPORTS = "from flask import Flask, render_template_string, request, url_for"
CELL = ".jp-CodeCell.jp-mod-active"
# Places in JupyterLab, in the order of their numbers: an element, and how far
# from its left and its top the middle of the number lies.
PLACES = (
    (".jp-DirListing-header", 120, 12),
    ("[data-jp-item-name='run']", -12, 13),
    (f"{CELL} .jp-Editor", 560, 32),
    (f"{CELL} .jp-OutputArea", 647, 14),
    (".jp-NotebookPanel .jp-Notebook-ExecutionIndicator", 8, 40),
)
NUMBER = """(element, [number, left, top]) => {
    const box = element.getBoundingClientRect();
    const mark = document.createElement("b");
    mark.textContent = number;
    mark.style.cssText = `position: fixed; z-index: 9999; width: 26px;
        left: ${box.left + left - 13}px; top: ${box.top + top - 13}px;
        border-radius: 13px; background: #b00020; color: white;
        font: bold 16px/26px sans-serif; text-align: center`;
    document.body.append(mark);
}"""
# Leaves of each path what a project has, wherever it lies.
SHORTEN = """(body, root) => {
    const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
        texts.currentNode.data = texts.currentNode.data.replaceAll(root, "");
}"""


def keep(page, name, images=IMAGES):
    """Save what `page` shows as NAME.png in the folder `images`, framed, in
    few colours."""
    # Without a frame, a white page is lost on the white of a notebook.
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    framed = ImageOps.expand(picture, border=2, fill="gray")
    path = images / f"{name}.png"
    few = framed.quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    print(f"{name_of(path)}: {path.stat().st_size // 1000} kB")


def greeting(browser):
    """The app's own page."""
    size = {"width": 480, "height": 80}
    command = "flask --app wsgi run --port 0"
    with serve(command) as server, browser.new_page(viewport=size) as page:
        page.goto(f"{server.url}/greet/Ada")
        keep(page, "greet")


def form(browser):
    """The site of a chapter's cells: one name in its list, one in its field."""
    code = [cell.source for cell in code_cells(read(ROOT / CHAPTER))]
    code = [text for part in SITE for text in code if part in text]
    text = "\n".join([IMPORTS, *code])
    command = "flask --app guests:guests run --port 0"
    size = {"width": 480, "height": 100}
    with (
        serve(command, {"guests.py": text}) as server,
        browser.new_page(viewport=size) as page,
    ):
        page.goto(server.url)
        page.locator("input").fill("Ada")
        page.locator("button").click()
        page.locator("li").wait_for()
        page.locator("input").fill("Grace")
        keep(page, "form")


def debugger(browser):
    """The page of Flask's debugger, the mouse at the line that failed."""
    command = "flask --app wsgi run --port 0 --debug --no-reload"
    size = {"width": 900, "height": 720}
    with serve(command) as server, browser.new_page(viewport=size) as page:
        page.goto(f"{server.url}/error")
        page.locator(".frame").last.hover()
        page.locator("body").evaluate(SHORTEN, f"{ROOT}/")
        keep(page, "debugger")


def lab(browser, home, images):
    """A chapter in JupyterLab, its places numbered, in the language of the
    pages that have this folder of images."""
    path = (images.parent.parent / CHAPTER).relative_to(ROOT)
    chapter = copy_project(home / "project") / path
    size = {"width": 1200, "height": 700}
    with opened(chapter, browser, home, viewport=size) as page:
        cell = page.locator(".jp-CodeCell", has_text=SHOWN).first
        cell.scroll_into_view_if_needed()
        cell.click()
        page.wait_for_load_state("networkidle")  # with the images it shows
        for number, (place, left, top) in enumerate(PLACES, 1):
            page.locator(place).evaluate(NUMBER, [number, left, top])
        keep(page, images=images, name="jupyterlab")


def main():
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as home, chromium(home) as browser:
        greeting(browser)
        form(browser)
        debugger(browser)
        for folder in ROOT, *(edition.folder for edition in editions()):
            if (folder / CHAPTER).exists():
                lab(browser, Path(home, folder.name), folder / "notebooks/img")


if __name__ == "__main__":
    if not CHROMIUM:
        sys.exit(MISSING)
    main()
