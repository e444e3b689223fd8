"""Keeps what opens a door out of the logs."""

import logging
import re

_LINK = re.compile(r"(/accounts/(?:invitation|password-reset/[^/\s]+)/)[^/\s\"']+")


class HideLinks(logging.Filter):
    """Replaces the token of one-time links in log lines: Django writes the path of every refused request."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = _LINK.sub(r"\1…", record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_LINK.sub(r"\1…", arg) if isinstance(arg, str) else arg for arg in record.args)
        return True
