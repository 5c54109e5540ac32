"""The settings of Sphinx for the reading edition: `make site`.

It shows the stored notebooks, as stage.py has laid them out, and runs none.
SITE_EDITION, as in saying.py, names the edition.
"""

import pages
from saying import LOCALE, say
from stage import BOOK, EXTRA, known_ways
from ways import address

project = html_title = say("The WSGI workbook")
language = LOCALE
extensions = ["myst_nb", "sphinx_copybutton"]
source_suffix = {".ipynb": "myst-nb", ".md": "myst-nb"}
include_patterns = [
    *("*.ipynb", "*.md", "notebooks/*.ipynb", "exercises/*.ipynb"),
    *("classroom/**.md", "**/index.md", "tests/small_server/wire/*.md"),
]
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_error_lexer = "none"  # a message is no Python
myst_enable_extensions = ["html_image"]
suppress_warnings = ["misc.highlighting_failure"]  # requests that are wrong
myst_heading_anchors = 3
copybutton_selector = "div.cell_input pre, .highlight-sh pre, .highlight-python pre"

smartquotes = False  # --preload has two dashes

html_theme = "sphinx_book_theme"
html_css_files = ["workbook.css"]
html_static_path = ["static"]
html_extra_path = [str(EXTRA), *map(str, BOOK)]
templates_path = ["templates"]
html_copy_source = False
html_show_search_summary = False  # a page that is a file may fetch no other
html_theme_options = {
    "disable_search": True,  # its dialog loads the whole index with each page
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "search_bar_text": say("Search"),
    "toc_title": say("On this page"),
    "pygments_dark_style": "github-dark-high-contrast",  # its comments are grey
    "article_header_start": ["toggle-primary-sidebar.html", "breadcrumbs.html"],
    "article_header_end": [
        *("editions.html", "colours.html", "toggle-secondary-sidebar.html"),
    ],
    "footer_content_items": [],
    "article_footer_items": ["stamp.html"],
    "secondary_sidebar_items": ["page-toc.html", "edition.html", "book.html"],
}
html_sidebars = {"**": ["search-box.html", "sbt-sidebar-nav.html"]}
html_context = {
    "default_mode": "auto",
    **known_ways(),
    "address": address(known_ways()["repository"]),
    "book": [path.name for path in BOOK],
}


def setup(app):
    app.add_search_language(pages.SearchPairs)
    app.connect("builder-inited", pages.write_errors)
    app.connect("doctree-read", pages.anchor_cells)
    app.connect("html-page-context", pages.finish_page)
    app.connect("build-finished", pages.translate_theme)
    app.connect("build-finished", pages.drop_unused)
