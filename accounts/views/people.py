"""Who works here: the list, one person, invitations. Leads may look, admins change."""

import logging
from smtplib import SMTPException
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import actions, entering, factor_actions, interrupted, links, mail
from accounts.forms import InviteForm, PersonForm
from accounts.hours_words import week_of
from accounts.models import Agent, Invitation, Membership, Role, SecondFactor, WorkingHours
from accounts.permissions import admin_required, lead_required, may_manage_people, people_led_by
from accounts.security_forms import RuleForm
from accounts.sessions import sessions_of
from accounts.team_actions import set_limits
from accounts.views.answers import done, refusals_in_words
from accounts.views.second_factor import ask_again, fresh_required, resuming

logger = logging.getLogger(__name__)


@lead_required
@require_http_methods(["GET", "HEAD"])
def people(request: HttpRequest) -> HttpResponse:
    return _list_page(request)


def _list_page(request: HttpRequest, status: int = 200, **more: Any) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    everybody = viewer.workspace.agents.prefetch_related("memberships__team").order_by("-is_active", "name", "pk")
    everybody = everybody.annotate(has_factor=Exists(SecondFactor.objects.filter(agent=OuterRef("pk"))))
    manages = may_manage_people(viewer)
    typed = interrupted.words(request, reverse("settings-invite")) if manages else None
    rule = interrupted.words(request, reverse("settings-second-factor-rule"))
    context = {
        "nav": "settings", "settings_page": "people", "people": everybody, "manages": manages,
        "invitations": open_invitations(viewer) if manages else [],
        "form": InviteForm(typed, workspace=viewer.workspace) if manages else None, "resumes": typed is not None,
        "rule_form": RuleForm(rule, instance=viewer.workspace) if manages else None,
        "led": set() if manages else set(people_led_by(viewer).values_list("pk", flat=True)),
    }  # fmt: skip
    return render(request, "accounts/people.html", context | more, status=status)


def open_invitations(viewer: Agent) -> QuerySet[Invitation]:
    open_ones = Invitation.objects.filter(workspace_id=viewer.workspace_id, accepted_at=None, revoked_at=None)
    return open_ones.filter(expires_at__gt=timezone.now()).order_by("-pk")


@admin_required
@never_cache
@require_POST
@resuming
def invite(request: HttpRequest) -> HttpResponse:
    """Make an invitation, show its link once, and mail it where mail is set up. Another admin needs a fresh proof: else
    whoever finds an open screen makes an account of their own."""
    viewer: Agent = request.user  # type: ignore[assignment]
    form = InviteForm(request.POST, workspace=viewer.workspace)
    if not form.is_valid():
        return _list_page(request, status=422, form=form, inviting=True)
    if form.cleaned_data["role"] == Role.ADMIN and not entering.is_fresh(request):
        return ask_again(request, reverse("settings-people"))
    invitation, token = actions.invite_agent(viewer.workspace, by=viewer, **form.cleaned_data)
    link = links.invitation_link(token)
    mailed = mail_invitation(invitation, link)
    return _list_page(request, new_link=link, new_link_for=invitation.email, mailed=mailed)


def mail_invitation(invitation: Invitation, link: str) -> bool:
    """Whether the mail went out; if not, the admin passes the link on."""
    with translation.override(invitation.workspace.language):
        text = render_to_string("accounts/mail/invitation.txt", {"invitation": invitation, "link": link})
        subject = _("Your invitation to the inbox of %(name)s") % {"name": invitation.workspace.name}
    try:
        return mail.send(invitation.workspace, subject, text, invitation.email)
    except (SMTPException, OSError) as error:
        logger.warning("An invitation could not be mailed: %s", type(error).__name__)
        return False


@admin_required
@require_POST
def withdraw_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    actions.revoke_invitation(get_object_or_404(open_invitations(viewer), pk=pk), by=viewer)
    done(request, _("The invitation is withdrawn."))
    return redirect("settings-people")


def _person(request: HttpRequest, pk: int) -> Agent:
    """Somebody of the viewer's own workspace, or 404."""
    return get_object_or_404(Agent.objects.select_related("workspace"), pk=pk, workspace_id=request.user.workspace_id)  # type: ignore[union-attr]


@admin_required
@refusals_in_words
@require_http_methods(["GET", "HEAD", "POST"])
@resuming
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One person: what they are called, may do and see, and how much they take on."""
    subject = _person(request, pk)
    if request.method != "POST":
        typed = interrupted.words(request, request.path)
        return _person_page(request, subject, PersonForm(typed, instance=_person(request, pk)))
    form = PersonForm(request.POST, instance=_person(request, pk))
    if not form.is_valid():
        return _person_page(request, subject, form, status=422)
    values = {name: form.cleaned_data[name] for name in ("name", "role", "visibility", "capacity")}
    if values["role"] == Role.ADMIN != subject.role and not entering.is_fresh(request):
        return ask_again(request, _page_of_person(pk))
    actions.update_agent(subject, by=request.user, **values)  # type: ignore[arg-type]
    actions.set_memberships(subject, form.chosen_teams(), by=request.user)  # type: ignore[arg-type]
    limits = {(team_id, subject.pk): limit for team_id, limit in form.limits.items()}
    set_limits(Membership.objects.filter(agent=subject), limits, by=request.user)  # type: ignore[arg-type]
    done(request, _("%(name)s is saved.") % {"name": subject.name})
    return redirect("settings-people")


def _person_page(
    request: HttpRequest, subject: Agent, form: PersonForm, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        "nav": "settings", "settings_page": "people", "person": subject, "form": form, "teams": form.teams(),
        "factors": subject.second_factors.order_by("pk"), "sessions": sessions_of(subject),
        "hours": week_of(WorkingHours.objects.filter(agent=subject).first()),
    }  # fmt: skip
    return render(request, "accounts/person.html", context | more, status=status)


@admin_required
@refusals_in_words
@require_POST
def deactivation(request: HttpRequest, pk: int) -> HttpResponse:
    """Lock a person out, or (`undo`) let them in again."""
    subject = _person(request, pk)
    if request.POST.get("undo"):
        actions.reactivate(subject, by=request.user)  # type: ignore[arg-type]
        done(request, _("%(name)s can sign in again.") % {"name": subject.name})
    else:
        actions.deactivate_agent(subject, by=request.user)  # type: ignore[arg-type]
        done(request, _("%(name)s is signed out everywhere and can no longer sign in.") % {"name": subject.name})
    return redirect("settings-people")


@admin_required
@require_POST
def sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign a person out on every device."""
    subject = _person(request, pk)
    actions.end_sessions(subject, by=request.user)  # type: ignore[arg-type]
    done(request, _("%(name)s is signed out everywhere.") % {"name": subject.name})
    return redirect("settings-person", pk=subject.pk)


def _page_of_person(pk: int) -> str:
    return reverse("settings-person", args=[pk])


@admin_required
@never_cache
@require_POST
@fresh_required(back=_page_of_person)
def reset_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a password link and show it once."""
    subject = _person(request, pk)
    link = actions.create_reset_link(subject, by=request.user) if subject.is_active else ""  # type: ignore[arg-type]
    return _person_page(request, subject, PersonForm(instance=subject), new_link=link)


@admin_required
@require_POST
@fresh_required(back=_page_of_person)
def second_factor_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """For somebody who has lost them: take away all second factors."""
    subject = _person(request, pk)
    if subject.pk == request.user.pk:
        return redirect("profile-security")
    factor_actions.reset_factors(subject, by=request.user)  # type: ignore[arg-type]
    words = _("%(name)s is signed out everywhere; the old second factors no longer count.")
    done(request, words % {"name": subject.name})
    return redirect("settings-person", pk=subject.pk)


def _people_page() -> str:
    return reverse("settings-people")


@admin_required
@require_POST
@fresh_required(back=_people_page)
def second_factor_rule(request: HttpRequest) -> HttpResponse:
    """Who must sign in with two factors."""
    viewer: Agent = request.user  # type: ignore[assignment]
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _list_page(request, status=422, rule_form=form)
    factor_actions.set_rule(viewer.workspace, form.cleaned_data["second_factor_rule"], by=viewer)
    done(request, _("Saved. It holds from each person's next sign-in."))
    return redirect("settings-people")
