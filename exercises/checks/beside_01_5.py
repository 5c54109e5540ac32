"""Beside the answer to exercise 5 of sheet 01: two apps to extend."""

from flask import Flask

from answer import NoSniff


def tea():
    return "mint", 418, {"X-Tea": "mint"}


def plug_in():
    """Two apps and the one object that is plugged into both."""
    sites, plugin = [Flask("one"), Flask("two")], NoSniff()
    for site in sites:
        plugin.init_app(site)
        site.get("/tea")(tea)
        site.add_url_rule("/error", view_func=lambda: 1 / 0)
    return *sites, plugin
