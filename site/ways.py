"""Where a notebook can be run, or mended, besides the reader's own machine."""

import re
from pathlib import Path
from urllib.parse import quote

LITE = "lite/lab/index.html"  # from `make site-lite`
IN_BROWSER = "(notebooks|exercises)/0[1-4]_"
FIRST = "notebooks/01_call_a_flask_app.ipynb"  # of those
START = "notebooks/00_start_here.ipynb"


def lite(name):
    """The link to the notebook `name` in JupyterLite, from the first page."""
    return f"{LITE}?path={quote(name)}"


def binder(name, repository):
    """The link to the notebook `name` on Binder."""
    tree = quote(f"lab/tree/{name}")
    return f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath={tree}"


def codespaces(repository):
    """The link to the workbook in Codespaces."""
    return f"https://codespaces.new/{repository}"


def links(name, built, repository):
    """Where else to read, run or mend the notebook `name`: [(text, link)].

    `built` says whether JupyterLite is, `repository` is None or "who/what".
    """
    found = [("Download the notebook", Path(name).name)]
    if built and re.match(IN_BROWSER, name):
        found.insert(0, ("Run in the browser", f"../{lite(name)}"))
    if repository:
        issue = f"https://github.com/{repository}/issues/new?title={quote(name)}"
        found += [
            ("Run on Binder", binder(name, repository)),
            ("Run in Codespaces", codespaces(repository)),
            ("Say what is wrong", issue),
        ]
    return found


def invitation(built, repository):
    """What the first page says of reading with nothing installed; Markdown,
    "" where no way is known. The arguments are those of links()."""
    ways = []
    if built:
        ways.append(
            f'<p class="in-browser"><strong><a href="{lite(FIRST)}">Run it in your '
            "browser</a>, nothing to install</strong>: chapters 01 to 04 and their "
            "exercises run there; a cell that cannot, such as one that needs a "
            "server, says so.</p>"
        )
    if repository:
        ways.append(
            "**Run all chapters in your browser, nothing to install**: on "
            f"[Binder]({binder(START, repository)}), which takes some minutes to "
            f"begin, or in [Codespaces]({codespaces(repository)}), with an account "
            "of GitHub."
        )
    return "\n\n".join(ways)
