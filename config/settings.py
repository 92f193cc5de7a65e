"""The one truth about this installation: read from the environment, refused at start when it cannot be right.

Every variable is listed in ``docs/settings.md``. Nothing needs to be set for a trial on one machine.
"""

import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from config import env
from config.admin_theme import ORGANIZATION_UNFOLD, PLATFORM_UNFOLD
from config.database import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.directory("VAR_DIR", BASE_DIR / "var")

DEBUG = env.flag("DEBUG", default=False)
BASE_DOMAIN = env.text("BASE_DOMAIN", "localhost").lower().strip(".")
PORT = env.number("PORT", 8000, least=1)
ENVIRONMENT = env.text("ENVIRONMENT", "demo" if BASE_DOMAIN == "localhost" else "production")
HTTPS = env.flag("HTTPS", default=BASE_DOMAIN != "localhost")


def _secret_key() -> str:
    """SECRET_KEY, or for a trial on this machine one that is made once and kept in VAR_DIR."""
    given = env.text("SECRET_KEY")
    if given:
        return given
    if BASE_DOMAIN != "localhost":
        raise ImproperlyConfigured("Set SECRET_KEY or SECRET_KEY_FILE (50 random characters or more).")
    VAR_DIR.mkdir(parents=True, exist_ok=True)
    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return path.read_text(encoding="ascii")


SECRET_KEY = _secret_key()

# --- Who answers -------------------------------------------------------------------------------------------
ALLOWED_HOSTS = [BASE_DOMAIN, f".{BASE_DOMAIN}", *env.words("ALLOWED_HOSTS")]
ROOT_URLCONF = "config.urls_tenant"
PUBLIC_SCHEMA_URLCONF = "config.urls_public"
WSGI_APPLICATION = "config.wsgi.application"

# --- Applications ------------------------------------------------------------------------------------------
# Unfold stands before django_tenants, whose admin/app_list.html would otherwise replace the sidebar.
_ADMIN_APPS = ["unfold", "unfold.contrib.filters", "unfold.contrib.forms"]
_BOTH_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "tenants.accounts",
    "tenants.jobs",
    "compliance",
    "django.contrib.admin",  # its log stays empty, but deleting a user asks it
]
SHARED_APPS = [
    "config.apps.ProjectConfig",
    *_ADMIN_APPS,
    "tenants",
    "django_tenants",
    *_BOTH_APPS,
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_q",
]
TENANT_APPS = [*_BOTH_APPS, "crm"]
INSTALLED_APPS = [*SHARED_APPS, *(app for app in TENANT_APPS if app not in SHARED_APPS)]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",  # also for what the next one refuses
    "tenants.middleware.OrganizationMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "tenants.middleware.UserPreferencesMiddleware",
    "compliance.audit.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # This project's own templates win because its app stands first. Naming their folder here as well
        # would make a template that extends its namesake extend itself.
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.debug",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Organisations -----------------------------------------------------------------------------------------
TENANT_MODEL = "tenants.Organization"
TENANT_DOMAIN_MODEL = "tenants.Domain"
TENANT_LIMIT_SET_CALLS = False  # a changed role would otherwise outlive the statement that changed it
ORGANIZATION_ADMIN_SITE = "config.admin_site.OrganizationAdminSite"

# --- Database ----------------------------------------------------------------------------------------------
DATABASE_URL = env.text("DATABASE_URL")
EMBEDDED_DATABASE = not DATABASE_URL
EMBEDDED_DATABASE_DIR = VAR_DIR / "postgres"
DATABASES = {
    "default": {
        **env.database(DATABASE_URL or embedded.url(EMBEDDED_DATABASE_DIR)),
        "ENGINE": "config.database.backend",
        "CONN_MAX_AGE": env.number("CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
    },
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Keys, files, cache ------------------------------------------------------------------------------------
KEY_PROVIDER = env.text("KEY_PROVIDER", "tenants.keys.providers.FileKeyProvider")
KEYRING_DIR = env.directory("KEYRING_DIR", VAR_DIR / "keyring")
KEY_RETENTION_DAYS = env.number("KEY_RETENTION_DAYS", 35)  # a restored backup still needs retired keys
PHONE_REGION = env.text("PHONE_REGION")  # for numbers without a country code where an organisation has none
KEYRING_AUTO_CREATE = env.flag("KEYRING_AUTO_CREATE", default=BASE_DOMAIN == "localhost")
MEDIA_ROOT = env.directory("MEDIA_ROOT", VAR_DIR / "media")
STORAGES = {
    "default": {"BACKEND": "tenants.storage.OrganizationStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "tenants.cache.make_key",
    },
}

# --- Accounts ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["tenants.accounts.backends.PasswordBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "organization:login"
LOGIN_REDIRECT_URL = "organization:index"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # seconds
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 3600  # seconds
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
CSRF_FAILURE_VIEW = "config.error_pages.form_expired"

# --- The web -----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
X_FRAME_OPTIONS = "DENY"
SECURE_SSL_REDIRECT = HTTPS and not DEBUG
# Where a proxy ends TLS, it must set this header itself and drop what a client sent.
if env.flag("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CSP = {
    "default-src": [CSP.SELF],
    # Alpine, which Unfold's admin is built on, evaluates its attributes; it needs no inline script.
    "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
    "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # bytes
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # bytes
IMPORT_MAX_BYTES = env.number("IMPORT_MAX_BYTES", 1024**3, least=1)

# --- Jobs --------------------------------------------------------------------------------------------------
JOB_LEASE_SECONDS = env.number("JOB_LEASE_SECONDS", 60, least=5)
WORKER_PROCESSES = env.number("WORKER_PROCESSES", 2, least=1)
Q_CLUSTER = {
    "name": "softswitch",
    "orm": "default",
    "workers": WORKER_PROCESSES,
    "queue_limit": WORKER_PROCESSES,
    "bulk": 1,
    "timeout": 6 * 3600,  # seconds; a job's own lease is what ends a dead one
    "retry": 7 * 3600,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "poll": 0.5,
    "save_limit": 100,
    "label": "Queue",
}

# --- Languages and time ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- Admin -------------------------------------------------------------------------------------------------
UNFOLD = PLATFORM_UNFOLD  # the platform's site reads this one
UNFOLD_ORGANIZATION = ORGANIZATION_UNFOLD

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {"django-q": {"level": "WARNING"}},  # a line for each kick says nothing
}

SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # User.email is unique through its blind index
]
