#!/usr/bin/env python
"""Run a management command: `python manage.py help` lists them; people use the Makefile."""

import os
import sys
from pathlib import Path

if __name__ == "__main__":
    from config import running

    running.adopt(Path(__file__).resolve().parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
