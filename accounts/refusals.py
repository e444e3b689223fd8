"""Failed sign-ins and looks at what somebody may not see, in the activity log.

What others can cause there is bounded: of sign-ins only tries that the throttle lets through are written, of looks one
an hour for the same object, of refused changes one an hour for the same page.
"""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from accounts import devices
from accounts.audit import record_audit
from accounts.models import Agent, ApiToken, AuditEntry
from accounts.throttle import Verdict

UNSEEN, REFUSED = "access.unseen", "access.refused"
UNSEEN_SPAN = timedelta(hours=1)
UNSEEN_MOST = 60  # lines of one person in that time


def note_sign_in(request: HttpRequest, verb: str, email: str) -> None:
    """Somebody failed to get into this account; nothing if there is none, or nobody may sign in to it."""
    agent = Agent.objects.select_related("workspace").filter(email=email.strip().lower(), is_active=True).first()
    if agent is not None:
        facts = {"device": devices.device_words(request), "network": devices.network_words(request)}
        record_audit(agent.workspace, None, verb, agent.email, {key: said for key, said in facts.items() if said})


def note_blocked(request: HttpRequest, verdict: Verdict, email: str) -> None:
    """The first try beyond a limit; those that follow say nothing new."""
    if verdict.is_first_refusal:
        note_sign_in(request, "sign_in.blocked", email)


def note_refused(agent: Agent, path: str) -> None:
    """This person tried to change what their role does not change."""
    lately = AuditEntry.objects.filter(workspace=agent.workspace_id, verb=REFUSED, actor=agent).order_by("-pk")
    lately = lately.filter(created_at__gt=timezone.now() - UNSEEN_SPAN)
    known = list(lately.values_list("subject", flat=True)[:UNSEEN_MOST])
    if len(known) < UNSEEN_MOST and path[:120] not in known:
        record_audit(agent.workspace, agent, REFUSED, subject=path[:120])


def note_unseen(agent: Agent | ApiToken, kind: str, pk: int) -> None:
    """This person, or this other system, asked for an object that is there, but not for them."""
    about: dict[str, object] = {"kind": kind, "number": pk}
    lately = AuditEntry.objects.filter(workspace=agent.workspace_id, verb=UNSEEN).order_by("-pk")
    lately = lately.filter(created_at__gt=timezone.now() - UNSEEN_SPAN)
    if isinstance(agent, ApiToken):
        about[AuditEntry.API] = agent.name
        lately = lately.filter(actor=None, data__api=agent.name)
    else:
        lately = lately.filter(actor=agent)
    known = list(lately.values_list("data", flat=True)[:UNSEEN_MOST])
    if len(known) < UNSEEN_MOST and about not in known:
        record_audit(agent.workspace, agent, UNSEEN, data=about)
