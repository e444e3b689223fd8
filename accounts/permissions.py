"""What a role may do, asked as questions, and the decorators that views put these questions with.

An object that somebody may not see is missing for them (404, as if it did not exist), and so is the whole desk of the
team leads for agents; any other function that their role does not have is refused in words (403).
"""

import functools
import logging
from collections.abc import Callable
from typing import Any, NoReturn

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from accounts.models import Agent, Role, SecondFactorRule, Team

logger = logging.getLogger("tresen.access")

View = Callable[..., HttpResponse]


def may_manage_people(agent: Agent) -> bool:
    """Invite, change roles, deactivate."""
    return agent.role == Role.ADMIN


def may_manage_settings(agent: Agent) -> bool:
    """Numbers, templates, deliveries, everything that concerns the whole workspace."""
    return agent.role == Role.ADMIN


def must_have_second_factor(agent: Agent) -> bool:
    """Whether the workspace demands two factors of this person's role. Asked at sign-in."""
    roles = {
        SecondFactorRule.ADMINS: (Role.ADMIN,),
        SecondFactorRule.LEADS: (Role.ADMIN, Role.LEAD),
        SecondFactorRule.EVERYBODY: tuple(Role),
    }
    return agent.role in roles.get(SecondFactorRule(agent.workspace.second_factor_rule), ())


def may_see_people(agent: Agent) -> bool:
    """Leads may look at who works here; only admins change it."""
    return agent.role in (Role.ADMIN, Role.LEAD)


def may_manage_labels(agent: Agent) -> bool:
    """Make, rename and merge labels; putting them on conversations is everybody's."""
    return agent.role in (Role.ADMIN, Role.LEAD)


def may_manage_contacts(agent: Agent) -> bool:
    """Import, export and merge contacts; entering and correcting one is everybody's."""
    return agent.role in (Role.ADMIN, Role.LEAD)


def teams_led_by(agent: Agent) -> QuerySet[Team]:
    """All teams of the workspace for an admin, for a lead those they lead, by name; nobody else leads any."""
    teams = Team.objects.filter(workspace=agent.workspace_id).order_by("name", "pk")
    if agent.role == Role.ADMIN:
        return teams
    if agent.role != Role.LEAD:
        return teams.none()
    return teams.filter(memberships__agent=agent, memberships__is_lead=True)


def people_led_by(agent: Agent) -> QuerySet[Agent]:
    """Who works here, for an admin; for a lead the people of their teams."""
    people = Agent.objects.filter(workspace=agent.workspace_id, is_active=True)
    if agent.role == Role.ADMIN:
        return people
    return people.filter(memberships__team__in=teams_led_by(agent)).distinct()


def leads_team(agent: Agent, team: Team) -> bool:
    """Admins lead every team of their workspace; others the ones they are lead of."""
    return teams_led_by(agent).filter(pk=team.pk).exists()


def _required(
    question: Callable[[Agent], bool], refusal: Callable[[HttpRequest, Agent], NoReturn]
) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            agent = request.user
            if not isinstance(agent, Agent):  # LoginRequiredMiddleware comes first; this is for a view without it
                raise PermissionDenied
            if not question(agent):
                refusal(request, agent)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def deny(request: HttpRequest, agent: Agent, sentence: str) -> NoReturn:
    """Refuse in words; a refused change is in the audit log too."""
    _note(request, agent)
    raise PermissionDenied(sentence)


def _hide(request: HttpRequest, agent: Agent) -> NoReturn:
    """As if there were no such page; noted like any refusal."""
    _note(request, agent)
    raise Http404


def _note(request: HttpRequest, agent: Agent) -> None:
    logger.warning("refused %s %s to agent %s", request.method, request.path, agent.pk)
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        from accounts.refusals import note_refused

        note_refused(agent, request.path)


def _for_admins(request: HttpRequest, agent: Agent) -> NoReturn:
    deny(request, agent, _("Only admins can do this."))


def _for_leads(request: HttpRequest, agent: Agent) -> NoReturn:
    deny(request, agent, _("Only team leads and admins can do this."))


admin_required = _required(may_manage_settings, _for_admins)
lead_required = _required(may_see_people, _for_leads)
contact_manager_required = _required(may_manage_contacts, _for_leads)
# The board, the rules, the reports.
desk_required = _required(may_see_people, _hide)
admin_desk_required = _required(may_manage_settings, _hide)
