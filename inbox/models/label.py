"""Coloured words for conversations. Leads keep the list, everybody uses it."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace

HUES = range(1, 9)


class Label(models.Model):
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(_("Name"), max_length=40)
    hue = models.PositiveSmallIntegerField(default=1)
    position = models.PositiveIntegerField(default=0)  # the leads' own order; new ones come last

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint("workspace", Lower("name"), name="label_unique_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> tuple[int, str]:
        """Where it stands among others."""
        return self.position, self.name.casefold()


def in_order(labels: "models.QuerySet[Label] | models.Manager[Label]") -> list[Label]:
    """As the leads arranged them."""
    return sorted(labels.all(), key=lambda label: label.place)
