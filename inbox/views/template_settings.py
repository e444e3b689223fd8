"""Settings: the message templates as Meta has them. Everybody reads, admins sync and choose header files."""

from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import record_audit
from accounts.models import Agent
from accounts.permissions import admin_required, may_manage_settings
from inbox import template_pages
from whatsapp import errors, template_sync
from whatsapp.header_media import HeaderFileInvalid, set_default
from whatsapp.models import BusinessAccount, MessageTemplate, PhoneNumber, TemplateHeaderMedia
from whatsapp.template_parts import title_of_template


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list by state, with search and filters."""
    agent: Agent = request.user  # type: ignore[assignment]
    wanted = {name: request.GET.get(name, "")[:100] for name in ("tab", "search", "category", "language")}
    everything = template_pages.template_rows(agent.workspace)
    matching = template_pages.filtered(everything, **{**wanted, "tab": ""})
    accounts = BusinessAccount.objects.filter(workspace_id=agent.workspace_id)
    context = {
        "nav": "settings", "settings_page": "templates", "manages": may_manage_settings(agent), "wanted": wanted,
        "rows": [row for row in matching if wanted["tab"] in ("", row.tab)], "tabs": _tabs(matching),
        "categories": sorted({row.template.category for row in everything}),
        "languages": sorted({each.language for row in everything for each in row.languages}),
        "synced_at": accounts.aggregate(at=Min("templates_synced_at"))["at"],
        "trouble": accounts.exclude(templates_sync_error="").exists(),
    }  # fmt: skip
    return render(request, "whatsapp/templates.html", context)


def _tabs(rows: list[template_pages.TemplateRow]) -> list[tuple[str, Any, int]]:
    tabs = [(tab, words) for tab, (words, _states) in template_pages.TABS.items()]
    return [("", _("All"), len(rows)), *((tab, words, sum(row.tab == tab for row in rows)) for tab, words in tabs)]


@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One template: how it looks, what is to be filled in, and which file its header has by default."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = _found(agent, pk)
    sample = template_pages.sample_of(template)
    defaults = {each.phone_number_id: each for each in template.header_media.all()}
    numbers = PhoneNumber.objects.filter(business_account=template.business_account).order_by("pk")
    context = {
        "nav": "settings", "settings_page": "templates", "manages": may_manage_settings(agent), "template": template,
        "row": template_pages.TemplateRow(template, title_of_template(template)), "sample": sample,
        "headers": [(number, defaults.get(number.pk)) for number in numbers] if sample["shape"].needs_file else [],
        "others": _other_languages(template),
    }  # fmt: skip
    return render(request, "whatsapp/template.html", context)


@admin_required
@require_POST
def sync(request: HttpRequest) -> HttpResponse:
    """Fetch all templates from Meta now."""
    agent: Agent = request.user  # type: ignore[assignment]
    accounts = BusinessAccount.objects.filter(workspace_id=agent.workspace_id).select_related("meta_app")
    results = [template_sync.sync_templates(account) for account in accounts]
    failed = next((result for result in results if result.error), None)
    if failed is not None:
        messages.error(request, _("The templates could not be fetched.") + f" {errors.sentence(failed.error_code)}")
    else:
        changes = sum(result.added + result.changed + result.removed for result in results)
        messages.success(request, _("Synced with Meta. %(count)s changed.") % {"count": changes})
    return redirect("settings-templates")


@require_http_methods(["GET", "HEAD", "POST"])
def header(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """GET: the default picture of a template's header. POST (admins): choose another file."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = _found(agent, pk)
    phone_number = PhoneNumber.objects.filter(pk=number, business_account=template.business_account).first()
    if phone_number is None:
        raise Http404
    if request.method == "POST":
        return _choose(request, template, phone_number)
    chosen = TemplateHeaderMedia.objects.filter(template=template, phone_number=phone_number).first()
    if chosen is None or not chosen.mime_type.startswith("image/"):
        raise Http404
    with chosen.file.open("rb") as file:
        response = HttpResponse(file.read(), content_type=chosen.mime_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-cache"
    return response


@admin_required
def _choose(request: HttpRequest, template: MessageTemplate, phone_number: PhoneNumber) -> HttpResponse:
    agent: Agent = request.user  # type: ignore[assignment]
    file = request.FILES.get("header")
    if not isinstance(file, UploadedFile):
        messages.error(request, _("Choose a file first."))
        return redirect("settings-template", pk=template.pk)
    try:
        set_default(template, phone_number, file)
    except HeaderFileInvalid as problem:
        messages.error(request, str(problem.sentence))
    else:
        record_audit(agent.workspace, agent, "template.header", template.name)
        messages.success(request, _("Saved. The next messages with this template carry this file."))
    return redirect("settings-template", pk=template.pk)


def _found(agent: Agent, pk: int) -> MessageTemplate:
    """A template of the agent's workspace, or 404. Removed ones stay readable: old messages point to them."""
    template = (
        MessageTemplate.objects.filter(business_account__workspace_id=agent.workspace_id, pk=pk)
        .select_related("business_account").prefetch_related("header_media").first()
        if pk < 2**63 else None
    )  # fmt: skip
    if template is None:
        raise Http404
    return template


def _other_languages(template: MessageTemplate) -> list[MessageTemplate]:
    same = MessageTemplate.objects.filter(
        business_account=template.business_account, name=template.name, removed_at=None
    )
    return list(same.exclude(pk=template.pk).order_by("language"))
