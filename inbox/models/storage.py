"""What the files of a workspace took when it was last measured."""

from django.db import models

from accounts.models import Workspace


class StorageReading(models.Model):
    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")
    media_bytes = models.PositiveBigIntegerField(default=0)
    measured_at = models.DateTimeField(auto_now=True)
