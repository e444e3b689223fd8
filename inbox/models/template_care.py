"""What the house says about its templates: who may use them, who likes them, what fills their gaps.

Teams and favourites belong to a name, in all its languages; what fills a gap to one language, whose words it speaks.
"""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from accounts.models import Agent, Team
from whatsapp.models import BusinessAccount, MessageTemplate


class TemplateTeam(models.Model):
    """Only people of such teams (and admins) may use the template; without a row everybody may."""

    business_account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=512)
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["business_account", "name", "team"], name="template_team_unique"),
        ]


class TemplateFavourite(models.Model):
    """Stands first in this person's picker."""

    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    business_account = models.ForeignKey(BusinessAccount, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=512)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar[list] = [
            models.UniqueConstraint(fields=["agent", "business_account", "name"], name="template_favourite_unique"),
        ]


class TemplateMapping(models.Model):
    """Where the values of a template's gaps come from: {field: {"source": …, "fallback": …}}, see
    inbox.template_desk.mapping."""

    template = models.OneToOneField(MessageTemplate, on_delete=models.CASCADE, related_name="mapping")
    sources = models.JSONField(default=dict)
    changed_at = models.DateTimeField(default=timezone.now)


class TestRecipient(models.Model):
    """Where an admin's test messages go. Personal data: `phone`, the admin's own number."""

    agent = models.OneToOneField(Agent, on_delete=models.CASCADE, related_name="test_recipient")
    phone = models.CharField(max_length=20)  # digits
