"""What somebody can do that others cannot: a language, leasing contracts, electric bikes."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.agent import Agent
from accounts.models.workspace import Workspace


class Skill(models.Model):
    """A named ability of agents, by which a rule of the assignment may choose among them."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="skills")
    name = models.CharField(_("name"), max_length=40)
    agents = models.ManyToManyField(Agent, related_name="skills", blank=True)

    class Meta:
        constraints: ClassVar[list] = [models.UniqueConstraint("workspace", Lower("name"), name="skill_unique_name")]

    def __str__(self) -> str:
        return self.name
