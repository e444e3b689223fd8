"""All settings, read from the environment (`config.env`); nothing else in the project reads it.

`make run` sets TRESEN_DEMO=1 and supplies every value. Production must name SECRET_KEY, FIELD_KEYS, DATABASE_URL,
REDIS_URL, ALLOWED_HOSTS and BASE_URL; README.md has the table.
"""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from redis.connection import parse_url as parse_redis_url

from config import env
from config.database import database_from_url

BASE_DIR = Path(__file__).resolve().parent.parent

# Demo mode: the practice phone, fast-forward and the published demo sign-ins. Never in production.
DEMO = env.boolean("TRESEN_DEMO")
# `make run EMPTY=1`: no demo workspace is made; the first visit leads to the wizard.
EMPTY = env.boolean("EMPTY")
DEBUG = env.boolean("DEBUG")
PROCESS = env.text("TRESEN_PROCESS", "shell")  # web, hook, ingest, deliver, worker, scheduler …: for logs and pools
DATA_DIR = Path(env.text("DATA_DIR") or BASE_DIR / ".data").resolve()
PORT = env.integer("PORT", 8000)

DEMO_SECRETS = {
    "SECRET_KEY": "demo-mode-only-not-a-secret-demo-mode-only-not-a-secret",
    "FIELD_KEYS": "ZGVtby1tb2RlLW9ubHktZmllbGQta2V5LTMyLWJ5dGU=",
}
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1", "testserver"}

if DEMO:
    SECRET_KEY = env.text("SECRET_KEY", DEMO_SECRETS["SECRET_KEY"])
    FIELD_KEYS = env.words("FIELD_KEYS", DEMO_SECRETS["FIELD_KEYS"])
    BASE_URL = env.text("BASE_URL", f"http://127.0.0.1:{PORT}")
    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
    ALLOWED_ORIGINS = [f"http://{host}:{PORT}" for host in ("127.0.0.1", "localhost", "[::1]")]
else:
    SECRET_KEY = env.required("SECRET_KEY")
    FIELD_KEYS = [key for key in env.required("FIELD_KEYS").split(",") if key]
    BASE_URL = env.required("BASE_URL").rstrip("/")
    ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
    ALLOWED_ORIGINS = [BASE_URL]
    if "*" in ALLOWED_HOSTS or not ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS must name the host names people open, without '*'.")
    if any(env.text(name) == value for name, value in DEMO_SECRETS.items()):
        raise ImproperlyConfigured("SECRET_KEY and FIELD_KEYS must be your own, not the published ones of demo mode.")
BASE_URL = BASE_URL.rstrip("/")
if DEMO and not {urlsplit(BASE_URL).hostname, *ALLOWED_HOSTS} <= LOOPBACK:
    raise ImproperlyConfigured("TRESEN_DEMO has published passwords and is for this machine only: unset it.")
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "csp",
    "django_htmx",
    "django_rq",
    "accounts",
    "whatsapp",
    "inbox",
]
if DEMO:
    INSTALLED_APPS.append("whatsapp.sandbox")

MIDDLEWARE = [
    "accounts.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # static files need no policies for pages: 570 bytes each
    "csp.middleware.CSPMiddleware",
    "accounts.middleware.PermissionsPolicyMiddleware",
    "config.compression.PageCompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLifetimeMiddleware",
    "accounts.middleware.NothingKeptMiddleware",
    "accounts.middleware.AgentLocaleMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                ("django.template.loaders.cached.Loader", ["django.template.loaders.filesystem.Loader"]),
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "inbox.context.shell",
            ],
            "builtins": [
                "inbox.templatetags.inbox", "django.templatetags.i18n", "django.templatetags.static",
                "inbox.templatetags.quick",
            ],
        },
    },
]

# --- Database and Redis -----------------------------------------------------------------------------------------------
DATABASES = {"default": database_from_url(env.text("DATABASE_URL", "postgres://tresen@127.0.0.1:5432/tresen"), PROCESS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")
REDIS_PREFIX = env.text("REDIS_PREFIX", "tresen")

CHANNEL_LAYERS: dict = {}  # none on purpose: inbox.hub does the fan-out (decisions.md 16)

RQ_QUEUES = {
    name: {
        "URL": REDIS_URL,
        "DEFAULT_TIMEOUT": timeout,
        "DEFAULT_RESULT_TTL": 60,
        "SERIALIZER": "rq.serializers.JSONSerializer",
    }
    for name, timeout in {"default": 120, "attachments": 600}.items()
}
RQ = {"SERIALIZER": "rq.serializers.JSONSerializer", "DEFAULT_RESULT_TTL": 60, "FAILURE_TTL": 7 * 24 * 3600}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- People, sessions, cookies ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Agent"
AUTHENTICATION_BACKENDS = ["accounts.backends.AgentBackend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.NotTheDemoPassword"},
    {"NAME": "accounts.passwords.NotOnePattern"},
]
PASSWORD_RESET_TIMEOUT = 3600
SESSION_ENGINE = "accounts.sessions"
# The absolute end; idle end is SESSION_IDLE_SECONDS. Settings shorten both.
SESSION_COOKIE_AGE = min(env.integer("SESSION_MAX_SECONDS", 14 * 24 * 3600), 14 * 24 * 3600)
SESSION_IDLE_SECONDS = env.integer("SESSION_IDLE_SECONDS", 12 * 3600)
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SECURE_COOKIES = not DEMO
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
if SECURE_COOKIES:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", True)
    SECURE_HSTS_SECONDS = env.integer("SECURE_HSTS_SECONDS", 365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
else:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"tresen_session_{PORT}", f"tresen_csrf_{PORT}"
SECURE_REDIRECT_EXEMPT = [r"^webhooks/whatsapp/$", r"^health/", r"^healthz$", r"^readyz$", r"^metrics$"]
if env.boolean("TRUST_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXY_COUNT = env.integer("TRUSTED_PROXY_COUNT", 1 if env.boolean("TRUST_PROXY") else 0)
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF, *(origin.replace("http", "ws", 1) for origin in ALLOWED_ORIGINS if "[" not in origin)],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- Language, time ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "de"
LANGUAGES = [("de", _("German")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# --- Files ------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT") or BASE_DIR / "staticfiles")
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static_files.HashedStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
MEDIA_QUOTA_BYTES = env.integer("MEDIA_QUOTA_BYTES", 50 * 1024**3)
BACKUP_DIR = Path(env.text("BACKUP_DIR") or DATA_DIR / "backups").resolve()  # of `manage.py backup`
# /metrics answers to this token ("Authorization: Bearer …"); without one, to this machine only.
METRICS_TOKEN = env.text("METRICS_TOKEN")
DISK_FREE_WARNING_BYTES = env.integer("DISK_FREE_WARNING_BYTES", 2 * 1024**3)

# --- WhatsApp ---------------------------------------------------------------------------------------------------------
GRAPH_VERSION = env.text("GRAPH_VERSION", "v26.0")
GRAPH_BASE_URL = env.text(
    "GRAPH_BASE_URL", f"http://127.0.0.1:{PORT + 1}" if DEMO else "https://graph.facebook.com"
).rstrip("/")
# Hosts that media may be fetched from, beside the Graph host itself; the bearer token goes nowhere else.
GRAPH_MEDIA_HOSTS = env.words("GRAPH_MEDIA_HOSTS", "lookaside.fbsbx.com")
# Apps with "Require App Secret" switched on at Meta want every call signed.
GRAPH_APPSECRET_PROOF = env.boolean("GRAPH_APPSECRET_PROOF")
WEBHOOK_MAX_BYTES = 4 * 1024 * 1024
SANDBOX_URL = f"http://127.0.0.1:{PORT + 1}"

# --- API --------------------------------------------------------------------------------------------------------------
API_RATE_PER_MINUTE = env.integer("API_RATE_PER_MINUTE", 300)  # requests of one token

# Where outgoing webhooks may go beside the public internet: "crm.lan:8080", "10.1.0.0/16". Never link-local addresses.
OUTGOING_WEBHOOK_ALLOW = env.words("OUTGOING_WEBHOOK_ALLOW")

# --- Mail -------------------------------------------------------------------------------------------------------------
EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.integer("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "tresen@localhost")
EMAIL_BACKEND = (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "django.core.mail.backends.dummy.EmailBackend"
)

LOG_FORMAT = env.text("LOG_FORMAT", "line")  # for people; "json" for programs that collect logs
if LOG_FORMAT not in ("line", "json"):
    raise ImproperlyConfigured(f"LOG_FORMAT must be line or json, not {LOG_FORMAT!r}.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(levelname)s %(name)s: %(message)s"},
        "json": {"()": "accounts.logs.JsonLines", "process": PROCESS},
    },
    "filters": {"discreet": {"()": "accounts.logs.Discreet"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["discreet"]}},
    "root": {"handlers": ["stderr"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},
        "rq": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},  # its debug lines hold addresses with tokens in them
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
REDIS_OPTIONS = parse_redis_url(REDIS_URL)
