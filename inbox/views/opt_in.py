"""The public page of a number: what is asked, by whom, and the way into the chat that asks it.

Anybody may open it, so it takes nothing: no number is typed here, nothing is stored but a count of requests, no cookie
is set, nothing is loaded from elsewhere. The customer's own message starts the double opt-in.
"""

from typing import Any

import segno
from csp.constants import NONE, SELF
from csp.decorators import csp
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from accounts import throttle
from accounts.network import client_network
from inbox.actions import consent_settings
from inbox.consent_words import TEXTS, language_of
from inbox.models import OptInPage
from whatsapp.phone_format import pretty
from whatsapp.qr_codes import chat_link

PER_NETWORK, SECONDS = 120, 15 * 60  # a café in which many read the same poster
POLICY = {
    "default-src": [NONE], "style-src": [SELF], "font-src": [SELF], "img-src": [SELF], "base-uri": [NONE],
    "form-action": [NONE], "frame-ancestors": [NONE],
}  # fmt: skip


@login_not_required
@csp(POLICY)
@require_safe
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """Readable as long as it is published; `?in=en` in another language."""
    pages = OptInPage.objects.select_related("workspace", "phone_number")
    ours = pages.filter(phone_number__disconnected_at=None)  # whoever has that number now did not ask
    found = ours.filter(slug=slug.replace("\x00", ""), is_published=True).first()
    if found is None:
        raise Http404
    limit = throttle.Limit(throttle.hashed("opt-in", client_network(request)), PER_NETWORK, SECONDS)
    if not throttle.count(limit).allowed:
        return _private(HttpResponse("Too many requests. Zu viele Anfragen.", status=429, content_type="text/plain"))
    code = language_of(request.GET.get("in", ""), translation.get_language_from_request(request)[:2])
    with translation.override(code):
        return _private(render(request, "inbox/consent/page.html", _context(found, code)))


def _context(found: OptInPage, code: str) -> dict[str, Any]:
    chosen = consent_settings.chosen_for(found.workspace)
    other = "" if code == language_of(found.workspace.language) else f" {code.upper()}"
    prefill = f"{consent_settings.start_words(chosen, code)[0]} {found.code.upper()}{other}"
    link = chat_link(found.phone_number.display_number, prefill)
    return {
        "business": consent_settings.name_of(chosen), "chosen": chosen, "LANGUAGE_CODE": code, "link": link,
        "question": consent_settings.question_text(found.workspace, code), "prefill": prefill, "code": _drawn(link),
        "number": pretty(found.phone_number.display_number), "languages": [each for each in TEXTS if each != code],
    }  # fmt: skip


def _drawn(link: str) -> SafeString:
    """The link as a code within the page, for who reads it at a computer."""
    code = segno.make(link, error="m", micro=False)
    return mark_safe(code.svg_inline(border=2, light="#fff", svgclass="qr", lineclass=None, omitsize=True))  # noqa: S308


def _private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    return response
