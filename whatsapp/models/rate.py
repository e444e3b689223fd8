"""What Meta charges: rate tables with the days from which they hold."""

from typing import ClassVar

from django.db import models
from django.utils.timezone import now

from accounts.models import Agent, Workspace


class RateTable(models.Model):
    """A rate card that a workspace has put in: first only read, to be looked at; with `applied_at` its rates hold."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="rate_tables")
    effective_from = models.DateField()
    source = models.CharField(max_length=200)
    file_name = models.CharField(max_length=120)
    free_per_month = models.PositiveIntegerField(default=0)  # replies per number
    # As the card says it: {"line", "market", "currency", "prices": {category: amount as text}}.
    lines = models.JSONField(default=list)
    imported_by = models.ForeignKey(Agent, on_delete=models.SET_NULL, null=True, related_name="+")
    imported_at = models.DateTimeField(default=now)
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar[list] = [models.Index(fields=["workspace", "-effective_from", "-id"], name="rate_table_list")]

    def __str__(self) -> str:
        return self.source


class Rate(models.Model):
    """One line of Meta's rate card: the price of a delivered message. The only source of costs.

    Without a table it came with the product. Of rates from the same day a workspace's own one counts.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True, blank=True, related_name="rates")
    table = models.ForeignKey(RateTable, on_delete=models.CASCADE, null=True, blank=True, related_name="rates")
    effective_from = models.DateField()
    effective_until = models.DateField(null=True, blank=True)  # last valid day
    currency = models.CharField(max_length=3)
    market = models.CharField(max_length=40)  # ISO country code, or a region name of Meta's
    category = models.CharField(max_length=32)  # marketing, utility, authentication, service …
    amount = models.DecimalField(max_digits=10, decimal_places=6)
    # Messages of this category that cost nothing per number and calendar month (in the WABA's time zone).
    free_per_month = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(
                fields=["workspace", "effective_from", "currency", "market", "category"], name="rate_unique",
                nulls_distinct=False,
            ),
        ]
        indexes: ClassVar[list] = [
            models.Index(fields=["currency", "market", "category", "-effective_from"], name="rate_lookup"),
            models.Index(fields=["currency", "category", "-effective_from"], name="rate_category"),
        ]
