"""Settings: the data protection desk. Find a person, give them what is known, erase them. For admins."""

from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import interrupted
from accounts.audit import record_audit
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from accounts.views.second_factor import fresh_required
from inbox import access
from inbox.contacts import listing as contact_list
from inbox.contacts.listing import ContactFilter
from inbox.errors import InboxRuleViolation
from inbox.models import Contact, Erasure, PersonExport
from inbox.privacy import erasing, exporting, ledger
from inbox.privacy.people import person_of
from inbox.privacy.places import GROUPS
from inbox.privacy.preview import preview_of
from whatsapp.phone_format import digits_of

MOST_FOUND, MOST_LINES = 20, 20


@admin_desk_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Whom is it about? And what was exported and erased."""
    words = request.GET.get("q", "").strip()[:100]
    found: list[Any] = []
    if words:
        people = contact_list.matching(request.user, ContactFilter.of({"q": words})).filter(merged_into=None)
        people = people.order_by("name_key", "pk").prefetch_related("identities")
        found = contact_list.rows_of(request.user, list(people[:MOST_FOUND]))
    context = {
        "words": words, "rows": found, "proof": _proof(request, words), "exports": _exports(request)[:MOST_LINES],
        "erasures": _erasures(request)[:MOST_LINES],
    }  # fmt: skip
    return _page(request, "inbox/privacy/index.html", "people", context)


def _page_of_person(pk: int) -> str:
    return reverse("settings-privacy-person", args=[pk])


@admin_desk_required
@require_safe
@fresh_required(back=_page_of_person)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """What is known of one person, in numbers. That somebody looked is in the activity log."""
    if (running := _running(request, pk)) is not None:
        return redirect("settings-privacy-erasure", running.pk)
    contact = access.get_contact(request.user, pk)
    record_audit(
        request.user.workspace, request.user, "privacy.looked", contact.display_name, {"contact": contact.pk}
    )
    return _person(request, contact)


@admin_desk_required
@require_POST
@fresh_required(back=_page_of_person)
def export(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the export made."""
    contact = access.get_contact(request.user, pk)
    exporting.begin_export(contact, by=request.user)
    done(request, _("The export is being made. It lies here when it is ready."))
    return redirect("settings-privacy")


@admin_desk_required
@require_POST
@fresh_required(back=_page_of_person)
def erase(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin, once the name or number was typed; of who is being erased already, show how far it is."""
    if (running := _running(request, pk)) is not None:
        return redirect("settings-privacy-erasure", running.pk)
    contact = access.get_contact(request.user, pk)
    try:
        erasure = erasing.begin_erasure(contact, by=request.user, typed=request.POST.get("typed", ""))
    except InboxRuleViolation as violation:
        return _person(request, contact, problem=str(violation.sentence))
    return redirect("settings-privacy-erasure", erasure.pk)


@admin_desk_required
@require_safe
def erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is, then what went."""
    found = get_object_or_404(_erasures(request), pk=min(pk, access.MOST_ID))
    context = {
        "erasure": found,
        "counts": [(words, found.counts[key]) for key, words in GROUPS.items() if found.counts.get(key)],
    }  # fmt: skip
    template = "inbox/privacy/_erasure.html" if request.htmx else "inbox/privacy/erasure.html"
    return _page(request, template, "people", context)


@admin_desk_required
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """The list of this admin's exports, while one is being made."""
    return render(request, "inbox/privacy/_exports.html", {"exports": _exports(request)[:MOST_LINES]})


@admin_desk_required
@require_http_methods(["GET"])
def download(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The ZIP, for whoever asked for it."""
    try:
        found = exporting.open_export(UUID(uid), by=request.user)
    except ValueError as error:
        raise Http404 from error
    if found is None:
        raise Http404
    name = slugify(found.contact.display_name) or "person"
    response = FileResponse(found.file.open("rb"), as_attachment=True, filename=f"{name}-{found.asked_at:%Y-%m-%d}.zip")
    response["Cache-Control"] = "private, no-store"
    return response


def _person(request: HttpRequest, contact: Contact, problem: str = "") -> HttpResponse:
    root = contact.merged_into or contact
    preview = preview_of(person_of(root))
    waiting = interrupted.words(request, reverse("settings-privacy-erase", args=[contact.pk]))
    typed = (request.POST or waiting or QueryDict()).get("typed", "")
    context = {
        "contact": root, "preview": preview, "problem": problem, "typed": typed,
    }  # fmt: skip
    return _page(request, "inbox/privacy/person.html", "people", context, status=422 if problem else 200)


def _running(request: HttpRequest, pk: int) -> Erasure | None:
    contact = Contact.objects.filter(workspace=request.user.workspace_id, pk=min(pk, access.MOST_ID)).first()
    return Erasure.running_for(contact) if contact is not None else None


def _proof(request: HttpRequest, words: str) -> list[Erasure]:
    """Was somebody with this number erased? Only a whole number can be asked for: nothing else is known."""
    numbers = {digits_of(words, "DE"), "".join(char for char in words if char.isdigit())} - {""}
    found = {each.pk: each for number in numbers for each in ledger.find(request.user.workspace_id, number)}
    return list(found.values())


def _exports(request: HttpRequest) -> Any:
    return PersonExport.objects.filter(by=request.user).select_related("contact").order_by("-asked_at")


def _erasures(request: HttpRequest) -> Any:
    return Erasure.objects.filter(workspace=request.user.workspace_id).select_related("by").order_by("-asked_at")


def _page(request: HttpRequest, template: str, tab: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    shared = {"nav": "settings", "settings_page": "privacy", "tab": tab}
    return render(request, template, context | shared, status=status)
