"""Settings of the web process that browser tests start: those of the tests, with static files from the sources."""

from config.test_settings import *  # noqa: F403

WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
