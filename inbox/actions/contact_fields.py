"""The business's own fields of its contacts are made, changed, put in order and removed."""

from django.db import connection, transaction
from django.db.models import F, Max

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.models import ContactField


@transaction.atomic
def save_field(field: ContactField, *, by: Agent) -> ContactField:
    """Store a new or changed field; a new one comes last. Stored values of people stay as they are."""
    is_new = field.pk is None
    if is_new:
        last = ContactField.objects.filter(workspace=field.workspace_id).aggregate(last=Max("position"))["last"]
        field.position = (last or 0) + 1
    field.save()
    verb = "contact_field.created" if is_new else "contact_field.changed"
    record_audit(by.workspace, by, verb, subject=field.name)
    return field


@transaction.atomic
def move_up(field: ContactField) -> None:
    """Change places with the field above; the first one stays."""
    fields = list(ContactField.objects.select_for_update().filter(workspace=field.workspace_id))
    place = next(index for index, each in enumerate(fields) if each.pk == field.pk)
    if place:
        fields[place - 1], fields[place] = fields[place], fields[place - 1]
    for position, each in enumerate(fields, 1):
        each.position = position
    ContactField.objects.bulk_update(fields, ["position"])


@transaction.atomic
def remove_field(field: ContactField, *, by: Agent) -> None:
    """The field goes, and with it what was kept under it: data without a purpose is not kept (GDPR article 5)."""
    key = str(field.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inbox_contact SET fields = fields - %s WHERE workspace_id = %s AND fields ? %s",
            [key, field.workspace_id, key],
        )
    ContactField.objects.filter(workspace=field.workspace_id, position__gt=field.position).update(
        position=F("position") - 1
    )
    record_audit(by.workspace, by, "contact_field.removed", subject=field.name)
    field.delete()
