"""All settings, read from the environment or `.env`; `.env.example` names every variable."""

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
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


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """The variable's addresses and networks, or a stop for anything else."""
    try:
        return [ip_network(each.strip()) for each in env.list(name, default=[]) if each.strip()]
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name}: {error}. Set it to addresses or networks, joined by commas."
        ) from error


# How it runs: production unless DEMO or DEBUG says otherwise.
DEBUG = flag("DEBUG")
DEMO = flag("DEMO")
TRYING = DEBUG or DEMO

SECRET_KEY = (
    env.str("SECRET_KEY", default="only-for-debugging-and-never-in-production")
    if DEBUG
    else required("SECRET_KEY", "set it to 50 or more random characters")
)
# Keys before it, so that what they signed and encrypted is still read.
SECRET_KEY_FALLBACKS = [
    key.strip() for key in env.list("SECRET_KEY_FALLBACKS", default=[]) if key.strip()
]
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

# Where people find the site, in letters and on papers: without a slash at the end.
_port = env.str("PORT", default="8000")
SITE_URL = env.str("SITE_URL", default="").strip().rstrip("/") or (
    f"http://localhost:{_port}" if TRYING else f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
)
if not re.fullmatch(r"https?://[^/*\s]+", SITE_URL):
    raise ImproperlyConfigured(
        f"SITE_URL is {SITE_URL!r}: set it to the site's address, https://cabinet.example.kz."
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

# What processes share for a while, limits on tries above all: Redis, or a table of PostgreSQL.
# The worker deletes what has expired; nothing that still counts is ever thrown out for room.
_cache_url = env.str("CACHE_URL", default="").strip()
CACHES = {
    "default": env.cache_url_config(_cache_url)
    if _cache_url
    else {
        "BACKEND": "cabinet.cache.Cache",
        "LOCATION": "cabinet_cache",
    }
}
SESSION_ENGINE = (
    "django.contrib.sessions.backends.cached_db" if _cache_url else "accounts.session_store"
)

# What is uploaded for imports: a folder that web servers and workers share.
IMPORTS_FOLDER = Path(env.str("IMPORTS_FOLDER", default="").strip() or BASE_DIR / "var" / "imports")
# By these the check codes of papers are made and read, the first one being the present: a paper
# is to be genuine for years, so they may outlive SECRET_KEY.
DOCUMENT_KEYS = [key.strip() for key in env.list("DOCUMENT_KEYS", default=[]) if key.strip()] or [
    SECRET_KEY,
    *SECRET_KEY_FALLBACKS,
]
# What residents attach to applications: a folder that web servers and workers share.
ATTACHMENTS_FOLDER = Path(
    env.str("ATTACHMENTS_FOLDER", default="").strip() or BASE_DIR / "var" / "attachments"
)
# The address of a ClamAV daemon that looks at each of them: a Unix socket, or host:port.
CLAMD = env.str("CLAMD", default="").strip()
DOCUMENTS_AT_ONCE = max(env.int("DOCUMENTS_AT_ONCE", default=2), 1)  # made on this machine
DOCUMENTS_FOLDER = BASE_DIR / "var" / "turns"  # of making documents, over all processes
PAYMENT_PURPOSE = env.str("PAYMENT_PURPOSE", default="")  # КНП, ТМК: three digits
IMPORTS_LARGEST = max(env.int("IMPORTS_MEGABYTES", default=2048), 1) << 20  # bytes of an upload

# Long work, done by `manage.py worker`.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# What it is made of
INSTALLED_APPS = [
    # Packages first, so that our admin can leave out theirs.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_tasks",
    "django_tasks_db",
    "django.contrib.auth",
    "support",
    "receipts",
    "billing",
    "accounts",
    "cabinet",
    "csp",
    "django.forms",
    "accounts.staff_site.StaffAdminConfig",  # django.contrib.admin
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]
MIDDLEWARE = [
    "cabinet.threads.one_at_a_time",
    "cabinet.middleware.client_address",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cabinet.compression.compressed_pages",
    "csp.middleware.CSPMiddleware",
    "cabinet.middleware.whole_cookies",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.session_limits",
    "cabinet.middleware.language",
    "cabinet.middleware.no_store",
    "django.middleware.common.CommonMiddleware",
    # Before the CSRF check, so that a POST without signing in leads to the sign-in page too.
    "accounts.middleware.SignInRequired",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
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
# The supplier's own folder, whose files stand in for ours of the same name: mark.svg is its logo.
BRAND = Path(env.str("BRAND", default="").strip() or BASE_DIR / "static")
MARK = BRAND / "mark.svg"
STATICFILES_DIRS = [*dict.fromkeys((BRAND, BASE_DIR / "static"))]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "cabinet.sheets.Finder",
]
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
# A longer list of breached passwords than the one built in: `manage.py breached_passwords`.
_breached = env.str("BREACHED_PASSWORDS", default="").strip()
if _breached and not Path(_breached).is_file():
    raise ImproperlyConfigured(f"BREACHED_PASSWORDS is {_breached!r}: there is no such file.")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.Length"},
    {"NAME": "accounts.passwords.Regular"},
    {"NAME": "accounts.passwords.Context"},
    {"NAME": "accounts.passwords.Breached", "OPTIONS": {"longer": _breached}},
]
PASSWORD_HASHERS = ["accounts.hashing.Argon2Aside"]
AUTHENTICATION_BACKENDS = ["accounts.backends.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "billing:home"
LOGOUT_REDIRECT_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 2 * 60 * 60

# Registration, sign-in and all about them: django-allauth in our dress (accounts.adapter).
ACCOUNT_ADAPTER = "accounts.adapter.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_USER_DISPLAY = "accounts.adapter.name_of"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True  # only in the browser that has just registered
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_COOKIE_AGE = 30 * 24 * 60 * 60  # with «remember me»; slides, see SESSIONS
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if TRYING else "https"
ACCOUNT_RATE_LIMITS = {
    # Wrong passwords, by address and by user: of anybody, and of devices that signed in before.
    "login_failed": "10/m/ip,5/5m/key",
    "login_failed_known_device": "10/5m/key",
    "login": None,  # what costs work is limited by the two above
    "signup": "10/m/ip,100/d/ip",
    "reset_password": "10/m/ip,5/h/key",
    "verify": "30/m/ip,300/h/ip",  # of printed papers: receipts.verify
}
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.RegisterForm",
    "change_password": "accounts.forms.PasswordForm",
    "reset_password": "accounts.forms.ForgottenForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
    "reauthenticate": "accounts.forms.ReauthenticateForm",
}
MFA_ADAPTER = "accounts.second_step.Adapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # half a minute early or late; a code counts once all the same
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = TRYING
MFA_ALLOW_UNVERIFIED_EMAIL = True  # of a new address: nobody signs in before the first is confirmed
MFA_FORMS = {
    "authenticate": "accounts.second_step.CodeForm",
    "reauthenticate": "accounts.second_step.ReauthenticateCodeForm",
    "activate_totp": "accounts.second_step.AppForm",
    "add_webauthn": "accounts.second_step.PasskeyForm",
    "edit_webauthn": "accounts.second_step.PasskeyNameForm",
}

# How long a session lasts without a look at a page and at most (0: no limit), in seconds.
SESSIONS = {
    "resident": {"idle": 30 * 24 * 60 * 60, "most": 0, "noted_every": 60 * 60},
    "staff": {"idle": 30 * 60, "most": 12 * 60 * 60, "noted_every": 60},
}

# How long the audit log keeps what staff and users did; never less than a year.
AUDIT_DAYS = max(env.int("AUDIT_DAYS", default=5 * 365), 365)

# Cookies: the __Host- prefix wants https; trying it out works over plain http.
_prefix = "" if TRYING else "__Host-"
SESSION_COOKIE_NAME = f"{_prefix}session"
CSRF_COOKIE_NAME = f"{_prefix}csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not TRYING
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_AGE = ACCOUNT_SESSION_COOKIE_AGE
DEVICE_COOKIE_NAME = f"{_prefix}device"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
CSRF_FAILURE_VIEW = "accounts.kept_views.form_expired"
TEXT_SIZE_COOKIE_NAME = "text_size"

# Front
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
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

# Mail: without EMAIL_URL it is kept in var/mail when trying it out, else a server of this machine
# takes it.
_email_url = env.str("EMAIL_URL", default="").strip()
if TRYING and not _email_url:
    EMAIL_BACKEND = "cabinet.mail.EmailBackend"
    EMAIL_FILE_PATH = BASE_DIR / "var" / "mail"
else:
    vars().update(env.email_url_config(_email_url or "smtp://localhost:25"))
EMAIL_TIMEOUT = 20  # seconds
# How many letters of mailings go out a second, at all and to one mail domain; 0: as many as can.
MAIL_PER_SECOND = max(env.float("MAIL_PER_SECOND", default=50.0), 0.0)
MAIL_PER_SECOND_AND_DOMAIN = max(env.float("MAIL_PER_SECOND_AND_DOMAIN", default=20.0), 0.0)
RECEIPTS_BY_LINK_ONLY = flag("RECEIPTS_BY_LINK_ONLY")  # and never attached to letters
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="cabinet@localhost")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"without_keys": {"()": "cabinet.logs.WithoutKeys"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["without_keys"],
        }
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}
