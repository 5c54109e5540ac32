"""Where a notebook can be run, or mended, besides the reader's own machine."""

import re
from pathlib import Path
from urllib.parse import quote

from saying import NAME, say

LITE = "lite/lab/index.html"  # from `make site-lite`
IN_BROWSER = r"(?:[^/]+/)?(notebooks|exercises)/0[1-4]_"
FIRST = "notebooks/01_call_a_flask_app.ipynb"  # of those
START = "notebooks/00_start_here.ipynb"
HERE = f"{NAME}/" if NAME else ""  # the edition's folder


def lite(name):
    """The link to the notebook `name` in JupyterLite, whose menus are in the
    language of the notebook, from the site's root."""
    *edition, _, _ = name.split("/")
    page = LITE.replace("lab", *edition) if edition else LITE
    return f"{page}?path={quote(name)}"


def binder(name, repository):
    """The link to the notebook `name` on Binder."""
    tree = quote(f"lab/tree/{name}")
    return f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath={tree}"


def codespaces(repository):
    """The link to the workbook in Codespaces."""
    return f"https://codespaces.new/{repository}"


def address(repository):
    """Where the code host publishes the site, a str; "" where `repository`
    is None, and nobody knows it."""
    owner, _, name = (repository or "").partition("/")
    return f"https://{owner}.github.io/{name}/" if name else ""


def links(name, built, repository):
    """Where else to read, run or mend the notebook `name`: [(text, link)].

    `built` says whether JupyterLite is, `repository` is None or "who/what".
    """
    found = [(say("Download the notebook"), Path(name).name)]
    if built and re.match(IN_BROWSER, name):
        link = "../" * name.count("/") + lite(name)
        found.insert(0, (say("Run in the browser"), link))
    if repository:
        issue = f"https://github.com/{repository}/issues/new?title={quote(name)}"
        found += [
            (say("Run on Binder"), binder(name, repository)),
            (say("Run in Codespaces"), codespaces(repository)),
            (say("Say what is wrong"), issue),
        ]
    return found


def invitation(built, repository):
    """What the first page says of reading with nothing installed; Markdown,
    "" where no way is known. The arguments are those of links()."""
    ways = []
    if built:
        said = say(
            '<strong><a href="{link}">Run it in your browser</a>, nothing to '
            "install</strong>: chapters 01 to 04 and their exercises run there; a "
            "cell that cannot, such as one that needs a server, says so.",
            link="../" * bool(NAME) + lite(HERE + FIRST),
        )
        ways.append(f'<p class="in-browser">{said}</p>')
    if repository:
        said = say(
            "**Run all chapters in your browser, nothing to install**: on "
            "[Binder]({binder}), which takes some minutes to begin, or in "
            "[Codespaces]({codespaces}), with an account of GitHub.",
            binder=binder(HERE + START, repository),
            codespaces=codespaces(repository),
        )
        ways.append(said)
    return "\n\n".join(ways)
