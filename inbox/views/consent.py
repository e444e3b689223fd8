"""Settings: consent. And the proof of one person, to print."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.audit import record_audit
from accounts.links import absolute
from accounts.models import Agent
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from inbox import access, consent_proof, panels
from inbox.actions import consent_asking, consent_settings
from inbox.consent_words import TEXTS, texts_for
from inbox.errors import InboxRuleViolation
from inbox.forms.consent import BusinessForm, LanguageForm
from inbox.models import ConsentSettings, ConsentWording, OptInPage
from inbox.views.refusals import refusal, refusing
from whatsapp import qr_codes
from whatsapp.models import PhoneNumber

PAGE = {"nav": "settings", "settings_page": "consent"}
VERSIONS_SHOWN = 20


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """How many have agreed, who asks, with which words, and the public pages."""
    viewer: Agent = request.user  # type: ignore[assignment]
    workspace = viewer.workspace
    chosen = consent_settings.chosen_for(workspace)
    form = BusinessForm(request.POST or None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        consent_settings.save_business(workspace, by=viewer, **form.cleaned_data)
        done(request, _("Saved."))
        return redirect("settings-consent")
    pages = {page.phone_number_id: page for page in OptInPage.objects.filter(workspace=workspace)}
    numbers = PhoneNumber.objects.connected().filter(workspace=workspace).order_by("name", "pk")
    stored = consent_settings.chosen_for(workspace)
    context = PAGE | {
        "form": form, "counts": consent_proof.counts_of(workspace),
        "languages": [_language(stored, each) for each in TEXTS],
        "numbers": [(number, _page_facts(pages.get(number.pk))) for number in numbers],
        "can_publish": bool(stored.privacy_url and stored.imprint_url),
    }  # fmt: skip
    return render(request, "inbox/settings/consent.html", context, status=422 if form.errors else 200)


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def language(request: HttpRequest, code: str) -> HttpResponse:
    """Keywords, the question and the answers of one language, with the versions of the question."""
    viewer: Agent = request.user  # type: ignore[assignment]
    if code not in TEXTS:
        raise Http404
    workspace = viewer.workspace
    form = LanguageForm(
        request.POST or None, language=code, chosen=consent_settings.chosen_for(workspace),
        question=consent_settings.question_text(workspace, code),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        words = {name: said.pop(name) for name in ("question", "stop", "start")}
        consent_settings.save_language(workspace, code, by=viewer, texts=said, **words)
        done(request, _("Saved."))
        return redirect("settings-consent")
    versions = ConsentWording.objects.filter(workspace=workspace, language=code).select_related("created_by")
    context = PAGE | {
        "form": form, "name": dict(settings.LANGUAGES)[code], "versions": versions.order_by("-version")[:VERSIONS_SHOWN]
    }
    return render(request, "inbox/settings/consent_language.html", context, status=422 if form.errors else 200)


@admin_desk_required
@require_POST
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the page of a number, or take it back."""
    viewer: Agent = request.user  # type: ignore[assignment]
    number = get_object_or_404(PhoneNumber, pk=pk, workspace_id=viewer.workspace_id)
    if request.POST.get("published") == "on":
        try:
            consent_settings.publish_page(number, by=viewer)
        except InboxRuleViolation as violation:
            return refusal(request, violation)
        done(request, _("The page is published."))
    elif found := OptInPage.objects.filter(phone_number=number, is_published=True).first():
        consent_settings.withdraw_page(found, by=viewer)
        done(request, _("The page is withdrawn. Its address shows nothing any more."))
    return redirect("settings-consent")


@admin_desk_required
@require_safe
def qr_code(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The address of a public page as a picture, to be shown or (`?download=1`) kept."""
    found = get_object_or_404(OptInPage, phone_number=pk, workspace_id=request.user.workspace_id)  # type: ignore[union-attr]
    if form not in qr_codes.MIME_TYPES:
        raise Http404
    response = HttpResponse(qr_codes.qr_code(address_of(found), form), content_type=qr_codes.MIME_TYPES[form])
    kept = "attachment" if request.GET.get("download") else "inline"
    response["Content-Disposition"] = f'{kept}; filename="opt-in-{found.code}.{form}"'
    return response


@require_safe
def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """What we can prove of one person's consent, to print, in either language (`?in=en`). The log keeps who looked."""
    viewer: Agent = request.user  # type: ignore[assignment]
    contact = access.get_contact(viewer, pk)
    code = request.GET.get("in", "")
    code = code if code in TEXTS else viewer.language
    record_audit(
        viewer.workspace, viewer, "consent.proof", subject=contact.display_name, data={"contact": contact.pk}
    )
    chosen = consent_settings.chosen_for(viewer.workspace)
    with translation.override(code):
        context = {
            "proof": consent_proof.proof_of(contact), "chosen": chosen, "business": consent_settings.name_of(chosen),
            "LANGUAGE_CODE": code, "codes": [(each, dict(settings.LANGUAGES)[each]) for each in TEXTS],
        }  # fmt: skip
        return render(request, "inbox/consent/proof.html", context)


@require_POST
@refusing
def request_(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask this customer for consent, inside the window; answers with the panel's part."""
    viewer: Agent = request.user  # type: ignore[assignment]
    conversation = access.get_conversation(viewer, pk)
    consent_asking.ask_by_hand(conversation, by=viewer)
    fresh = access.get_conversation(viewer, pk)
    return render(request, "inbox/contacts/_consent.html", {"panel": panels.panel_of(fresh)})


def address_of(found: OptInPage) -> str:
    return absolute(reverse("opt-in", args=[found.slug]))


def _language(chosen: ConsentSettings, code: str) -> dict[str, Any]:
    latest = consent_settings.latest_wording(chosen.workspace, code)
    return {
        "code": code, "name": dict(settings.LANGUAGES)[code], "wording": latest, "texts": texts_for(code, chosen.texts),
        "question": consent_settings.question_text(chosen.workspace, code),
        "start": consent_settings.start_words(chosen, code), "stop": consent_settings.stop_words(chosen, code),
    }  # fmt: skip


def _page_facts(found: OptInPage | None) -> dict[str, Any] | None:
    return {"page": found, "address": address_of(found)} if found is not None and found.is_published else None
