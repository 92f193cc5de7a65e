"""A stock Django project with django-import-export and django-auditlog."""

import importlib
from typing import Any

_ours: Any = importlib.import_module("config.settings")

SECRET_KEY = "only for measuring"  # noqa: S105
DATABASES = {
    "default": {
        **_ours.DATABASES["default"],
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "softswitch_bench_rival",
    }
}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "auditlog",
    "import_export",
    "bench.import_rival",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
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
]
ROOT_URLCONF = "bench.import_rival.urls"
ALLOWED_HOSTS = ["testserver"]
STATIC_URL = "/static/"
USE_TZ = True
DATA_UPLOAD_MAX_MEMORY_SIZE = FILE_UPLOAD_MAX_MEMORY_SIZE = 1 << 30
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
