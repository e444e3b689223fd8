"""Settings for tests: the real ones in demo mode, with fast hashing, memory mail and a recording job queue."""

import os
import re

os.environ.setdefault("TRESEN_DEMO", "1")
os.environ.setdefault("TRESEN_PROCESS", "test")
if worker := re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")):
    # Parallel test processes share one Redis: each gets a number of its own, as pytest-django does with databases.
    os.environ["REDIS_URL"] = re.sub(r"/\d*$", "", os.environ["REDIS_URL"]) + f"/{int(worker) + 1}"

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
RQ = {**RQ, "QUEUE_CLASS": "tests.recording_queue.RecordingQueue"}  # noqa: F405
