"""The field `messages` (and the phone app's echoes): what customers wrote, and what became of what we wrote."""

from collections.abc import Callable, Iterator
from typing import Any

from whatsapp.payloads.contents import content_of, edited_content_of
from whatsapp.payloads.items import (
    Broken,
    Echo,
    Edit,
    InboundMessage,
    Item,
    NumberErrors,
    Person,
    PreferenceUpdate,
    ReactionChange,
    Revoke,
    StatusUpdate,
    SystemChange,
    Unrecognized,
)
from whatsapp.payloads.reading import array, bsuid, errors, identifier, label, mapping, moment, phone, whole, word

STATUSES = {"sent", "delivered", "read", "played", "failed"}
SYSTEM_EVENTS = {
    "user_changed_number": "number_changed",
    "customer_changed_number": "number_changed",
    "user_changed_user_id": "user_id_changed",
    "customer_identity_changed": "identity_changed",
    "user_identity_changed": "identity_changed",
}


class Number:
    """One change's value: whose number it is, and the people it names."""

    def __init__(self, value: dict[str, Any], waba_id: str) -> None:
        self.waba_id = waba_id
        self.phone_number_id = identifier(mapping(value, "metadata"), "phone_number_id", 32)
        self.people = [_contact(entry) for entry in array(value, "contacts") if isinstance(entry, dict)]

    def place(self, path: str) -> dict[str, str]:
        return {"path": path, "waba_id": self.waba_id, "phone_number_id": self.phone_number_id}

    def person(self, ids: Person) -> Person:
        """These ids with the name that `contacts` gives for them: matched by BSUID, then phone, never by position."""
        known = next((one for one in self.people if ids.bsuid and one.bsuid == ids.bsuid), None)
        known = known or next((one for one in self.people if ids.phone and one.phone == ids.phone), None)
        if known is None and not ids.is_known and len(self.people) == 1:
            known = self.people[0]
        if known is None:
            return ids
        if ids.bsuid and known.bsuid and ids.bsuid != known.bsuid:
            return ids  # same phone, another user id: two people behind one number
        return Person(
            phone=ids.phone or known.phone, bsuid=ids.bsuid or known.bsuid,
            parent_bsuid=ids.parent_bsuid or known.parent_bsuid, name=known.name, username=known.username,
        )


def _contact(entry: dict[str, Any]) -> Person:
    profile = mapping(entry, "profile")
    return Person(
        phone=phone(entry, "wa_id"),
        bsuid=bsuid(entry, "user_id", "wa_id"),
        parent_bsuid=bsuid(entry, "parent_user_id"),
        name=label(profile, "name", 200), username=label(profile, "username", 64).lstrip("@"),
    )


def _sender(message: dict[str, Any]) -> Person:
    return Person(
        phone=phone(message, "from"), bsuid=bsuid(message, "from_user_id", "from"),
        parent_bsuid=bsuid(message, "from_parent_user_id"),
    )


def read_messages(value: dict[str, Any], waba_id: str, path: str) -> Iterator[Item]:
    """Everything in one value of the field `messages`; an empty one yields nothing."""
    number = Number(value, waba_id)
    yield from _each(value, "messages", path, number, _message)
    yield from _each(value, "statuses", path, number, _status)
    if found := errors(value):
        yield NumberErrors(errors=found, **number.place(f"{path}.errors"))


def read_echoes(value: dict[str, Any], waba_id: str, path: str) -> Iterator[Item]:
    """The field `smb_message_echoes`."""
    yield from _each(value, "message_echoes", path, Number(value, waba_id), _echo)


def read_preferences(value: dict[str, Any], waba_id: str, path: str) -> Iterator[Item]:
    """The field `user_preferences`."""
    yield from _each(value, "user_preferences", path, Number(value, waba_id), _preference)


def read_id_updates(value: dict[str, Any], waba_id: str, path: str) -> Iterator[Item]:
    """The field `user_id_update` of some apps: the same fact as the system message."""
    yield from _each(value, "user_id_update", path, Number(value, waba_id), _id_update)


Place = dict[str, str]


def _each(
    value: dict[str, Any], key: str, path: str, number: Number, read: Callable[[dict[str, Any], Number, Place], Item]
) -> Iterator[Item]:
    """One item per entry of the array: whatever is wrong with one stays with that one."""
    entries = value.get(key)
    if entries is None:
        return
    if not isinstance(entries, list):
        yield Broken(path=f"{path}.{key}", waba_id=number.waba_id, reason=f"{key} is not a list")
        return
    for index, entry in enumerate(entries):
        where = f"{path}.{key}[{index}]"
        if not isinstance(entry, dict):
            yield Broken(path=where, waba_id=number.waba_id, reason="not an object")
            continue
        try:
            yield read(entry, number, number.place(where))
        except Exception as error:
            yield Broken(path=where, waba_id=number.waba_id, reason=f"unreadable: {type(error).__name__}")


def _message(entry: dict[str, Any], number: Number, place: Place) -> Item:
    kind = word(entry, "type", 60)
    if kind == "system":
        return _system(entry, place)
    if kind in {"reaction", "edit", "revoke"}:
        return _change(entry, kind, number.person(_sender(entry)), place, from_us=False)
    wamid, person = identifier(entry, "id"), number.person(_sender(entry))
    group_id = identifier(entry, "group_id", 160)
    if not wamid:
        return Broken(path=place["path"], waba_id=place["waba_id"], reason="message without id")
    if not person.is_known and not group_id:
        return Broken(path=place["path"], waba_id=place["waba_id"], reason="message without sender")
    content = content_of(entry)
    return InboundMessage(
        wamid=wamid, sent_at=moment(entry, "timestamp"), person=person, group_id=group_id, kind=content.kind,
        text=content.text, data=content.data, media=content.media, quoted_wamid=_quoted(entry),
        forwarded=_forwarded(entry), shared_phone=_shared_phone(entry), **place,
    )


def _quoted(entry: dict[str, Any]) -> str:
    context = mapping(entry, "context")
    # A product enquiry carries a pseudo id that is nobody's message.
    return "" if mapping(context, "referred_product") else identifier(context, "id")


def _forwarded(entry: dict[str, Any]) -> int:
    context = mapping(entry, "context")
    if context.get("frequently_forwarded") is True:
        return 2
    return 1 if context.get("forwarded") is True else 0


def _shared_phone(entry: dict[str, Any]) -> str:
    for card in array(entry, "contacts"):
        if word(card, "origin") == "contact_request":
            for shared in array(card, "phones"):
                if found := phone(shared, "wa_id"):
                    return found
    return ""


def _change(entry: dict[str, Any], kind: str, person: Person, place: Place, *, from_us: bool) -> Item:
    source, at, group_id = mapping(entry, kind), moment(entry, "timestamp"), identifier(entry, "group_id", 160)
    target = identifier(source, "message_id" if kind == "reaction" else "original_message_id")
    if not target:
        return Broken(path=place["path"], waba_id=place["waba_id"], reason=f"{kind} without the message it is about")
    if kind == "revoke":
        return Revoke(target_wamid=target, at=at, **place)
    if kind == "reaction":
        return ReactionChange(
            target_wamid=target, emoji=word(source, "emoji", 40), at=at, person=person, group_id=group_id,
            from_us=from_us, **place,
        )
    content = edited_content_of(mapping(source, "message"))
    return Edit(
        wamid=identifier(entry, "id"), target_wamid=target, at=at, person=person, kind=content.kind, text=content.text,
        data=content.data, group_id=group_id, from_us=from_us, **place,
    )


def _system(entry: dict[str, Any], place: Place) -> Item:
    source = mapping(entry, "system")
    before = Person(
        phone=phone(entry, "from") or phone(source, "customer"),
        bsuid=bsuid(source, "previous_user_id") or bsuid(entry, "from_user_id"),
        parent_bsuid=bsuid(source, "previous_parent_user_id"),
    )
    after = Person(
        phone=phone(source, "wa_id") or phone(source, "new_wa_id"), bsuid=bsuid(source, "user_id"),
        parent_bsuid=bsuid(source, "parent_user_id"),
    )
    return SystemChange(
        wamid=identifier(entry, "id"), event=SYSTEM_EVENTS.get(word(source, "type", 60), "other"),
        at=moment(entry, "timestamp"), before=before, after=after, text=word(source, "body", 1000), **place,
    )


def _id_update(entry: dict[str, Any], number: Number, place: Place) -> Item:
    ids, parents, digits = mapping(entry, "user_id"), mapping(entry, "parent_user_id"), phone(entry, "wa_id")
    before = Person(phone=digits, bsuid=bsuid(ids, "previous"), parent_bsuid=bsuid(parents, "previous"))
    after = Person(phone=digits, bsuid=bsuid(ids, "current"), parent_bsuid=bsuid(parents, "current"))
    return SystemChange(
        wamid="", event="user_id_changed", at=moment(entry, "timestamp"), before=before, after=after, **place
    )


def _echo(entry: dict[str, Any], number: Number, place: Place) -> Item:
    kind = word(entry, "type", 60)
    person = number.person(Person(
        phone=phone(entry, "to"), bsuid=bsuid(entry, "to_user_id", "to"), parent_bsuid=bsuid(entry, "to_parent_user_id")
    ))
    if kind in {"reaction", "edit", "revoke"}:
        return _change(entry, kind, person, place, from_us=True)
    wamid = identifier(entry, "id")
    if not wamid or not person.is_known:
        return Broken(path=place["path"], waba_id=place["waba_id"], reason="echo without id or recipient")
    content = content_of(entry)
    return Echo(
        wamid=wamid, sent_at=moment(entry, "timestamp"), person=person, kind=content.kind, text=content.text,
        data=content.data, media=content.media, quoted_wamid=_quoted(entry), forwarded=_forwarded(entry), **place,
    )


def _status(entry: dict[str, Any], number: Number, place: Place) -> Item:
    wamid, status = identifier(entry, "id"), word(entry, "status", 40)
    if word(entry, "type", 20) == "call" or status not in STATUSES:
        return Unrecognized(path=place["path"], waba_id=place["waba_id"], reason=f"status {status or 'without a name'}")
    if not wamid:
        return Broken(path=place["path"], waba_id=place["waba_id"], reason="status without id")
    person = number.person(Person(
        phone=phone(entry, "recipient_id"), bsuid=bsuid(entry, "recipient_user_id", "recipient_id"),
        parent_bsuid=bsuid(entry, "recipient_parent_user_id"),
    ))
    found = errors(entry)
    return StatusUpdate(
        wamid=wamid, status=status, at=moment(entry, "timestamp"), person=person,
        callback=word(entry, "biz_opaque_callback_data", 512), pricing=_pricing(entry), origin=_origin(entry),
        error=found[0] if found else None, **place,
    )


def _pricing(entry: dict[str, Any]) -> dict[str, Any] | None:
    source = mapping(entry, "pricing")
    found: dict[str, Any] = {
        key: word(source, key, 60) for key in ("type", "category", "pricing_model") if word(source, key, 60)
    }
    if isinstance(source.get("billable"), bool):
        found["billable"] = source["billable"]
    return found or None


def _origin(entry: dict[str, Any]) -> dict[str, Any] | None:
    source = mapping(entry, "conversation")
    if not source:
        return None
    return {
        "id": word(source, "id", 100), "type": word(mapping(source, "origin"), "type", 60),
        "expires_at": whole(source, "expiration_timestamp"),
    }


def _preference(entry: dict[str, Any], number: Number, place: Place) -> Item:
    person = number.person(Person(
        phone=phone(entry, "wa_id"), bsuid=bsuid(entry, "user_id", "wa_id"), parent_bsuid=bsuid(entry, "parent_user_id")
    ))
    value, category = word(entry, "value", 20), word(entry, "category", 60)
    if value not in {"stop", "resume"} or category != "marketing_messages":
        return Unrecognized(path=place["path"], waba_id=place["waba_id"], reason=f"preference {category}: {value}")
    if not person.is_known:
        return Broken(path=place["path"], waba_id=place["waba_id"], reason="preference without a person")
    return PreferenceUpdate(
        person=person, value=value, category=category, at=moment(entry, "timestamp"),
        detail=word(entry, "detail", 500), **place,
    )
