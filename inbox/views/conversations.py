"""The inbox itself: list, thread and contact panel, as a page or as the parts htmx asks for."""

import time
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from inbox import access, composers, filter_words, panels, queries, rendering, thread_files, threads
from inbox.actions.saved_filters import may_keep
from inbox.filters import SORTS, VIEW_WORDS, Cursor, Filter
from inbox.message_rules import PALETTE
from inbox.models import Conversation, SavedFilter
from inbox.row_markup import row_html
from inbox.unread import unread_count
from inbox.views.messages import history_page

REMEMBERED_VIEWS = ("mine", "unassigned", "all")


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, with an empty place for the thread. `?after=` is the next page of rows alone."""
    knowing_rights(request)
    if request.user.is_admin and request.user.workspace.setup_step:  # the first hour is not over
        return redirect(f"setup-{request.user.workspace.setup_step}")
    if "after" in request.GET:
        return _more_rows(request)
    context = list_context(request)
    _remember_list(request, context["filter"])
    if request.htmx.target == "list":
        _remember_view(request, context["filter"].view)
        return render(request, "inbox/conversations/_list.html", context)
    return render(request, "inbox/conversations/index.html", context | {"nav": "inbox", "pane": "list"})


@require_GET
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """One conversation, at its newest or `?around=` a place. htmx gets thread and panel, else it is the whole page."""
    knowing_rights(request)
    try:
        conversation = access.get_conversation(request.user, pk)
    except Http404:
        if (moved := access.moved_to(request.user, pk)) is None:
            raise
        return redirect("conversation", moved.pk)
    context = thread_context(request, conversation)
    if request.htmx.target == "thread":
        return render(request, "inbox/conversations/_opened.html", context)
    return render(
        request,
        "inbox/conversations/index.html",
        list_context(request, current=pk) | context | {"nav": "inbox", "pane": "thread"},
    )


@require_GET
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The contact panel; as a page of its own it opens with the panel in front (narrow screens)."""
    knowing_rights(request)
    conversation = access.get_conversation(request.user, pk)
    if request.htmx:
        return render(request, "inbox/contacts/_panel.html", {"panel": panels.panel_of(conversation)})
    context = list_context(request, current=pk) | thread_context(request, conversation)
    return render(request, "inbox/conversations/index.html", context | {"nav": "inbox", "pane": "contact"})


@require_GET
def files(request: HttpRequest, pk: int) -> HttpResponse:
    """Files of the thread for the panel, newest first; `?before=` is the next page."""
    conversation = access.get_conversation(request.user, pk)
    before = request.GET.get("before", "")
    page = thread_files.file_page(
        conversation, before=int(before) if before.isdecimal() and len(before) < 19 else None
    )
    return render(request, "inbox/contacts/_files.html", {"conversation": conversation, "files": page})


@require_GET
def row(request: HttpRequest, pk: int) -> HttpResponse:
    """One row of the list, for a page whose event came without it."""
    conversation = access.get_conversation(request.user, pk)
    found = queries.one_row(request.user, conversation.pk)
    return HttpResponse(row_html(found) if found else "")


@require_GET
def head(request: HttpRequest, pk: int) -> HttpResponse:
    """The head of the thread as it is now."""
    conversation = access.get_conversation(request.user, pk)
    return render(request, "inbox/conversations/_head.html", rendering.head_context(conversation))


@require_GET
def composer(request: HttpRequest, pk: int) -> HttpResponse:
    """The composer as it is for this agent now."""
    conversation = access.get_conversation(request.user, pk)
    return render(
        request,
        "inbox/messages/_composer.html",
        {"conversation": conversation, "composer": composers.composer_of(conversation, request.user)},
    )


@require_GET
def counts(request: HttpRequest) -> HttpResponse:
    """The numbers beside the views."""
    return JsonResponse(queries.view_counts(request.user, Filter.of(request.GET.dict()).team_id))


def knowing_rights(request: HttpRequest) -> None:
    """Load what decides the agent's sight once for all questions of this request."""
    prefetch_related_objects([request.user], "memberships")


def list_context(request: HttpRequest, current: int | None = None) -> dict[str, Any]:
    """The list as the query string wants it. Without a view: mine, or all for who answers everything."""
    since = int(time.time() * 1000)  # before anything is read
    said = request.GET.dict() if current is None else _where_it_was_opened(request, current)
    wanted = _in_remembered_order(request, Filter.of(said, default_view=default_view(request)))
    kept = filter_words.saved_filters(request.user)
    saved = next((each for each in kept if each.pk == wanted.saved_id), None)
    wanted = _as_kept(wanted, saved)
    counted = queries.view_counts(request.user, wanted.team_id)
    teams = queries.teams_to_filter(request.user)
    labels = filter_words.labels_of(request.user)
    return {
        "since": since,
        "filter": wanted,
        "page": queries.list_page(request.user, wanted, current=current),
        "counts": counted,
        "rail_unread": counted["unread"],
        "palette": PALETTE,
        "teams": teams,
        "team": next((team for team in teams if team.pk == wanted.team_id), None),
        "chips": filter_words.chips(request.user, wanted, labels),
        "saved_filters": kept,
        "saved": saved,
        "heading": saved.name if saved else _heading(wanted),
        "may_keep": saved is not None and may_keep(saved, request.user),
        "led_teams": filter_words.led_teams(request.user) if wanted.is_narrowed or wanted.team_id else [],
        "sorts": SORTS.items(),
    }


def _heading(wanted: Filter) -> str:
    """Where work is done is the inbox; of other places the tabs show no word, or nothing at all."""
    return _("Inbox") if wanted.view in REMEMBERED_VIEWS else _(VIEW_WORDS[wanted.view])


def _as_kept(wanted: Filter, saved: SavedFilter | None) -> Filter:
    """What a name stands for may have changed since an address was made of it; without the name its conditions stay."""
    if saved is None:
        return wanted.with_(saved_id=None)
    return Filter.of(saved.parameters).with_(saved_id=saved.pk, search=wanted.search)


def _in_remembered_order(request: HttpRequest, wanted: Filter) -> Filter:
    """Each view keeps the order chosen in it last."""
    kept: dict[str, str] = request.session.get("sorts", {})
    if wanted.saved_id is not None:
        return wanted
    if not wanted.sort:
        return wanted.with_(sort=kept.get(wanted.view, ""))
    if kept.get(wanted.view, "newest") != wanted.sort:
        request.session["sorts"] = {**kept, wanted.view: wanted.sort}
    return wanted


def default_view(request: HttpRequest) -> str:
    """The working view chosen last in this session."""
    view = request.session.get("view")
    return view if view in REMEMBERED_VIEWS else "all"


def remembered_list(request: HttpRequest) -> str:
    """The list this session has looked at last, as a query string: where one comes back to."""
    return str(request.session.get("list", ""))


def _where_it_was_opened(request: HttpRequest, pk: int) -> dict[str, str]:
    """The last list; what is only visited, such as the archive, not beside a conversation that does not stand in it."""
    said = dict(parse_qsl(remembered_list(request)))
    wanted = Filter.of(said)
    is_visited = wanted.view not in REMEMBERED_VIEWS
    return {} if is_visited and not queries.is_listed(request.user, wanted, pk) else said


def _remember_list(request: HttpRequest, wanted: Filter) -> None:
    query = wanted.with_(search="").query
    if remembered_list(request) != query and "X-Automatic" not in request.headers:
        request.session["list"] = query


def _remember_view(request: HttpRequest, view: str) -> None:
    """Only the places where work is done; the archive is a place to visit."""
    if view in REMEMBERED_VIEWS and request.session.get("view") != view:
        request.session["view"] = view


def thread_context(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    unread = unread_count(conversation, request.user)
    return {
        "conversation": conversation,
        "thread": history_page(request, conversation) or threads.thread_page(conversation, request.user),
        "composer": composers.composer_of(conversation, request.user),
        "panel": panels.panel_of(conversation),
        "drafters": list(queries.drafters(conversation.drafts.all()).values_list("who", flat=True)),
        "new_seq": threads.first_unread_seq(conversation, unread),
        **rendering.head_context(conversation),
        **rendering.later_context(conversation),
    }


def _more_rows(request: HttpRequest) -> HttpResponse:
    wanted = Filter.of(request.GET.dict(), default_view=default_view(request))
    after = Cursor.of(request.GET["after"])
    if after is None:
        return HttpResponse(status=400)
    context = {"filter": wanted, "page": queries.list_page(request.user, wanted, after=after)}
    return render(request, "inbox/conversations/_rows.html", context)
