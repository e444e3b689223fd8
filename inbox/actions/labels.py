"""The list of labels: leads and admins make, rename, colour, arrange, merge and delete them.

However many conversations bear a label, its change is one event: pages rewrite the label wherever they show it.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent, Workspace
from accounts.permissions import may_manage_labels
from inbox import events, statements
from inbox.actions import rules, saved_filters
from inbox.errors import InboxRuleViolation, NotAllowed
from inbox.models import Label
from inbox.models.label import HUES, in_order
from inbox.text import clean

LONGEST_NAME = 40
MOST_LABELS = 200

# What bore the old label bears the new one; both at once is one.
MOVE = """
INSERT INTO inbox_conversation_labels (conversation_id, label_id)
SELECT conversation_id, %s FROM inbox_conversation_labels WHERE label_id = %s
ON CONFLICT DO NOTHING RETURNING 1
"""


def create_label(workspace: Workspace, *, name: str, hue: int | None = None, by: Agent) -> Label:
    """A new label at the end of the list. Without a colour it gets the one used least."""
    _require_keeper(by, workspace.pk)
    with transaction.atomic():
        labels = _locked_list(workspace.pk)
        if len(labels) >= MOST_LABELS:
            raise InboxRuleViolation(_("There are 200 labels already. Merge some first."))
        name = _free_name(name, labels)
        used = [label.hue for label in labels]
        label = Label.objects.create(
            workspace=workspace, name=name, hue=hue or min(HUES, key=used.count),
            position=max((each.position for each in labels), default=0) + 1,
        )  # fmt: skip
        record_audit(workspace, by, "label.created", subject=name)
    return label


def change_label(label: Label, *, name: str, hue: int, by: Agent) -> Label:
    """Another name or colour, on every screen at once."""
    _require_keeper(by, label.workspace_id)
    with transaction.atomic():
        others = [each for each in _locked_list(label.workspace_id) if each.pk != label.pk]
        label.refresh_from_db()
        former, name = label.name, _free_name(name, others)
        if (former, label.hue) == (name, hue):
            return label
        label.name, label.hue = name, hue
        label.save(update_fields=["name", "hue"])
        if former != name:
            record_audit(label.workspace, by, "label.changed", subject=name, data={"from": former, "to": name})
        events.label_changed(label)
    return label


def move_label(label: Label, *, up: bool, by: Agent) -> None:
    """One place up or down in everybody's lists."""
    _require_keeper(by, label.workspace_id)
    with transaction.atomic():
        order = [each.pk for each in _locked_list(label.workspace_id)]
        at = order.index(label.pk)
        to = max(0, at - 1) if up else min(len(order) - 1, at + 1)
        order.insert(to, order.pop(at))
        labels = [Label(pk=pk, position=place) for place, pk in enumerate(order, start=1)]
        Label.objects.bulk_update(labels, ["position"])


def remove_label(label: Label, *, into: Label | None = None, by: Agent) -> None:
    """Delete a label, or merge it into another that its conversations bear from then on."""
    _require_keeper(by, label.workspace_id)
    if into is not None and (into.workspace_id != label.workspace_id or into.pk == label.pk):
        raise InboxRuleViolation(_("This label does not exist."))
    with transaction.atomic():
        _locked_list(label.workspace_id)
        if into is not None:
            statements.fetch(MOVE, [into.pk, label.pk])
            rules.replace_label(label.workspace_id, label.pk, into.pk)
            saved_filters.replace_label(label.workspace_id, label.pk, into.pk)
        gone = label.pk
        record_audit(
            label.workspace, by, "label.merged" if into else "label.deleted", subject=label.name,
            data={"to": into.name} if into else {},
        )  # fmt: skip
        label.delete()
        events.label_removed(label.workspace_id, gone, into)


def _locked_list(workspace_id: int) -> list[Label]:
    """All labels, locked: whoever puts one on a conversation at this moment waits, and then finds it gone."""
    return in_order(Label.objects.select_for_update().filter(workspace=workspace_id).order_by("pk"))


def _free_name(name: str, others: list[Label]) -> str:
    name = " ".join(clean(name).split())
    if not name:
        raise InboxRuleViolation(_("Give the label a name."))
    if len(name) > LONGEST_NAME:
        raise InboxRuleViolation(_("At most %(limit)s characters fit into a label.") % {"limit": LONGEST_NAME})
    if name.lower() in {label.name.lower() for label in others}:
        raise InboxRuleViolation(_("There is a label of this name already."))
    return name


def _require_keeper(agent: Agent, workspace_id: int) -> None:
    if agent.workspace_id != workspace_id or not may_manage_labels(agent):
        raise NotAllowed
