"""The rules of the assignment: leads and admins read, make, arrange and try them."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Agent, Role
from accounts.permissions import desk_required
from accounts.views.answers import done
from inbox.actions import rules as actions
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.forms.rules import RuleForm
from inbox.models import RoutingRule
from inbox.rules.lines import lines_of
from inbox.rules.matching import Rule
from inbox.rules.stored import as_rule, in_force, rules_of
from inbox.rules.trial import try_out
from inbox.rules.words import Words
from inbox.views.refusals import refusing, trigger_header, triggering

SEVERAL = ("numbers", "teams", "labels", "languages")


@desk_required
@require_http_methods(["GET", "HEAD"])
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox/rules/index.html", _listed(request))


@desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    rule = RoutingRule(workspace=_viewer(request).workspace)
    form = RuleForm(request.POST or None, rule=rule, by=_viewer(request))
    return _submitted(request, form, actions.create_rule) or _form_page(request, rule, form)


@desk_required
@refusing
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """One rule: to be changed by who may, to be read by the others."""
    rule = _find(request, pk)
    may_change = actions.Keeper.of(_viewer(request)).may_change(rule)
    if request.method == "POST" and not may_change:
        raise NotAllowed
    form = RuleForm(request.POST or None, rule=rule, by=_viewer(request))
    seen = request.POST.get("seen", "" if request.method == "POST" else rule.changed_at.isoformat())
    change = partial(actions.change_rule, seen=seen)
    return _submitted(request, form, change) or _form_page(request, rule, form, may_change=may_change, seen=seen)


@desk_required
@refusing
@require_POST
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """`to`: up, down, or a place counted from 0."""
    rule, to = _find(request, pk), request.POST.get("to", "")
    order = list(rules_of(rule.workspace_id).values_list("pk", flat=True))
    at = order.index(rule.pk)
    steps = {"up": at - 1, "down": at + 1}
    wanted = steps.get(to, int(to) if to.isascii() and to.isdecimal() and len(to) < 5 else at)
    actions.move_rule(rule, wanted, by=_viewer(request))
    now_at = list(rules_of(rule.workspace_id).values_list("pk", flat=True)).index(rule.pk) + 1
    words = _("%(name)s is number %(number)s now.") % {"name": _title(rule), "number": now_at}
    return _list(request, words)


@desk_required
@refusing
@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """On (`on`), or off."""
    rule = actions.switch_rule(_find(request, pk), on=bool(request.POST.get("on")), by=_viewer(request))
    if request.POST.get("from") == "board":
        words = _("%(name)s is on.") if rule.is_active else _("%(name)s is off.")
        return triggering({"toast": {"words": words % {"name": _title(rule)}}, "board:changed": {}})
    return _list(request)


@desk_required
@refusing
@require_POST
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    rule = _find(request, pk)
    name = _title(rule)
    actions.delete_rule(rule, by=_viewer(request))
    done(request, _("The rule %(name)s is deleted.") % {"name": name})
    return redirect("settings-rules")


@desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def trial(request: HttpRequest) -> HttpResponse:
    """What would have been different last week: with the rules as they are, or with the one in the form (`rule`)."""
    viewer = _viewer(request)
    rows = list(rules_of(viewer.workspace_id))
    if request.method == "POST":
        pk = request.POST.get("rule", "")
        known = next((row for row in rows if str(row.pk) == pk), None)
        draft = known or RoutingRule(workspace=viewer.workspace)
        form = RuleForm(_as_meant(request), rule=draft, by=viewer)
        if not form.is_valid():
            return render(request, "inbox/rules/_trial.html", {"errors": form.errors}, status=422)
        form.filled().is_active = True  # who tries a rule wants to know what it does
        if known is None:
            rows.append(draft)
    context = {"trial": try_out(_in_force(rows), seen_by=viewer)}
    return render(request, "inbox/rules/_trial.html", context)


def _as_meant(request: HttpRequest) -> QueryDict:
    """What was said, without the question whether it should really fit everything: it is only tried."""
    said = request.POST.copy()
    said["fits_all"] = "on"
    return said


def _in_force(rows: list[RoutingRule]) -> list[Rule]:
    for row in rows:
        actions.keep_only_what_is_used(row)
    return in_force(rows)


def _viewer(request: HttpRequest) -> Agent:
    return request.user  # type: ignore[return-value]


def _find(request: HttpRequest, pk: int) -> RoutingRule:
    rules = RoutingRule.objects.select_related("workspace", "team", "agent", "skill")
    return get_object_or_404(rules, pk=pk, workspace_id=_viewer(request).workspace_id)


def _listed(request: HttpRequest) -> dict[str, Any]:
    viewer = _viewer(request)
    return {
        "nav": "settings", "settings_page": "rules", "lines": lines_of(viewer), "is_admin": viewer.role == Role.ADMIN,
    }  # fmt: skip


def _list(request: HttpRequest, words: str = "") -> HttpResponse:
    if not getattr(request, "htmx", False):
        return redirect("settings-rules")
    answer = render(request, "inbox/rules/_list.html", _listed(request))
    if words:
        answer["HX-Trigger"] = trigger_header({"toast": {"words": words}})
    return answer


def _submitted(
    request: HttpRequest, form: RuleForm, act: Callable[..., RoutingRule]
) -> HttpResponse | None:
    """The way back to the list, or None: then the form has something to say."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        rule = act(form.filled(), by=_viewer(request))
    except InboxRuleViolation as violation:
        form.add_error(None, str(violation.sentence))
        return None
    done(request, _("The rule %(name)s is saved.") % {"name": _title(rule)})
    return redirect("settings-rules")


def _title(rule: RoutingRule) -> str:
    return Words(rule.workspace_id).title(as_rule(rule, 0))


def _form_page(
    request: HttpRequest, rule: RoutingRule, form: RuleForm, *, may_change: bool = True, seen: str = ""
) -> HttpResponse:
    words = Words(rule.workspace_id)
    shown = as_rule(RoutingRule.objects.get(pk=rule.pk) if rule.pk else rule, 0)
    context = {
        "nav": "settings", "settings_page": "rules", "rule": rule, "form": form, "may_change": may_change, "seen": seen,
        "title": words.title(shown) if rule.pk else "", "summary": words.summary(shown) if rule.pk else "",
        "chosen": {name: {str(value) for value in form[name].value() or ()} for name in SEVERAL},
    }  # fmt: skip
    return render(request, "inbox/rules/one.html", context, status=422 if form.errors else 200)
