"""The page of labels, for leads and admins."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import lead_required
from accounts.views.answers import done
from inbox import statements
from inbox.actions import labels as actions
from inbox.errors import InboxRuleViolation
from inbox.forms.labels import LabelForm, RemovalForm
from inbox.models import Label
from inbox.models.label import HUES, in_order

COUNT_LIMIT = 1_000  # beyond, the page says "1,000+"
COUNTS = """
SELECT l.id, (SELECT count(*) FROM (
    SELECT 1 FROM inbox_conversation_labels t WHERE t.label_id = l.id LIMIT %s) AS found)
  FROM inbox_label l WHERE l.workspace_id = %s
"""


@lead_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """All labels; POST makes one."""
    form = LabelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            label = actions.create_label(request.user.workspace, by=request.user, **form.cleaned_data)
        except InboxRuleViolation as violation:
            form.add_error("name", str(violation.sentence))
        else:
            done(request, _("Label %(name)s is there.") % {"name": label.name})
            return redirect("settings-labels")
    return _page(request, new=form)


@lead_required
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Name and colour of one, and the way to be rid of it."""
    label = _find(request, pk)
    form = LabelForm(request.POST or None, initial={"name": label.name, "hue": label.hue})
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_label(label, by=request.user, **form.cleaned_data)
        except InboxRuleViolation as violation:
            form.add_error("name", str(violation.sentence))
        else:
            done(request, _("Label %(name)s is saved.") % {"name": label.name})
            return redirect("settings-labels")
    return _label_page(request, label, form)


@lead_required
@require_POST
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete it, or merge it into another."""
    label = _find(request, pk)
    form = RemovalForm(request.POST, label=label)
    if not form.is_valid():
        return _label_page(request, label, LabelForm(initial={"name": label.name, "hue": label.hue}), form)
    name, into = label.name, form.cleaned_data["into"]
    actions.remove_label(label, into=into, by=request.user)
    words = _("%(name)s is %(into)s now.") if into else _("Label %(name)s is deleted.")
    done(request, words % {"name": name, "into": into.name if into else ""})
    return redirect("settings-labels")


@lead_required
@require_POST
def place(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up, or down."""
    label = _find(request, pk)
    actions.move_label(label, up=request.POST.get("to") == "up", by=request.user)
    return _page(request) if request.htmx else redirect("settings-labels")


def _find(request: HttpRequest, pk: int) -> Label:
    return get_object_or_404(Label.objects.select_related("workspace"), pk=pk, workspace=request.user.workspace_id)


def _page(request: HttpRequest, new: LabelForm | None = None) -> HttpResponse:
    counts = dict(statements.fetch(COUNTS, [COUNT_LIMIT + 1, request.user.workspace_id]))
    context: dict[str, Any] = {
        "nav": "settings", "settings_page": "labels", "form": new or LabelForm(), "hues": HUES,
        "labels": [(label, counts.get(label.pk, 0)) for label in in_order(request.user.workspace.labels)],
        "limit": COUNT_LIMIT,
    }  # fmt: skip
    return render(request, "inbox/labels/index.html", context, status=422 if context["form"].errors else 200)


def _label_page(
    request: HttpRequest, label: Label, form: LabelForm, removal: RemovalForm | None = None
) -> HttpResponse:
    others = [each for each in in_order(request.user.workspace.labels) if each.pk != label.pk]
    count = dict(statements.fetch(COUNTS, [COUNT_LIMIT + 1, request.user.workspace_id]))[label.pk]
    words = ngettext("%(count)s conversation bears it.", "%(count)s conversations bear it.", count)
    context = {
        "nav": "settings", "settings_page": "labels", "label": label, "form": form, "removal": removal,
        "others": others, "hues": HUES,
        "count_words": words % {"count": f"{COUNT_LIMIT}+" if count > COUNT_LIMIT else count},
    }  # fmt: skip
    return render(request, "inbox/labels/one.html", context, status=422 if form.errors or removal else 200)
