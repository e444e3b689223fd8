"""The practice phone's page (demo mode only): the person trying the product is the customer.

The browser talks to these views, they talk to the phone's control API. `live` waits for the next change and answers
with the page's parts; everything else is a POST that answers 204 and shows its effect through `live`.
"""

from datetime import timedelta
from functools import wraps
from typing import Any

from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Workspace
from accounts.schedules import workspace_hours
from inbox.demo import fast_forward
from inbox.errors import InboxRuleViolation
from inbox.models import Activity, Contact, Conversation
from inbox.practice import acts as practice_acts
from inbox.practice import log as practice_log
from inbox.practice import screen as practice_screen
from inbox.practice.number import is_practising
from inbox.views.attachments import wanted_part
from inbox.views.refusals import View, refusal
from whatsapp.business_profile import VERTICALS
from whatsapp.opening_words import opening_words
from whatsapp.sandbox import remote

WAIT = 8  # seconds a page waits for news; shorter than the phone's memory of who looks at it
JUMPS = {"1h": timedelta(hours=1), "20h": timedelta(hours=20), "24h": timedelta(hours=24)}
INLINE = ("image/", "audio/", "video/")
PARTS = ("persona", "link", "clock", "wrong", "bar", "profile", "chat", "log", "templates", "crowd")


class PhoneAway(InboxRuleViolation):
    code, status = "phone_away", 503
    sentence = _("The practice phone is not running. Start it with make run.")


def practice(view: View) -> View:
    """Only in demo mode, only for people of the workspace that practises; otherwise there is nothing here."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not (request.user.is_authenticated and is_practising(request.user.workspace)):
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except remote.PhoneUnreachable:
            return refusal(request, PhoneAway())
        except remote.PhoneRefused as refused:
            return refusal(request, InboxRuleViolation(str(refused)))
        except InboxRuleViolation as violation:
            return refusal(request, violation)

    return guarded


@require_GET
@practice
def page(request: HttpRequest) -> HttpResponse:
    """The whole page; `?as=` chooses the customer, `?window=1` leaves the frame of the app away."""
    layout = "sandbox/window.html" if request.GET.get("window") else "app.html"
    try:
        people = remote.call("GET", "customers")["customers"]
        key = request.GET.get("as") or _first(people)
        context = _screen(request, key, raw=False)
        context["people"] = sorted((practice_screen.face(one) for one in people), key=lambda one: one.name.casefold())
    except (remote.PhoneUnreachable, remote.PhoneRefused):
        return render(request, "sandbox/away.html", {"layout": layout, "nav": "practice"}, status=503)
    return render(request, "sandbox/phone.html", context | {"layout": layout, "nav": "practice"})


def _first(people: list[dict[str, Any]]) -> str:
    """Lena, whom the README's walk uses; else whoever is there."""
    keys = [one["key"] for one in people]
    return "lena" if "lena" in keys else keys[0]


@require_GET
@practice
def live(request: HttpRequest, key: str) -> HttpResponse:
    """Wait until something changed since `?since=`, then the parts of the page as {name: html}.

    `since` is "phone's version-conversation's version": both sides of the story are told here.
    """
    workspace, raw = request.user.workspace, request.GET.get("raw") == "1"
    looking = "1" if request.GET.get("looking") == "1" else "0"
    customer = remote.call("GET", f"customers/{key}", params={"looking": looking, "limit": 1})["customer"]
    since = request.GET.get("since", "")
    for _second in range(WAIT):
        conversation = _conversation(practice_acts.contact_of(workspace, customer))
        if since.partition("-")[2] != _version(conversation):
            break
        if not connection.in_atomic_block:  # the pool is small: nobody shall wait for it while this page does
            connection.close()
        if _phone_changed(since.partition("-")[0]):
            break
    else:
        return HttpResponse(status=204)
    context = _screen(request, key, raw=raw)
    parts = {name: render_to_string(f"sandbox/_{name}.html", context, request) for name in PARTS}
    return JsonResponse({"version": context["version"], "parts": parts})


def _phone_changed(since: str) -> bool:
    """Within a second."""
    version = int(since) if since.isdecimal() and len(since) < 15 else -1
    return remote.call("GET", "changes", params={"since": version, "wait": 1}, wait=1)["version"] != version


def _version(conversation: Conversation | None) -> str:
    return str(conversation.version) if conversation else ""


def _screen(request: HttpRequest, key: str, *, raw: bool) -> dict[str, Any]:
    chat = remote.call("GET", f"customers/{key}")
    customer = chat["customer"]
    contact = practice_acts.contact_of(request.user.workspace, customer)
    conversation = _conversation(contact)
    log = remote.call("GET", "log", params={"customer": key, "limit": 60, "raw": "1"})
    activities = Activity.objects.filter(conversation=conversation).select_related("actor").order_by("-pk")[:12]
    templates = remote.call("GET", "templates")["templates"]
    number = remote.call("GET", "state")["numbers"][0]
    window, now = conversation.service_window if conversation else None, timezone.now()
    return {
        "customer": customer,
        "face": practice_screen.face(customer),
        "business": number["name"],
        **_shown_of(number, request.user.workspace),
        "conversation": conversation,
        "inbox_url": reverse("conversation", args=[conversation.pk]) if conversation else reverse("inbox"),
        "window": window,
        "window_state": window.state(now) if window else "closed",
        "window_percent": window.percent_left(now) if window else 0,
        "bubbles": practice_screen.bubbles(chat["messages"]),
        "waiting": practice_screen.waiting_count(chat["messages"]),
        "lines": practice_log.lines(log["events"], list(activities) if conversation else [], raw=raw),
        "raw": raw,
        "in_window": request.GET.get("window") == "1",
        "templates": [one for one in templates if one["waba_id"] == number["waba_id"]],
        "pending": sum(1 for one in templates if one["status"] == "PENDING"),
        "failures": practice_acts.failures(),
        "reactions": practice_acts.EMOJI,
        "crowd": remote.call("GET", "visits"),
        "version": f"{chat['version']}-{_version(conversation)}",
    }


def _conversation(contact: Contact | None) -> Conversation | None:
    if contact is None:
        return None
    found = Conversation.objects.filter(contact=contact).select_related("workspace", "contact", "phone_number")
    return found.order_by("pk").first()


def _shown_of(number: dict[str, Any], workspace: Workspace) -> dict[str, Any]:
    """What the customer sees of the business."""
    profile, automation = number["profile"], number["automation"]
    vertical = profile.get("vertical", "")
    return {
        "number": number, "profile": profile, "picture": int(number["picture"] or 0),
        "vertical": VERTICALS.get(vertical, vertical) if vertical not in ("", "UNDEFINED") else "",
        "prompts": automation.get("prompts", []), "commands": automation.get("commands", []),
        "hours": opening_words(workspace_hours(workspace), timezone.now()),
    }  # fmt: skip


@require_POST
@practice
def messages(request: HttpRequest, key: str) -> HttpResponse:
    """The customer does something: `do` says what (`practice_acts.ACTS`)."""
    practice_acts.act(key, request.POST, request.FILES.get("file"))
    return HttpResponse(status=204)


@require_POST
@practice
def clock(request: HttpRequest, key: str) -> HttpResponse:
    """Fast-forward by `jump`: 1h, 20h, 24h, or last-minute."""
    customer = remote.call("GET", f"customers/{key}")["customer"]
    contact = practice_acts.contact_of(request.user.workspace, customer)
    conversation = _conversation(contact)
    jump = request.POST.get("jump", "")
    if jump == "last-minute":
        if conversation is None:
            raise fast_forward.CannotFastForward(_("This customer has not written yet."))
        fast_forward.leave_last_minute(conversation, phone_key=key)
    elif jump not in JUMPS:
        raise Http404
    elif contact is None:
        remote.call("POST", f"customers/{key}/advance", {"seconds": JUMPS[jump].total_seconds()})
    else:
        fast_forward.fast_forward(contact, JUMPS[jump], phone_key=key)
    return HttpResponse(status=204)


@require_POST
@practice
def behaviour(request: HttpRequest, key: str) -> HttpResponse:
    """One switch: `name` online, receipts, failure (value: a code or a word, "" for none), marketing, number.

    Or `played`, with a voice message's wamid: the customer has listened to it.
    """
    practice_acts.change(key, request.POST.get("name", ""), request.POST.get("value", ""))
    return HttpResponse(status=204)


@require_POST
@practice
def people(request: HttpRequest) -> HttpResponse:
    """A new customer, who has never written; goes on to their phone."""
    key = practice_acts.new_customer(request.POST.get("name", ""), hidden=bool(request.POST.get("hidden")))
    window = "&window=1" if request.POST.get("window") else ""
    address = f"{reverse('practice-phone')}?as={key}{window}"
    return HttpResponse(status=204, headers={"HX-Redirect": address})


@require_POST
@practice
def crowd(request: HttpRequest) -> HttpResponse:
    """Many customers write, `conversations` within `minutes`, from `seed`; or with `stop` they go home."""
    if request.POST.get("stop"):
        remote.call("DELETE", "visits")
    else:
        practice_acts.send_crowd(request.POST, bicycles=request.user.workspace.is_demo)
    return HttpResponse(status=204)


@require_POST
@practice
def review(request: HttpRequest, template_id: int) -> HttpResponse:
    """What Meta does to a template: `decision` (`practice_acts.review`) and, for a rejection, `reason`."""
    if not practice_acts.review(template_id, request.POST.get("decision", ""), request.POST.get("reason", "")):
        raise Http404
    return HttpResponse(status=204)


@require_GET
@practice
def media(request: HttpRequest, media_id: int) -> HttpResponse:
    """A file on the phone; parts on request, since players find out from them how long a sound is."""
    content, mime_type = remote.file(str(media_id))
    safe = mime_type.startswith(INLINE) and "svg" not in mime_type
    try:
        part = wanted_part(request, len(content), "")
    except ValueError:
        return HttpResponse(status=416)
    start, end = part or (0, len(content) - 1)
    response = HttpResponse(
        content[start : end + 1],
        content_type=mime_type if safe else "application/octet-stream",
        status=206 if part else 200,
    )
    if part:
        response["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
    response["Accept-Ranges"] = "bytes"
    response["Content-Disposition"] = "inline" if safe else "attachment"
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
