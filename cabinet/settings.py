"""All settings, read from the environment or `.env`; `.env.example` names every variable."""

from pathlib import Path

import django
import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
env.read_env(BASE_DIR / ".env")


def required(name: str, why: str) -> str:
    """The variable's value, or a stop that says what to set."""
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set: {why} (see .env.example).")
    return value


def flag(name: str) -> bool:
    """Whether the variable is 1 (0 when it is not set), or a stop for anything else."""
    value = env.str(name, default="").strip() or "0"
    if value not in ("0", "1"):
        raise ImproperlyConfigured(f"{name} is {value!r}: set it to 0 or 1.")
    return value == "1"


# How it runs: production unless DEMO or DEBUG says otherwise.
DEBUG = flag("DEBUG")
DEMO = flag("DEMO")
TRYING = DEBUG or DEMO

SECRET_KEY = (
    env.str("SECRET_KEY", default="only-for-debugging-and-never-in-production")
    if DEBUG
    else required("SECRET_KEY", "set it to 50 or more random characters")
)
ALLOWED_HOSTS = (
    env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
    if TRYING
    else [
        host.strip()
        for host in required(
            "ALLOWED_HOSTS", "set it to the site's host names, joined by commas"
        ).split(",")
    ]
)

# Data
if not env.str("DATABASE_URL", default="") and TRYING:
    from cabinet.embedded_postgres import database_url

    try:
        _database_url = database_url(BASE_DIR)
    except RuntimeError as error:
        raise ImproperlyConfigured(str(error)) from error
else:
    _database_url = required("DATABASE_URL", "set it to postgres://user:password@host:5432/name")
DATABASES = {
    "default": {
        **env.db_url_config(_database_url),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,  # PgBouncer pools by transaction
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What it is made of
INSTALLED_APPS = [
    "receipts",
    "billing",
    "accounts",
    "cabinet",
    "csp",
    "django.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "cabinet.middleware.language",
    "cabinet.middleware.no_store",
    "django.middleware.common.CommonMiddleware",
    # Before the CSRF check, so that a POST without signing in leads to the sign-in page too.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "cabinet.urls"
WSGI_APPLICATION = "cabinet.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates", Path(django.__file__).parent / "forms" / "jinja2"],
        "OPTIONS": {
            "environment": "cabinet.jinja.environment",
            "context_processors": [
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cabinet.context.running",
            ],
        },
    },
    {  # the admin's, and those of packages
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
FORM_RENDERER = "cabinet.forms.Renderer"

# Static files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Languages: Kazakh first, whatever the browser asks for (cabinet.middleware.language).
LANGUAGE_CODE = "kk"
LANGUAGES = [("kk", "Қазақша"), ("ru", "Русский")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "cabinet.formats"
USE_I18N = True
USE_THOUSAND_SEPARATOR = False  # figures are formatted by cabinet.figures
TIME_ZONE = "Asia/Almaty"
USE_TZ = True

# Who signs in
AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "billing:home"
LOGOUT_REDIRECT_URL = "accounts:login"

# Cookies: the __Host- prefix wants https; trying it out works over plain http.
_prefix = "" if TRYING else "__Host-"
SESSION_COOKIE_NAME = f"{_prefix}session"
CSRF_COOKIE_NAME = f"{_prefix}csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not TRYING
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60

# Front
SECURE_SSL_REDIRECT = not TRYING
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("BEHIND_TLS_PROXY") else None
SECURE_HSTS_SECONDS = 0 if TRYING else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not TRYING
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}

# Mail: the demo keeps letters in var/mail, production says where to send them.
_mail = f"filemail:///{BASE_DIR / 'var' / 'mail'}" if TRYING else "smtp://localhost:25"
vars().update(env.email_url("EMAIL_URL", default=_mail))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="cabinet@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
