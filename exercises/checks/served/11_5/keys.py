"""Print the keys of the apps that shop.py makes, whoever starts it."""

from contextlib import suppress

import flask

apps, begin = [], flask.Flask.__init__


def kept(app, *words, **named):
    apps.append(app)
    begin(app, *words, **named)


flask.Flask.__init__ = kept
with suppress(BaseException):  # its key may come from outside
    import shop

    shop.create_app()
print([app.secret_key for app in apps])
