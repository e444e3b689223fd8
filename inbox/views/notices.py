"""Being told: the words of a notice for the page, and the choices on "Notifications"."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Agent
from accounts.permissions import admin_required
from accounts.views.answers import done
from inbox import access, notices, push
from inbox.actions import pushing
from inbox.actions.notification_choices import allow_text
from inbox.enums import Channel, NoticeKind
from inbox.forms.notifications import NotificationForm
from inbox.models import PushDevice
from inbox.views.push_devices import token_of


@require_safe
def notice(request: HttpRequest, pk: int) -> HttpResponse:
    """What to show and play of a `tell` in an event; nothing (204) when it is over or the agent wants quiet."""
    conversation = access.get_conversation(request.user, pk)
    kind = request.GET.get("kind", "")
    if kind not in NoticeKind.values:
        return HttpResponse(status=204)
    agent: Agent = request.user  # type: ignore[assignment]
    found = notices.notice_for(agent, conversation, NoticeKind(kind), timezone.now(), notices.settings_of(agent))
    return JsonResponse(found) if found else HttpResponse(status=204)


@require_safe
def missed(request: HttpRequest) -> HttpResponse:
    """What a page that had no connection `since` (milliseconds) was not told; its words are asked for one by one."""
    since = request.GET.get("since", "")
    agent: Agent = request.user  # type: ignore[assignment]
    if not since.isdecimal() or len(since) != len("1700000000000"):
        return JsonResponse({"events": []})
    moment = datetime.fromtimestamp(int(since) / 1000, UTC)
    return JsonResponse({"events": notices.told_since(agent, moment, timezone.now())})


@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest) -> HttpResponse:
    """The agent's choices, and a test of them."""
    agent: Agent = request.user  # type: ignore[assignment]
    chosen = notices.settings_of(agent)
    form = NotificationForm(request.POST or None, instance=chosen)
    if request.method == "POST" and form.is_valid():
        form.save()
        done(request, _("Saved."))
        return redirect("settings-notifications")
    context = {
        "nav": "settings", "settings_page": "notifications", "form": form, "channels": Channel,
        "sounds": [notices.sound_of(kind) for kind in NoticeKind], "push_key": push.current_key().public_key,
        "devices": PushDevice.objects.living().filter(agent=agent).order_by("-created_at"),
        "this_device": pushing.device_of(agent, token_of(request)),
    }  # fmt: skip
    return render(request, "inbox/settings/notifications.html", context, status=422 if form.errors else 200)


@admin_required
@require_POST
def text(request: HttpRequest) -> HttpResponse:
    """Allow or forbid customers' words in notifications, for the whole workspace."""
    agent: Agent = request.user  # type: ignore[assignment]
    allow_text(agent.workspace, "allowed" in request.POST, by=agent)
    done(request, _("Saved."))
    return redirect("settings-notifications")
