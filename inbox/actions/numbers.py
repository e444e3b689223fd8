"""Our own numbers: which team gets what comes in."""

from django.db import transaction

from accounts.actions import record_audit
from accounts.models import Agent, Team
from inbox.models import NumberRouting
from whatsapp.models import PhoneNumber


@transaction.atomic
def route_number(phone_number: PhoneNumber, *, team: Team, by: Agent | None) -> None:
    """From now on new conversations of this number go to `team`; open ones stay where they are."""
    routing = NumberRouting.objects.filter(phone_number=phone_number).select_related("team").first()
    if routing is not None and routing.team_id == team.pk:
        return
    NumberRouting.objects.update_or_create(phone_number=phone_number, defaults={"team": team})
    data = {"from": routing.team.name if routing else "", "to": team.name}
    record_audit(phone_number.workspace, by, "number.routing", subject=str(phone_number), data=data)
