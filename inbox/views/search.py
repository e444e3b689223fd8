"""Search results, in the place of the list."""

import time
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.models import Agent
from inbox import access, queries
from inbox.filters import Filter
from inbox.models import Label
from inbox.search.finding import Cursor
from inbox.search.results import search
from inbox.search.wanted import Wanted
from inbox.views.conversations import knowing_rights, remembered_list
from whatsapp.models import PhoneNumber


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Who and what holds the words of `?q=`, as a page or as its list. `?after=` is the next page of hits."""
    knowing_rights(request)
    since = int(time.time() * 1000)  # before anything is read
    wanted = Wanted.of(request.GET.dict())
    after = Cursor.of(request.GET.get("after", ""))
    results = search(request.user, wanted, after)
    if after is not None:
        return render(request, "inbox/search/_groups.html", {"wanted": wanted, "results": results})
    people = Filter(view="all", search=wanted.text)
    context = {"since": since, "wanted": wanted, "results": results, "filter": people, **_filters(request.user, wanted)}
    context["list_query"] = remembered_list(request)
    if request.htmx.target == "list":
        return render(request, "inbox/search/_results.html", context)
    counted = queries.view_counts(request.user)
    return render(
        request,
        "inbox/search/index.html",
        context | {"nav": "inbox", "pane": "list", "rail_unread": counted["unread"]},
    )


def _filters(agent: Agent, wanted: Wanted) -> dict[str, Any]:
    """What can be chosen to narrow the search."""
    numbers = PhoneNumber.objects.filter(workspace=agent.workspace_id).order_by("pk")
    people: QuerySet[Agent] = Agent.objects.filter(workspace=agent.workspace_id, is_active=True).exclude(pk=agent.pk)
    inside = access.get_conversation(agent, wanted.conversation_id) if wanted.conversation_id else None
    return {
        "teams": queries.teams_to_filter(agent),
        "labels": list(Label.objects.filter(workspace=agent.workspace_id).order_by("name")),
        "numbers": list(numbers),
        "people": list(people.order_by("name", "pk")),
        "inside": inside,
    }
