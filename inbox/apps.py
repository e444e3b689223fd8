from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class InboxConfig(AppConfig):
    name = "inbox"

    def ready(self) -> None:
        from inbox import receivers  # noqa: F401

        post_migrate.connect(make_push_key, sender=self)
        post_migrate.connect(make_erasure_key, sender=self)


def make_push_key(using: str, **kwargs: Any) -> None:
    """Every installation has its pair before the first page asks for it."""
    from inbox import push

    if "inbox_pushkey" in connections[using].introspection.table_names():
        push.current_key()


def make_erasure_key(using: str, **kwargs: Any) -> None:
    """It must be in every backup, so it is made before the first."""
    from inbox.privacy import ledger

    ledger.ensure_key()
