"""`manage.py rotate_field_keys`: write every stored secret anew with the first of FIELD_KEYS.

To change the key without downtime: put the new key in front of the old one, restart, run this, take the old one out.
"""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.fields import secret_columns


class Command(BaseCommand):
    help = "Encrypts all stored secrets with the first key of FIELD_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        for model, names in secret_columns():
            for pk in model._base_manager.values_list("pk", flat=True).iterator():
                with transaction.atomic():
                    row = model._base_manager.select_for_update().filter(pk=pk).only(*names).first()
                    if row is not None:
                        row.save(update_fields=names)
                        count += 1
        self.stdout.write(f"{count} rows with secrets are encrypted with the first key.")
