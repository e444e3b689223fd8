"""Saved replies: the menu above the composer, and the pages under Settings on which they are kept."""

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Agent
from accounts.views.answers import done
from inbox import access, saved_reply_places
from inbox import text as words
from inbox.actions import reply_files, saved_replies
from inbox.errors import FileRefused, InboxRuleViolation, NotAllowed
from inbox.forms.saved_replies import SavedReplyForm
from inbox.models import SavedReply
from inbox.views.refusals import refusing

SHOWN = 300
TABS = ("", SavedReply.Scope.PERSONAL, SavedReply.Scope.TEAM, SavedReply.Scope.ALL)


@require_GET
def menu(request: HttpRequest, pk: int) -> HttpResponse:
    """What this agent may use in this conversation, filled in, the much used ones first."""
    conversation = access.get_conversation(request.user, pk)
    values = saved_reply_places.values_for(conversation, request.user)
    found = SavedReply.objects.usable_by(request.user, conversation.team_id).order_by("-used_count", "shortcut", "pk")
    found = found.annotate(file_count=Count("files"))
    replies = [(reply, saved_reply_places.fill(reply.text, values)) for reply in found[:SHOWN]]
    return render(request, "inbox/replies/_menu.html", {"conversation": conversation, "replies": replies})


@require_POST
@refusing
def use(request: HttpRequest, pk: int, reply_pk: int) -> HttpResponse:
    """It has been put into a message of this conversation; its files go into the composer."""
    conversation = access.get_conversation(request.user, pk)
    reply = SavedReply.objects.usable_by(request.user, conversation.team_id).filter(pk=reply_pk).first()
    if reply is None:
        raise Http404
    saved_replies.count_use(reply)
    return JsonResponse({"files": reply_files.put_into(conversation, reply, by=request.user)})


@require_http_methods(["GET", "HEAD"])
def index(request: HttpRequest) -> HttpResponse:
    """Everything this person sees, by scope and by a word of it."""
    agent: Agent = request.user  # type: ignore[assignment]
    visible = SavedReply.objects.visible_to(agent)
    tab, search = request.GET.get("scope", ""), request.GET.get("search", "")[:100]
    found = visible.filter(scope=tab) if tab in TABS and tab else visible
    for word in words.fold(search).split():
        found = found.filter(search_key__contains=word)
    replies = list(found.select_related("owner", "team").order_by("shortcut", "pk")[: saved_replies.MOST])
    labels = {"": _("All"), "personal": _("Personal"), "team": _("Team"), "all": _("For everybody")}
    counted = dict(visible.order_by().values_list("scope").annotate(count=Count("pk")))
    counted[""] = sum(counted.values())
    context = {
        "nav": "settings", "settings_page": "replies", "search": search, "tab": tab, "replies": replies,
        "tabs": [(each, labels[each], counted.get(each, 0)) for each in TABS],
    }  # fmt: skip
    return render(request, "inbox/replies/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new one; `?copy=` begins with the words and files of another."""
    agent: Agent = request.user  # type: ignore[assignment]
    if request.method != "POST":
        pattern = _pattern(request, request.GET.get("copy", ""))
        form = SavedReplyForm(agent=agent, initial=_as_copy(pattern) if pattern else {"audience": "personal"})
        return _page(request, None, form)
    return _saved(request, None, SavedReplyForm(request.POST, request.FILES, agent=agent))


@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One reply: a form for whoever may change it, its words for the others."""
    agent: Agent = request.user  # type: ignore[assignment]
    reply = _visible(request, pk)
    manages = saved_replies.may_manage(agent, reply)
    if request.method != "POST":
        return _page(request, reply, SavedReplyForm(agent=agent, reply=reply) if manages else None)
    if not manages:
        return _refused(request, reply)
    return _saved(request, reply, SavedReplyForm(request.POST, request.FILES, agent=agent, reply=reply))


@require_POST
def deletion(request: HttpRequest, pk: int) -> HttpResponse:
    reply = _visible(request, pk)
    try:
        saved_replies.delete_reply(reply, by=request.user)
    except NotAllowed:
        return _refused(request, reply)
    done(request, _("/%(shortcut)s is deleted.") % {"shortcut": reply.shortcut})
    return redirect("settings-replies")


def _saved(request: HttpRequest, reply: SavedReply | None, form: SavedReplyForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, reply, form)
    scope, team = form.scope
    said = {name: form.cleaned_data[name] for name in ("shortcut", "title", "text")}
    try:
        with transaction.atomic():
            if reply is None:
                kept = saved_replies.create_reply(by=request.user, scope=scope, team=team, **said)
            else:
                kept = saved_replies.update_reply(reply, by=request.user, scope=scope, team=team, **said)
            _keep_files(request, kept, form.cleaned_data["files"])
    except InboxRuleViolation as violation:
        form.add_error("files" if isinstance(violation, FileRefused) else "shortcut", str(violation.sentence))
        return _page(request, reply, form)
    done(request, _("/%(shortcut)s is saved.") % {"shortcut": kept.shortcut})
    return redirect("settings-replies")


def _keep_files(request: HttpRequest, reply: SavedReply, chosen: list[UploadedFile]) -> None:
    """What was unticked goes, what was chosen comes; a copy brings the files of its pattern."""
    stays = set(request.POST.getlist("file"))
    reply_files.detach(each for each in reply.files.all() if str(each.pk) not in stays)
    pattern = _pattern(request, request.POST.get("copy", ""))
    if pattern is not None and pattern != reply:
        reply_files.share([each for each in pattern.files.all() if str(each.pk) in stays], reply)
    for file in chosen:
        reply_files.attach(reply, file)


def _pattern(request: HttpRequest, number: str) -> SavedReply | None:
    return _visible(request, int(number)) if number.isdecimal() and len(number) < 19 else None


def _page(request: HttpRequest, reply: SavedReply | None, form: SavedReplyForm | None) -> HttpResponse:
    pattern = reply or _pattern(request, request.POST.get("copy", request.GET.get("copy", "")))
    context = {
        "nav": "settings", "settings_page": "replies", "reply": reply, "form": form, "pattern": pattern,
        "files": pattern.files.order_by("pk") if pattern else (), "most_files": reply_files.MOST_FILES,
        "places": saved_reply_places.PLACES.items(),
        "copy_url": f"{reverse('settings-reply-new')}?copy={reply.pk}" if reply else "",
    }  # fmt: skip
    return render(request, "inbox/replies/show.html", context, status=422 if form and form.errors else 200)


def _refused(request: HttpRequest, reply: SavedReply) -> HttpResponse:
    context = {"sentence": NotAllowed.sentence, "back": reverse("settings-reply", args=[reply.pk])}
    return render(request, "accounts/refused.html", context, status=NotAllowed.status)


def _as_copy(reply: SavedReply) -> dict[str, str]:
    """For oneself first: who wants it for others says so."""
    return {"shortcut": f"{reply.shortcut}-2"[:32], "title": reply.title, "text": reply.text, "audience": "personal"}


def _visible(request: HttpRequest, pk: int) -> SavedReply:
    found = SavedReply.objects.visible_to(request.user).select_related("owner", "team").filter(pk=pk).first()  # type: ignore[arg-type]
    if found is None:
        raise Http404
    return found
