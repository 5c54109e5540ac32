"""Beside the answer to exercise 3 of sheet 01: a browser."""

from html.parser import HTMLParser
from urllib.parse import quote

from answer import app


class Page(HTMLParser):
    """What a browser makes of a page: its tags, and the text it shows."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def get(name):
    return app.test_client().get(f"/greet/{quote(name)}")


def greeted(name):
    """The status, the type and the page for a name."""
    reply = get(name)
    return reply.status_code, reply.mimetype, reply.text


def shown(name):
    """The tags of the page for a name, and what a browser shows."""
    page = Page(get(name).text)
    return page.tags, page.text
