"""Settings: hours of the business (admins), of teams (their leads) and of people (leads of their teams)."""

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.holidays import region_choices, region_name
from accounts.hours_words import duty_words, now_words, week_words
from accounts.models import Agent, Team, WorkingHours
from accounts.permissions import (
    admin_required,
    deny,
    lead_required,
    may_manage_people,
    may_manage_settings,
    people_led_by,
    teams_led_by,
)
from accounts.schedules import hours_of_teams
from accounts.views.answers import done
from inbox.actions.hours import Owner, add_exception, remove_exceptions, save_hours, spans_of
from inbox.errors import InboxRuleViolation
from inbox.forms.hours import ExceptionForm, HoursForm

LOOKS = ("look", "add", "drop")  # what is typed is shown in another way, and nothing is stored


@lead_required
@require_http_methods(["GET", "HEAD", "POST"])
def business(request: HttpRequest) -> HttpResponse:
    """The hours of the business, for admins to change; leads see them, and the hours of their teams."""
    if not may_manage_settings(request.user):
        return _overview(request)
    return _edited(request, _business(request))


@lead_required
@require_http_methods(["GET", "HEAD", "POST"])
def team(request: HttpRequest, pk: int) -> HttpResponse:
    return _edited(request, _team(request, pk))


@lead_required
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, pk: int) -> HttpResponse:
    return _edited(request, _person(request, pk))


@admin_required
@require_POST
def business_exceptions(request: HttpRequest) -> HttpResponse:
    return _changed(request, _business(request))


@lead_required
@require_POST
def team_exceptions(request: HttpRequest, pk: int) -> HttpResponse:
    return _changed(request, _team(request, pk))


@lead_required
@require_POST
def person_exceptions(request: HttpRequest, pk: int) -> HttpResponse:
    return _changed(request, _person(request, pk))


def _edited(request: HttpRequest, owner: Owner) -> HttpResponse:
    row = owner.row()
    if request.method != "POST":
        return _page(request, owner, HoursForm.of(row))
    form = HoursForm.typed(request.POST, row)
    if any(name in request.POST for name in LOOKS):
        return _page(request, owner, form)
    if not form.is_valid(row):
        return _page(request, owner, form, status=422)
    try:
        save_hours(owner, by=request.user, seen=form.seen, **form.fields)  # type: ignore[arg-type]
    except InboxRuleViolation as violation:
        form.problem = str(violation.sentence)
        return _page(request, owner, form, status=violation.status)
    done(request, _("The hours are saved."))
    return redirect(_address(owner))


def _changed(request: HttpRequest, owner: Owner) -> HttpResponse:
    """One exception more, or (`remove`, as "first.last") one less."""
    if "remove" in request.POST:
        first, last = _days(request.POST["remove"])
        if remove_exceptions(owner, first, last, by=request.user):  # type: ignore[arg-type]
            _said(request, _("The usual hours count again."))
        return redirect(f"{_address(owner)}?changed=1")
    form = ExceptionForm(request.POST, today=_today(owner))
    if form.is_valid():
        said = form.cleaned_data
        try:
            span = add_exception(
                owner, said["first"], said["last"], name=said["name"], blocks=said["blocks"], by=request.user
            )  # type: ignore[arg-type]
        except InboxRuleViolation as violation:
            form.add_error("first", str(violation.sentence))
        else:
            _said(request, _("%(days)s: %(hours)s.") % {"days": span.days, "hours": span.words})
            return redirect(f"{_address(owner)}?changed=1")
    return _page(request, owner, HoursForm.of(owner.row()), status=422, exception=form)


def _said(request: HttpRequest, sentence: str) -> None:
    """On the next whole page; where only the list is put in place, it says it itself."""
    if not getattr(request, "htmx", False):
        done(request, sentence)


def _page(
    request: HttpRequest, owner: Owner, form: HoursForm, status: int = 200, exception: ExceptionForm | None = None
) -> HttpResponse:
    row, today = owner.row(), _today(owner)
    business = owner.business()
    context = {
        "nav": "settings", "settings_page": {"business": "hours", "team": "teams", "person": "people"}[owner.kind],
        "owner": owner, "form": form, "exception": exception or ExceptionForm(today=today),
        "spans": spans_of(row, today), "holidays": form.holidays(today), "regions": region_choices(),
        "business_week": week_words(business.weekly) if business and business.is_used else "",
        "business_region": region_name(business.region) if business else "",
        "now_words": _preview(owner, form, row), "address": _address(owner),
        "just_changed": "changed" in request.GET,
        "may_open_person": may_manage_people(request.user),  # type: ignore[arg-type]
    }  # fmt: skip
    return render(request, "inbox/hours/edit.html", context, status=status)


def _preview(owner: Owner, form: HoursForm, row: WorkingHours) -> str:
    """What would be now with what is typed; "" while that cannot be."""
    fields, errors = form.read(row)
    if errors:
        return ""
    for name, value in fields.items():
        setattr(row, name, value)
    words = duty_words if owner.agent else now_words
    return words(owner.hours(row), timezone.now())


def _overview(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        deny(request, request.user, _("Only admins can do this."))  # type: ignore[arg-type]
    owner = _business(request)
    row = owner.row()
    own = hours_of_teams(owner.workspace)
    teams = [
        (each, week_words(own[each.pk].weekly) if own[each.pk].weekly else _("around the clock"))
        for each in teams_led_by(request.user)  # type: ignore[arg-type]
    ]
    context = {
        "nav": "settings", "settings_page": "hours", "owner": owner, "teams": teams,
        "week": week_words(row.weekly) if row.is_used else _("around the clock"),
        "spans": spans_of(row, _today(owner)), "region": region_name(row.region),
        "now_words": now_words(owner.hours(row), timezone.now()),
    }  # fmt: skip
    return render(request, "inbox/hours/overview.html", context)


def _business(request: HttpRequest) -> Owner:
    return Owner(request.user.workspace)  # type: ignore[union-attr]


def _team(request: HttpRequest, pk: int) -> Owner:
    found: Team = get_object_or_404(teams_led_by(request.user), pk=pk)  # type: ignore[arg-type]
    return Owner(request.user.workspace, team=found)  # type: ignore[union-attr]


def _person(request: HttpRequest, pk: int) -> Owner:
    found: Agent = get_object_or_404(people_led_by(request.user), pk=pk)  # type: ignore[arg-type]
    return Owner(request.user.workspace, agent=found)  # type: ignore[union-attr]


def _address(owner: Owner) -> str:
    if owner.kind == "business":
        return reverse("settings-hours")
    of = owner.team or owner.agent
    return reverse(f"settings-{owner.kind}-hours", args=[of.pk])  # type: ignore[union-attr]


def _today(owner: Owner) -> date:
    return timezone.now().astimezone(owner.zone).date()


def _days(said: str) -> tuple[date, date]:
    try:
        first, last = (date.fromisoformat(day) for day in said.split("."))
    except ValueError:
        raise Http404 from None
    return first, last
