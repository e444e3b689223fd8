"""What can be done with the open conversation."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Agent, Team
from accounts.permissions import may_manage_contacts
from inbox.actions.assignment import wants_note
from inbox.actions.blocking import is_blockable
from inbox.commands.command import MOST_PEOPLE, Command, send
from inbox.composers import mode_of
from inbox.enums import BlockState, ConversationStatus
from inbox.filter_words import labels_of
from inbox.forms.conversations import snooze_choices
from inbox.models import Contact, Conversation, Follower


def commands(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    mode = mode_of(conversation, agent, timezone.now())
    yield from _writing(mode)
    yield from _status(conversation)
    yield from _holding(agent, conversation)
    if conversation.status == ConversationStatus.SNOOZED:
        yield Command(
            "wake", gettext_noop("Wake up now"), "bell", send("conversation-snooze", conversation.pk, "DELETE")
        )
    elif conversation.status == ConversationStatus.OPEN:
        for key, words, icon, _moment in snooze_choices():
            do = send("conversation-snooze", conversation.pk, values={"until": key})
            also = (gettext_noop("Sleep: %(who)s"),)
            yield Command(f"snooze-{key}", gettext_noop("Snooze: %(who)s"), icon, do, str(words), also=also)
        yield Command("snooze-at", gettext_noop("Snooze: another time …"), "calendar", {"key": "h"}, kbd="H")
    yield from _keeping(agent, conversation)
    yield from _looking(agent, conversation)
    if mode == "open":
        yield from _attaching()
    yield from _blocking(conversation)
    yield from _assigning(agent, conversation)
    yield from _labelling(agent, conversation)


def _writing(mode: str) -> Iterator[Command]:
    if mode == "open":
        yield Command("reply", gettext_noop("Reply"), "reply", {"key": "r"}, kbd="R", also=(gettext_noop("Answer"),))
    yield Command("note", gettext_noop("Internal note"), "note", {"key": "n"}, kbd="N")
    if mode in ("open", "locked"):
        yield Command("template", gettext_noop("Choose a template"), "template", {"key": "t"}, kbd="T")


def _attaching() -> Iterator[Command]:
    tools = [
        ("files", gettext_noop("Attach photos, videos, files"), "clip", "[data-tool=files]"),
        ("voice", gettext_noop("Record a voice message"), "mic", "[data-tool=voice]"),
        ("replies", gettext_noop("Insert a saved reply"), "slash", "[data-tool=replies]"),
        ("emojis", gettext_noop("Insert an emoji"), "emoji", "[data-tool=emojis]"),
        ("location", gettext_noop("Send a location"), "pin", "[data-url*='/build/location/']"),
        ("card", gettext_noop("Send a contact card"), "contacts", "[data-url*='/build/contact/']"),
        ("buttons", gettext_noop("Ask a question with buttons"), "reply", "[data-url*='/build/buttons/']"),
        ("list", gettext_noop("Ask a question with a list"), "list", "[data-url*='/build/list/']"),
        ("later", gettext_noop("Send later …"), "clock", "[data-tool=later]"),
    ]
    for key, name, icon, selector in tools:
        yield Command(key, name, icon, {"click": f"message-composer {selector}"})


def _status(conversation: Conversation) -> Iterator[Command]:
    if conversation.status == ConversationStatus.CLOSED:
        yield Command("reopen", gettext_noop("Reopen conversation"), "undo", {"key": "e"}, kbd="E")
        return
    done = (gettext_noop("Done"),)
    yield Command("close", gettext_noop("Close conversation"), "check", {"key": "e"}, kbd="E", also=done)
    yield Command("outcome", gettext_noop("Close with an outcome …"), "check-circle", {"menu": "outcome"})


def _holding(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    if conversation.assignee_id != agent.pk:
        also = (gettext_noop("Take over"),)
        yield Command("assign-me", gettext_noop("Assign to me"), "user", {"key": "m"}, kbd="M", also=also)
    if conversation.status != ConversationStatus.CLOSED:
        also = (gettext_noop("Escalate"),)
        yield Command("escalate", gettext_noop("Hand over to a lead …"), "arrow-up", {"menu": "A"}, also=also)
    if conversation.assignee_id:
        seen = {"seen_assignee": conversation.assignee_id}
        do = send("conversation-assignment", conversation.pk, "DELETE", values=seen)
        yield Command("unassign", gettext_noop("Unassign"), "undo", do)


def _assigning(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    seen = {"seen_assignee": conversation.assignee_id or ""}
    people = Agent.objects.filter(workspace=agent.workspace_id, is_active=True).exclude(pk=agent.pk)
    for person in people.exclude(pk=conversation.assignee_id or 0).order_by("name", "pk")[:MOST_PEOPLE]:
        do = send("conversation-assignment", conversation.pk, values={"agent": person.pk, **seen})
        yield Command(f"assign-{person.pk}", gettext_noop("Assign to %(who)s"), "user", do, person.name)
    for team in Team.objects.filter(workspace=agent.workspace_id).order_by("name"):
        do = send("conversation-assignment", conversation.pk, values={"team": team.pk, **seen})
        if wants_note(conversation, team):
            do = {"menu": "A"}
        yield Command(f"assign-t{team.pk}", gettext_noop("Assign to team %(who)s"), "users", do, team.name)


def _labelling(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    mine = {label.pk for label in conversation.labels.all()}
    for label in labels_of(agent):
        is_on = label.pk in mine
        change = "remove" if is_on else "add"
        name = gettext_noop("Remove label %(who)s") if is_on else gettext_noop("Label %(who)s")
        do = send("conversation-labels", conversation.pk, values={change: label.pk}, swap="#labels")
        yield Command(f"label-{change}-{label.pk}", name, "tag", do, label.name)


def _keeping(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    yield Command("unread", gettext_noop("Mark as unread"), "mail", {"key": "u"}, kbd="U")
    if Follower.objects.filter(conversation=conversation, agent=agent).exists():
        do = send("conversation-following", conversation.pk, "DELETE", swap="#followers")
        yield Command("unfollow", gettext_noop("Unfollow this conversation"), "x", do)
    else:
        do = send("conversation-following", conversation.pk, swap="#followers")
        yield Command("follow", gettext_noop("Follow this conversation"), "eye", do)
    yield Command("labels", gettext_noop("Labels …"), "tag", {"key": "l"}, kbd="L")
    yield Command("select", gettext_noop("Select this conversation"), "check", {"key": "x"}, kbd="X")


def _looking(agent: Agent, conversation: Conversation) -> Iterator[Command]:
    yield Command("contact", gettext_noop("Contact panel"), "panel", {"key": "p"}, kbd="P")
    edit = f"{reverse('contact-edit', args=[conversation.contact_id])}?from={conversation.pk}"
    if conversation.contact.kind != Contact.Kind.GROUP:
        yield Command("contact-edit", gettext_noop("Edit this contact"), "pencil", {"go": edit})
        if may_manage_contacts(agent):
            merge = {"go": reverse("contact-merge", args=[conversation.contact_id])}
            yield Command("contact-merge", gettext_noop("Merge with another contact"), "users", merge)
    yield Command("date", gettext_noop("Jump to a date"), "calendar", {"click": "[data-action=date]"})
    here = {"list": f"{reverse('search')}?in={conversation.pk}"}
    yield Command("search-here", gettext_noop("Search in this conversation"), "search", here)
    also = (gettext_noop("Save as a file"), gettext_noop("PDF"))
    do = {"tab": reverse("conversation-print", args=[conversation.pk])}
    yield Command("print", gettext_noop("Print or export"), "download", do, also=also)


def _blocking(conversation: Conversation) -> Iterator[Command]:
    who = {"name": conversation.contact.first_name}
    if conversation.block_state in (BlockState.ASKED, BlockState.BLOCKED):
        yield Command("unblock", gettext_noop("Unblock"), "ban", send("conversation-block", conversation.pk, "DELETE"))
    elif is_blockable(conversation):
        ask = _("Block %(name)s? Their messages will no longer reach you.") % who
        do = send("conversation-block", conversation.pk, confirm=ask)
        yield Command("block", gettext_noop("Block contact"), "ban", do)
        ask = _("Block %(name)s for spam? Their messages will no longer reach you.") % who
        do = send("conversation-block", conversation.pk, values={"spam": "1"}, confirm=ask)
        yield Command("spam", gettext_noop("Report spam and block"), "ban", do)
