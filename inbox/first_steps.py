"""What there is to do in the first days of a workspace, and what of it is done: read from rows, nothing is ticked."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Workspace
from inbox.enums import AutomaticKind
from inbox.models import AutomaticText
from whatsapp.models import BusinessProfile, MessageTemplate, PhoneNumber


@dataclass(frozen=True)
class FirstStep:
    """One of them: what it is good for, where it is done."""

    key: str
    words: str | Promise
    reason: str | Promise
    url: str
    is_done: bool


def first_steps(workspace: Workspace) -> list[FirstStep]:
    """In the order in which they are worth doing."""
    numbers = PhoneNumber.objects.connected().filter(workspace=workspace)
    templates = MessageTemplate.objects.filter(business_account__workspace=workspace, removed_at=None)
    invited = workspace.agents.count() > 1 or workspace.invitations.filter(revoked_at=None).exists()
    hours = workspace.working_hours.filter(team=None, agent=None)
    profile = BusinessProfile.objects.filter(phone_number__workspace=workspace, saved_at__isnull=False)
    greeting = AutomaticText.objects.filter(workspace=workspace, kind=AutomaticKind.GREETING, is_on=True)
    return [
        FirstStep(
            "number", _("Connect a WhatsApp number"), _("Without one nobody can write to you."),
            reverse("settings-number"), numbers.exists(),
        ),
        FirstStep(
            "profile", _("Fill in the business profile"), _("Name, address and picture, as customers see them."),
            reverse("settings-profiles"), profile.exists(),
        ),
        FirstStep(
            "hours", _("Enter your opening hours"), _("Assignment and targets go by them."),
            reverse("settings-hours"), hours.exists(),
        ),
        FirstStep(
            "template", _("Have a template approved"), _("The only way to write first, or after 24 hours."),
            reverse("settings-templates"), templates.exists(),
        ),
        FirstStep(
            "greeting", _("Switch on a greeting"), _("Customers hear at once that somebody will answer."),
            reverse("settings-automatic"), greeting.exists(),
        ),
        FirstStep(
            "colleagues", _("Invite your colleagues"), _("Then work is shared out by itself."),
            reverse("settings-people"), invited,
        ),
    ]  # fmt: skip
