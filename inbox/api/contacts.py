"""Contacts and their consent."""

from datetime import UTC, datetime
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Path, Query, Router

from accounts.audit import record_audit
from accounts.models import ApiToken, Scope
from inbox import access
from inbox import text as words
from inbox.actions import bookkeeping, consent, contact_book
from inbox.api import rendering, shapes
from inbox.api.door import needs
from inbox.api.paging import MOST, cursor_of, values_of
from inbox.api.repeating import Done, once
from inbox.contacts import fields as contact_fields
from inbox.errors import FieldsInvalid, NotAllowed
from inbox.models import Consent, Contact
from inbox.visibility import rights_of_token
from whatsapp.models import PhoneNumber
from whatsapp.phone_format import country_of, digits_of

router = Router()
Pk = Path[shapes.Id]
TEXTS = ("name", "email", "note")
WHATSAPP_BEGAN = datetime(2009, 1, 1, tzinfo=UTC)


@router.get("/contacts", response=shapes.Page[shapes.Contact], **needs(Scope.CONTACTS_READ), url_name="contacts",
            tags=["Contacts"], summary="List contacts")  # fmt: skip
def list_contacts(
    request: HttpRequest,
    phone: Annotated[str, Query(max_length=40, description="Exactly this number, with country code.")] = "",
    email: Annotated[str, Query(max_length=254, description="Exactly this address.")] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> dict[str, Any]:
    """Oldest first, so that what is entered while you read comes at the end."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    found = _contacts(token).order_by("pk")
    if phone:
        digits = "".join(char for char in phone if char in "0123456789")
        found = found.filter(identities__kind="phone", identities__is_active=True, identities__value=digits).distinct()
    if email:
        found = found.filter(email__iexact=words.clean(email))
    if cursor:
        found = found.filter(pk__gt=values_of(cursor, int)[0])
    rows = list(found[: limit + 1])
    own = contact_fields.fields_of(token.workspace_id)
    following = cursor_of(rows[limit - 1].pk) if len(rows) > limit else None
    return {"items": [rendering.contact_of(row, own) for row in rows[:limit]], "next": following}


@router.post("/contacts", response={201: shapes.NewContact}, **needs(Scope.CONTACTS_WRITE), url_name="contacts",
             tags=["Contacts"], summary="Enter a contact")  # fmt: skip
@once
def create_contact(request: HttpRequest, body: shapes.ContactIn) -> Done:
    """Enters a person and begins the thread with them, in which the first message must be a template."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    number = number_for(token, body.number_id)
    digits = digits_of(body.phone, country_of(number.display_number))
    if not digits:
        sentence = _("This is no complete phone number. Write it with country code: +49 172 …")
        raise FieldsInvalid({"phone": sentence})
    said = _said(token, body.model_dump(include={*TEXTS, "language", "fields"}), {})
    conversation = contact_book.create_contact(number=number, phone=digits, by=token, **said)
    contact = access.get_contact(token, conversation.contact_id)
    shown = rendering.contact_of(contact, contact_fields.fields_of(token.workspace_id))
    return 201, shapes.NewContact(**shown, conversation_id=conversation.pk)


@router.get("/contacts/{contact_id}", response=shapes.Contact, **needs(Scope.CONTACTS_READ), url_name="contact",
            tags=["Contacts"], summary="One contact")  # fmt: skip
def show_contact(request: HttpRequest, contact_id: Pk) -> dict[str, Any]:
    return _shown(request.auth, access.get_contact(request.auth, contact_id))  # type: ignore[attr-defined]


@router.patch("/contacts/{contact_id}", response=shapes.Contact, **needs(Scope.CONTACTS_WRITE), url_name="contact",
              tags=["Contacts"], summary="Correct a contact")  # fmt: skip
@once
def change_contact(request: HttpRequest, contact_id: Pk, body: shapes.ContactChange) -> Done:
    """Changes what is named and leaves the rest. Without `contacts:read` it answers with what was named alone."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    contact = access.get_contact(token, contact_id)
    given = {key: value for key, value in body.model_dump(exclude_unset=True).items() if value is not None}
    contact_book.change_contact(contact, by=token, **_said(token, given, contact.fields))
    shown = _shown(token, access.get_contact(token, contact_id))
    return 200, shapes.Contact(**(shown if Scope.CONTACTS_READ in token.scopes else _echo(shown, body)))


@router.get("/contacts/{contact_id}/consent", response=shapes.Consent, **needs(Scope.CONSENT_READ),
            url_name="consent", tags=["Consent"], summary="Has this person agreed to marketing?")  # fmt: skip
def show_consent(request: HttpRequest, contact_id: Pk) -> dict[str, Any]:
    return _consent(access.get_contact(request.auth, contact_id))  # type: ignore[attr-defined]


@router.post("/contacts/{contact_id}/consent", response={201: shapes.Consent}, **needs(Scope.CONSENT_WRITE),
             url_name="consent", tags=["Consent"], summary="Record a yes or no to marketing")  # fmt: skip
@once
def record_consent(request: HttpRequest, contact_id: Pk, body: shapes.ConsentIn) -> Done:
    """Adds an entry that nobody can change. A yes needs its evidence: the exact wording, and where it was said.

    After a no it also needs its time: a list that is sent again every night must not undo what a person has said here.
    Without `consent:read` it answers with the new entry alone.
    """
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    contact = access.get_contact(token, contact_id)
    wording, note, now = words.clean(body.wording).strip(), words.clean(body.note).strip(), timezone.now()
    at = body.occurred_at or now
    errors = {}
    if body.state == "given":
        errors = {name: _("Needed as evidence.") for name, said in (("wording", wording), ("note", note)) if not said}
    if not WHATSAPP_BEGAN <= at <= now:
        errors["occurred_at"] = _("A time in the past.")
    if errors:
        raise FieldsInvalid(errors)
    # Under the contact's lock: who sends marketing decides from the ledger in the same order.
    Contact.objects.select_for_update(no_key=True).get(pk=contact.pk)
    if body.state == "given" and body.occurred_at is None and consent.marketing_state(contact) == "withdrawn":
        raise FieldsInvalid({"occurred_at": _("They have said no. Name the time at which they agreed again.")})
    entry = consent.record_consent(
        contact, body.state, source=Consent.Source.API, occurred_at=at, wording=wording, note=note
    )
    consent.contact_changed(contact)
    record_audit(
        token.workspace, token, "consent.recorded", subject=contact.display_name,
        data={"state": body.state, "contact": contact.pk},
    )  # fmt: skip
    shown = _consent(contact) if Scope.CONSENT_READ in token.scopes else rendering.consent_of([entry])
    return 201, shapes.Consent(**shown)


def number_for(token: ApiToken, number_id: int | None) -> PhoneNumber:
    """One of the workspace's numbers whose conversations this token sees."""
    connected = PhoneNumber.objects.connected().filter(workspace=token.workspace_id)
    numbers = connected.select_related("business_account").order_by("pk")
    number = numbers.filter(pk=number_id).first() if number_id is not None else numbers.first()
    if number is None:
        raise FieldsInvalid({"number_id": _("We have no such number.")})
    rights, team = rights_of_token(token), bookkeeping.team_for(number)
    if not rights.sees_everything and (team is None or team.pk not in rights.team_ids):
        raise NotAllowed(_("What comes in at this number belongs to a team that this token may not see."))
    return number


def _contacts(token: ApiToken) -> QuerySet[Contact]:
    return access.visible_contacts(token).prefetch_related("identities")


def _shown(token: ApiToken, contact: Contact) -> dict[str, Any]:
    return rendering.contact_of(contact, contact_fields.fields_of(token.workspace_id))


def _echo(shown: dict[str, Any], body: shapes.ContactChange) -> dict[str, Any]:
    """For who may write and not read: nothing that they have not just said themselves."""
    said = {name: getattr(body, name) or "" for name in (*TEXTS, "language")}
    return {"id": shown["id"], "created_at": shown["created_at"], "phone": None, "fields": body.fields or {}, **said}


def _consent(contact: Contact) -> dict[str, Any]:
    entries = Consent.objects.filter(contact=contact, category=consent.CATEGORY).order_by("-occurred_at", "-id")
    return rendering.consent_of(list(entries[:100]))


def _said(token: ApiToken, given: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """What the action takes: cleaned texts, and the fields of the business's own under their ids."""
    said: dict[str, Any] = {key: words.clean(value).strip() if key in TEXTS else value for key, value in given.items()}
    errors: dict[str, Any] = {}
    if email := said.get("email"):
        try:
            validate_email(email)
        except ValidationError:
            errors["email"] = _("Enter a valid email address.")
    if "fields" in said:
        said["fields"], wrong = contact_fields.from_json(token.workspace_id, said["fields"], stored)
        errors |= {f"fields.{name}": sentence for name, sentence in wrong.items()}
    if errors:
        raise FieldsInvalid(errors)
    return said
