"""Settings: the message templates as Meta has them, for admins: the list, one template, sync, header files."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import record_audit
from accounts.models import Agent, Team
from accounts.permissions import admin_desk_required
from inbox.actions.number_checks import fetch_templates
from inbox.actions.template_care import mapping_of
from inbox.actions.template_drafts import open_drafts
from inbox.forms.templates import MappingForm
from inbox.picker_page import FilePlace
from inbox.template_desk.listing import TemplateList, Wanted
from inbox.template_desk.pages import TemplatePage, sample_of
from whatsapp import errors
from whatsapp.header_media import HeaderFileInvalid, defaults_of, set_default
from whatsapp.models import BusinessAccount, MessageTemplate, PhoneNumber, TemplateHeaderMedia
from whatsapp.sealing import seal
from whatsapp.template_parts import TemplateShape

PAGE = {"nav": "settings", "settings_page": "templates"}


@admin_desk_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The list, narrowed and sorted as the address says."""
    agent: Agent = request.user  # type: ignore[assignment]
    listed = TemplateList(agent, Wanted.of(request.GET.dict()))
    return render(request, "whatsapp/templates.html", PAGE | {
        "listed": listed, "wanted": listed.wanted, "drafts": open_drafts(agent)
    })  # fmt: skip


@admin_desk_required
@require_safe
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One template: how it looks and does in each language, what happened to it, and what can be decided about it."""
    agent: Agent = request.user  # type: ignore[assignment]
    return template_page(request, found_template(agent, pk))


def template_page(
    request: HttpRequest, template: MessageTemplate, form: MappingForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of one template; `form` is one that was refused."""
    agent: Agent = request.user  # type: ignore[assignment]
    sample = sample_of(template)
    defaults = {(each.phone_number_id, each.place): each for each in template.header_media.all()}
    numbers = PhoneNumber.objects.filter(business_account=template.business_account).order_by("pk")
    page, places = TemplatePage(template, agent), sample["shape"].file_places
    pictures = _pictures(template, numbers, defaults)
    chosen = {each.team_id for each in page.teams}
    context = {
        "template": template, "page": page, "sample": sample,
        "headers": [
            (number, [FilePlace(place, kind, defaults.get((number.pk, place))) for place, kind in places.items()])
            for number in numbers if places
        ],
        "picture": pictures.get("header", ""),
        "cards": [(card, body, pictures.get(place, "")) for card, body, place in sample["cards"]],
        "form": form or mapping_form(None, template, agent),
        "teams": [(team, team.pk in chosen) for team in Team.objects.filter(workspace=agent.workspace_id)],
    }  # fmt: skip
    return render(request, "whatsapp/template.html", PAGE | context, status=status)


def _pictures(
    template: MessageTemplate, numbers: Iterable[PhoneNumber], defaults: dict[tuple[int, str], TemplateHeaderMedia]
) -> dict[str, str]:
    """The addresses of the pictures for the preview, by place: what the first number sends."""
    first = next(iter(numbers), None)
    return {
        place: f"{reverse('settings-template-header', args=[template.pk, number])}?place={place}"
        for (number, place), media in defaults.items()
        if first is not None and number == first.pk and media.mime_type.startswith("image/")
    }  # fmt: skip


def mapping_form(data: Any, template: MessageTemplate, agent: Agent) -> MappingForm:
    return MappingForm(
        data, shape=TemplateShape.of(template), mapped=mapping_of(template), workspace_id=agent.workspace_id
    )


@admin_desk_required
@require_POST
def sync(request: HttpRequest) -> HttpResponse:
    """Fetch all templates from Meta now."""
    agent: Agent = request.user  # type: ignore[assignment]
    accounts = BusinessAccount.objects.filter(workspace_id=agent.workspace_id).select_related("meta_app", "workspace")
    results = [fetch_templates(account) for account in accounts]
    failed = next((result for result in results if result.error), None)
    if failed is not None:
        messages.error(request, _("The templates could not be fetched.") + f" {errors.sentence(failed.error_code)}")
    else:
        changes = sum(result.added + result.changed + result.removed for result in results)
        messages.success(request, _("Synced with Meta. %(count)s changed.") % {"count": changes})
    return redirect("settings-templates")


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def header(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """GET: the default picture of a template's header or card (`?place=`). POST: choose another file."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    phone_number = PhoneNumber.objects.filter(pk=number, business_account=template.business_account).first()
    if phone_number is None:
        raise Http404
    if request.method == "POST":
        return _choose(request, template, phone_number)
    chosen = defaults_of(template, phone_number).get(request.GET.get("place", "header"))
    if chosen is None or not chosen.mime_type.startswith("image/"):
        raise Http404
    with chosen.file.open("rb") as file:
        response = HttpResponse(file.read(), content_type=chosen.mime_type)
    return seal(response)


def _choose(request: HttpRequest, template: MessageTemplate, phone_number: PhoneNumber) -> HttpResponse:
    agent: Agent = request.user  # type: ignore[assignment]
    file, place = request.FILES.get("header"), request.POST.get("place", "header")
    if place not in TemplateShape.of(template).file_places:
        raise Http404
    if not isinstance(file, UploadedFile):
        messages.error(request, _("Choose a file first."))
        return redirect("settings-template", pk=template.pk)
    try:
        set_default(template, phone_number, file, place)
    except HeaderFileInvalid as problem:
        messages.error(request, str(problem.sentence))
    else:
        record_audit(agent.workspace, agent, "template.header", template.name)
        messages.success(request, _("Saved. The next messages with this template carry this file."))
    return redirect("settings-template", pk=template.pk)


def found_template(agent: Agent, pk: int) -> MessageTemplate:
    """A template of the agent's workspace, or 404. Removed ones stay readable: old messages point to them."""
    template = (
        MessageTemplate.objects.filter(business_account__workspace_id=agent.workspace_id, pk=pk)
        .select_related("business_account").prefetch_related("header_media").first()
        if pk < 2**63 else None
    )  # fmt: skip
    if template is None:
        raise Http404
    return template

