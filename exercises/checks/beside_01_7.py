"""Beside the answer to exercise 7 of sheet 01: a browser with a form."""

from html.parser import HTMLParser
from urllib.parse import urljoin

from werkzeug.exceptions import default_exceptions

from answer import app


class Page(HTMLParser):
    """What a browser makes of a page: `forms`, [method, path, fields], and
    `items`, the texts of a list."""

    def __init__(self, html):
        super().__init__()
        self.forms, self.items, self.inside = [], [], False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        has = {name: value or "" for name, value in attributes}
        if tag == "form":
            where = urljoin("/", has.get("action", ""))
            self.forms.append([has.get("method", "").lower(), where, []])
        if tag in ("input", "textarea", "select") and self.forms:
            self.forms[-1][2].append(has.get("name"))
        if tag == "li":
            self.items.append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "li"

    def handle_data(self, data):
        if self.inside:
            self.items[-1] += data


def get(path="/"):
    return app.test_client().get(path)


def page():
    """The status and the type of the page."""
    reply = get()
    return reply.status_code, reply.mimetype


def sends(field):
    """The methods and paths of the page's forms that have a field."""
    forms = Page(get().text).forms
    return [
        (method, path) for method, path, names in forms if field in names
    ]


def listed():
    """The wishes that a visitor sees."""
    return [item.strip() for item in Page(get().text).items]


def post(body, **options):
    return app.test_client().post("/", data=body, **options)


def wish(tea, page="/"):
    """Send the form from a page; the status, and the path that is to be
    asked next."""
    reply = post({"tea": tea}, headers={"Referer": f"http://tea{page}"})
    place = str(reply.location).removeprefix("http://localhost")
    return reply.status_code, place


def arrives(tea):
    """Send the form as a browser does, which asks for the next page; how
    that was answered, and whether the wish is in it."""
    reply = post({"tea": tea}, follow_redirects=True)
    seen = tea in [item.strip() for item in Page(reply.text).items]
    return reply.status_code, reply.request.method, seen


def missing(path, method="GET"):
    """The answer to a path that there is not: its status and its text."""
    reply = app.test_client().open(path, method=method)
    return reply.status_code, reply.text


def is_flasks(code):
    """Whether an error stays as it is, for Flask to answer."""
    error = default_exceptions[code]()
    with app.test_request_context("/"):
        return app.handle_user_exception(error) is error
