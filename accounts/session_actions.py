"""Ending single sessions: the next request of that browser is a stranger's, and its sockets close within seconds."""

from django.db import transaction

from accounts.audit import record_audit
from accounts.models import Agent, Session


@transaction.atomic
def end_session(session: Session, *, by: Agent) -> None:
    agent = session.agent
    if agent is None:
        return
    Session.objects.filter(pk=session.pk).delete()
    record_audit(agent.workspace, by, "session.ended", subject=agent.email, data={"device": session.device})
