"""Wait for PostgreSQL's notifications on a connection of its own, and survive its restarts."""

import logging
import threading
import time
from collections.abc import Callable

import psycopg
from django.db import connections

logger = logging.getLogger(__name__)

CHECK_SECONDS = 5.0
RETRY_SECONDS = 1.0


class Listener(threading.Thread):
    """Calls `heard` for every notification, and after each reconnect, since some may have been missed."""

    def __init__(self, channel: str, heard: Callable[[], None]) -> None:
        super().__init__(name=f"listen-{channel}", daemon=True)
        self._channel = channel
        self._heard = heard
        self._ended = threading.Event()

    def stop(self) -> None:
        self._ended.set()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                logger.debug("Notifications of %s are away: %s", self._channel, error)
                time.sleep(RETRY_SECONDS)

    def _listen(self) -> None:
        settings = connections["default"].get_connection_params()
        for name in ("cursor_factory", "context", "pool", "server_side_binding", "prepare_threshold"):
            settings.pop(name, None)
        with psycopg.connect(**settings, autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(self._channel)))
            self._heard()
            while not self._ended.is_set():
                for _notice in connection.notifies(timeout=CHECK_SECONDS, stop_after=1):
                    self._heard()
                connection.execute("SELECT 1")  # a dead connection shows here, not in the silence
