"""How a view says no: a rule violation becomes its sentence, as JSON for scripts and as a short message for htmx."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from inbox.errors import InboxRuleViolation
from inbox.models import Conversation, Message

View = Callable[..., HttpResponse]


def refusal(request: HttpRequest, violation: InboxRuleViolation) -> HttpResponse:
    """The answer to something that is against a rule: nothing on the page is replaced, the sentence is shown."""
    sentence = str(violation.sentence)
    if getattr(request, "htmx", False):
        response = HttpResponse(status=violation.status)
        response["HX-Reswap"] = "none"
        response["HX-Trigger"] = trigger_header({"toast": {"words": sentence, "bad": True}})
        return response
    fields = {name: str(words) for name, words in getattr(violation, "fields", {}).items()}
    return JsonResponse({"code": violation.code, "sentence": sentence, "fields": fields}, status=violation.status)


def refusing(view: View) -> View:
    """Rule violations raised by the actions of `view` become refusals, what has gone meanwhile a 404."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except InboxRuleViolation as violation:
            return refusal(request, violation)
        except (Conversation.DoesNotExist, Message.DoesNotExist):
            raise Http404  # gone between looking it up and locking it: merged into another

    return answered


def form_refusal(request: HttpRequest, errors: dict[str, list[str]]) -> HttpResponse:
    """What was sent cannot be read: the first sentence of the form's errors."""
    first = next((sentence for sentences in errors.values() for sentence in sentences), "")
    return refusal(request, InboxRuleViolation(first or None))


def triggering(events: dict[str, dict[str, Any]]) -> HttpResponse:
    """Events for the page and nothing to swap in.

    They go to the body: the element that asked may have been replaced by the time the answer comes.
    """
    response = HttpResponse(status=204)
    response["HX-Trigger"] = trigger_header(events)
    return response


def trigger_header(events: dict[str, dict[str, Any]]) -> str:
    return json.dumps({name: {"target": "body", **detail} for name, detail in events.items()})
