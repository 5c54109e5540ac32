"""Django: its admin, with a model that holds a file, whitenoise for its
static files, and two views that answer what is rare.

The database and the files are in the home.
"""

from pathlib import Path

import django
from django.apps import AppConfig
from django.conf import settings

HOME = Path.home()


class Tea(AppConfig):
    """The app that has our model."""

    name = __name__
    label = "tea"


settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HOME / "db"}
    },
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "django.contrib.staticfiles",
        f"{__name__}.Tea",
    ],
    LOGGING={
        "version": 1,
        "disable_existing_loggers": False,
        "handlers": {"here": {"class": "logging.StreamHandler"}},
        "root": {"handlers": ["here"]},
    },
    MEDIA_ROOT=HOME / "media",
    MIDDLEWARE=[
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "django.middleware.gzip.GZipMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="not secret",
    STATIC_URL="static/",
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
    WHITENOISE_USE_FINDERS=True,
)
django.setup()

from django.contrib import admin
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import (
    FileResponse,
    HttpResponse,
    StreamingHttpResponse,
)
from django.urls import path


class Picture(models.Model):
    """A file, which its owner uploads in the admin."""

    file = models.FileField()


admin.site.register(Picture)


def show(request, name):
    """A file that was uploaded, as wsgi.file_wrapper sends it."""
    return FileResponse((HOME / "media" / name).open("rb"))


def lines(request):
    """Blocks without a length; gzip squeezes each on its way."""
    return StreamingHttpResponse(f"line {n}\n" for n in range(1000))


urlpatterns = [
    path("admin/", admin.site.urls),
    path("file/<name>", show),
    path("lines", lines),
    path("nothing", lambda request: HttpResponse(status=204)),
    path("strange", lambda request: HttpResponse(status=499, reason="")),
]
call_command("migrate", verbosity=0)
with connection.schema_editor() as editor:
    editor.create_model(Picture)
User.objects.create_superuser("ada", password="secret")
connection.close()
app = get_wsgi_application()
