"""Where WSGI servers find the app: `gunicorn wsgi:app` is `from wsgi import app`."""

from my_flask_app import app, run_development_server

__all__ = ["app"]

if __name__ == "__main__":
    run_development_server()
