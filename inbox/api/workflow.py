"""What becomes of a conversation: who has it, whether it is open, its labels, and notes for the colleagues.

The same actions as behind the buttons of the inbox. Whatever a token does here is signed by its name in the thread. It
never has a conversation itself, and nobody's unread marks move.
"""

import uuid

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Router

from accounts.models import Agent, ApiToken, Scope, Team
from inbox import access
from inbox import text as words
from inbox.actions import assignment, conversations, notes
from inbox.api import rendering, shapes
from inbox.api.conversations import told
from inbox.api.door import needs
from inbox.api.repeating import Done, once
from inbox.errors import FieldsInvalid
from inbox.models import Conversation, Label

router = Router(tags=["Workflow"])
Pk = Path[shapes.Id]
WRITING = needs(Scope.CONVERSATIONS_WRITE)


@router.post("/conversations/{conversation_id}/assignment", response={200: shapes.Conversation}, **WRITING,
             url_name="assignment", summary="Assign a conversation")  # fmt: skip
@once
def assign(request: HttpRequest, conversation_id: Pk, body: shapes.AssignmentIn) -> Done:
    """To a person, to a team's queue, or to a person within a team. A closed one must be reopened first.

    Where handing over to another team needs a note, it needs one here too.
    """
    token, conversation = _asked(request, conversation_id)
    person = _person(token, body.person) if body.person is not None else None
    team = _team(token, body.team) if body.team is not None else None
    if person is None and team is None:
        raise FieldsInvalid({"person": _("Choose a colleague or a team.")})
    assignment.assign(conversation, to_agent=person, to_team=team, by=token, note=body.note)
    return 200, told(token, conversation)


@router.delete("/conversations/{conversation_id}/assignment", response={200: shapes.Conversation}, **WRITING,
               url_name="assignment", summary="Give a conversation back to the queue")  # fmt: skip
@once
def release(request: HttpRequest, conversation_id: Pk) -> Done:
    """It waits in its team's queue for somebody else."""
    token, conversation = _asked(request, conversation_id)
    assignment.release(conversation, by=token)
    return 200, told(token, conversation)


@router.post("/conversations/{conversation_id}/closure", response={200: shapes.Conversation}, **WRITING,
             url_name="closure", summary="Close a conversation")  # fmt: skip
@once
def close(request: HttpRequest, conversation_id: Pk, body: shapes.ClosureIn) -> Done:
    """Nobody waits any more. The customer is asked how it went, where the team does that."""
    token, conversation = _asked(request, conversation_id)
    conversations.close_conversation(
        conversation, by=token, outcome=words.clean(body.outcome), seen_inbound=body.seen_messages
    )
    return 200, told(token, conversation)


@router.delete("/conversations/{conversation_id}/closure", response={200: shapes.Conversation}, **WRITING,
               url_name="closure", summary="Reopen a conversation")  # fmt: skip
@once
def reopen(request: HttpRequest, conversation_id: Pk) -> Done:
    """For whoever had it; in the queue, if that is nobody."""
    token, conversation = _asked(request, conversation_id)
    conversations.reopen_conversation(conversation, by=token)
    return 200, told(token, conversation)


@router.post("/conversations/{conversation_id}/snooze", response={200: shapes.Conversation}, **WRITING,
             url_name="snooze", summary="Snooze a conversation")  # fmt: skip
@once
def snooze(request: HttpRequest, conversation_id: Pk, body: shapes.SnoozeIn) -> Done:
    """Out of the way until then, or until the customer writes."""
    token, conversation = _asked(request, conversation_id)
    conversations.snooze_conversation(conversation, until=body.until, by=token)
    return 200, told(token, conversation)


@router.delete("/conversations/{conversation_id}/snooze", response={200: shapes.Conversation}, **WRITING,
               url_name="snooze", summary="End the snooze")  # fmt: skip
@once
def wake(request: HttpRequest, conversation_id: Pk) -> Done:
    token, conversation = _asked(request, conversation_id)
    conversations.wake_conversation(conversation, by=token)
    return 200, told(token, conversation)


@router.post("/conversations/{conversation_id}/labels", response={200: shapes.Conversation}, **WRITING,
             url_name="labels", summary="Put labels on and take labels off")  # fmt: skip
@once
def label(request: HttpRequest, conversation_id: Pk, body: shapes.LabelsIn) -> Done:
    """Labels that are not named stay as they are. New ones are made by people, in the settings."""
    token, conversation = _asked(request, conversation_id)
    chosen = {"add": _labels(token, "add", body.add), "remove": _labels(token, "remove", body.remove)}
    conversations.change_labels(conversation, **chosen, by=token)
    return 200, told(token, conversation)


@router.post("/conversations/{conversation_id}/notes", response={201: shapes.Note}, **WRITING, url_name="notes",
             summary="Write a note for colleagues")  # fmt: skip
@once
def add_note(request: HttpRequest, conversation_id: Pk, body: shapes.NoteIn) -> Done:
    """The customer never sees it. Colleagues named with @ are called, if they may see the conversation."""
    token, conversation = _asked(request, conversation_id)
    note = notes.add_note(conversation, by=token, text=body.text, uid=uuid.uuid4())
    return 201, shapes.Note(**rendering.note_of(note))


def _asked(request: HttpRequest, conversation_id: int) -> tuple[ApiToken, Conversation]:
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    return token, access.get_conversation(token, conversation_id)


def _person(token: ApiToken, email: str) -> Agent:
    people = Agent.objects.filter(workspace=token.workspace_id, is_active=True)
    person = people.filter(email=words.clean(email).strip().lower()).first()
    if person is None:
        raise FieldsInvalid({"person": _("Nobody with this email address works here.")})
    return person


def _team(token: ApiToken, name: str) -> Team:
    team = Team.objects.filter(workspace=token.workspace_id, name=words.clean(name).strip()).first()
    if team is None:
        raise FieldsInvalid({"team": _("There is no team of this name.")})
    return team


def _labels(token: ApiToken, field: str, names: list[str]) -> list[Label]:
    wanted = {name.lower(): name for name in (words.clean(each).strip() for each in names)}
    ours = {each.name.lower(): each for each in Label.objects.filter(workspace=token.workspace_id)}
    if missing := [wanted[key] for key in wanted if key not in ours]:
        raise FieldsInvalid({field: _("There is no label of this name: %(names)s") % {"names": ", ".join(missing)}})
    return [ours[key] for key in wanted]
