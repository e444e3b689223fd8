"""What the person at the practice phone can do, as calls to the phone's control API."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Workspace
from inbox.errors import InboxRuleViolation
from inbox.models import Contact, ContactIdentity
from inbox.practice.screen import SAMPLE_CARD, SAMPLE_PLACE, SAMPLE_REFERRAL, answer_to
from whatsapp import errors
from whatsapp.sandbox import remote

SAMPLES = Path(__file__).parent.parent / "demo" / "media"
EMOJI = ["👍", "❤️", "😂", "😮", "🙏", "🚲"]
DECISIONS = {"APPROVED", "REJECTED", "PAUSED", "UNPAUSED", "DISABLED"}
QUALITIES = {"GREEN", "YELLOW", "RED"}
CATEGORIES = {"MARKETING", "UTILITY"}
NOTICE = timedelta(hours=24)  # that Meta gives before another category
FAILURES = ["131026", "131047", "131049", "131053", "131056", "130429", "131016", "190", "close", "html"]
FIRST_NAMES = ["Jule", "Timo", "Esra", "Piet", "Ronja", "Malik", "Svea", "Ole", "Nele", "Can"]
LAST_NAMES = ["Brandes", "Aksoy", "Petersen", "Lorenz", "Nowak", "Wieland", "Kurz", "Sahin", "Mertens", "Voss"]
CROWD = {"conversations": 2000, "minutes": 240, "seed": 999}  # the most of each
random = Random()


def contact_of(workspace: Workspace, customer: Mapping[str, Any]) -> Contact | None:
    """The contact our inbox knows this customer as, if any."""
    values = [value for value in (customer["phone"], customer["bsuid"]) if value]
    identities = ContactIdentity.objects.filter(workspace=workspace, value__in=values, is_active=True)
    identity = identities.select_related("contact__workspace").order_by("pk").first()
    return identity.contact if identity else None


def failures() -> list[tuple[str, str]]:
    """(word, sentence) of what can be made to happen to the next message."""
    words = {
        "close": _("The answer gets lost: did it arrive?"),
        "html": _("WhatsApp answers with an error page"),
    }
    return [(word, words.get(word) or f"{word} · {errors.sentence(int(word))}") for word in FAILURES]


def act(key: str, said: Mapping[str, str], file: UploadedFile | None = None) -> None:
    """Do what `said["do"]` names; InboxRuleViolation when that makes no sense."""
    make = ACTS.get(said.get("do", ""))
    if make is None:
        raise InboxRuleViolation
    data = make(key, said, file)
    if said.get("quoted"):
        data.setdefault("quoted", said["quoted"])
    remote.call("POST", f"customers/{key}/messages", data)


def _text(key: str, said: Mapping[str, str], file: UploadedFile | None) -> dict[str, Any]:
    text = said.get("text", "").strip()
    if not text:
        raise InboxRuleViolation(_("Write something first."))
    return {"type": "text", "text": text}


def _sample(kind: str, mime_type: str, *names: str, **fields: Any) -> Callable[..., dict[str, Any]]:
    def make(key: str, said: Mapping[str, str], file: UploadedFile | None) -> dict[str, Any]:
        name = random.choice(names)
        media_id = remote.upload(key, (SAMPLES / name).read_bytes(), mime_type, name)
        return {"type": kind, "media_id": media_id, "caption": said.get("text", ""), **fields}

    return make


def _file(key: str, said: Mapping[str, str], file: UploadedFile | None) -> dict[str, Any]:
    if file is None:
        raise InboxRuleViolation(_("Choose a file first."))
    mime_type = file.content_type or "application/octet-stream"
    kind = mime_type.partition("/")[0]
    if mime_type not in {"image/jpeg", "image/png", "video/mp4", "video/3gpp"} and kind != "audio":
        kind = "document"
    media_id = remote.upload(key, file.read(), mime_type, file.name or "")
    return {"type": kind, "media_id": media_id, "filename": file.name or "", "voice": "ogg" in mime_type}


def _press(key: str, said: Mapping[str, str], file: UploadedFile | None) -> dict[str, Any]:
    messages = remote.call("GET", f"customers/{key}")["messages"]
    try:
        message = next(one for one in messages if one["wamid"] == said.get("wamid"))
        return answer_to(message, said.get("index", ""))
    except (StopIteration, LookupError, ValueError) as error:
        raise InboxRuleViolation(_("This button is gone.")) from error


def _react(key: str, said: Mapping[str, str], file: UploadedFile | None) -> dict[str, Any]:
    wamid = said.get("wamid")
    if not wamid:
        messages = remote.call("GET", f"customers/{key}")["messages"]
        arrived = [one["wamid"] for one in messages if one["direction"] == "out" and one["type"] != "reaction"]
        if not arrived:
            raise InboxRuleViolation(_("There is no message of the business to react to."))
        wamid = arrived[-1]
    return {"type": "reaction", "message_id": wamid, "emoji": said.get("emoji", "")}


def _fixed(**data: Any) -> Callable[..., dict[str, Any]]:
    return lambda key, said, file: dict(data)


ACTS: dict[str, Callable[..., dict[str, Any]]] = {
    "text": _text,
    "photo": _sample("image", "image/jpeg", "photo-bike.jpg", "photo-part.jpg"),
    "voice": _sample("audio", "audio/ogg; codecs=opus", "voice-knacken.ogg", "voice-kinderrad.ogg", voice=True),
    "document": _sample("document", "application/pdf", "kostenvoranschlag.pdf", filename="Kostenvoranschlag.pdf"),
    "file": _file,
    "location": _fixed(type="location", location=SAMPLE_PLACE),
    "contact": _fixed(type="contacts", contacts=[SAMPLE_CARD]),
    "press": _press,
    "react": _react,
    "stop": _fixed(type="text", text="STOP"),
    "start": _fixed(type="text", text="START"),
    "poll": _fixed(type="unsupported", unsupported_type="poll_creation"),
    "ad": _fixed(type="text", text="Hallo, ich komme von eurer Anzeige 👋", referral=SAMPLE_REFERRAL),
}


def change(key: str, name: str, value: str) -> None:
    """One switch of the customer's phone."""
    on = value == "1"
    if name in {"online", "receipts"}:
        remote.call("POST", f"customers/{key}", {name: on})
    elif name == "failure":
        remote.call("POST", f"customers/{key}", {"failures": [value] if value in FAILURES else []})
    elif name == "played":
        remote.call("POST", f"customers/{key}/played", {"wamid": value})
    elif name == "marketing":
        remote.call("POST", f"customers/{key}/preferences", {"value": "stop" if on else "resume"})
    elif name == "number":
        remote.call("POST", f"customers/{key}/phone", {"phone": _free_phone()})
    else:
        raise InboxRuleViolation


def review(template_id: int, decision: str, reason: str) -> bool:
    """What Meta does to a template: a decision, quality:RED, category:MARKETING, or announce:MARKETING for tomorrow.

    False when it does nothing of that name.
    """
    kind, _colon, value = decision.partition(":")
    if decision in DECISIONS:
        data: dict[str, Any] = {"decision": decision, "reason": reason}
    elif kind == "quality" and value in QUALITIES:
        data = {"quality": value}
    elif kind in ("category", "announce") and value in CATEGORIES:
        data = {"category": value}
        if kind == "announce":
            data["announced_for"] = int((timezone.now() + NOTICE).timestamp())
    else:
        return False
    remote.call("POST", f"templates/{template_id}/review", data)
    return True


def send_crowd(said: Mapping[str, str], *, bicycles: bool) -> None:
    """Whole numbers within the form's own limits; anything else is refused."""
    wanted: dict[str, int] = {"bicycles": bicycles}
    for name, most in CROWD.items():
        value = said.get(name, "")
        if not value.isdecimal() or len(value) > 4 or int(value) > most:
            raise InboxRuleViolation(_("Enter whole numbers: at most 2,000 customers within 240 minutes."))
        wanted[name] = int(value)
    remote.call("POST", "visits", wanted)


def new_customer(name: str, *, hidden: bool) -> str:
    """Somebody who has never written, with a made-up phone number; `hidden` behind a username. Returns their key."""
    name = name.strip()[:60] or f"{random.choice(FIRST_NAMES)} {random.choice(LAST_NAMES)}"
    data = {"name": name, "phone": _free_phone()}
    if hidden:
        folded = re.sub(r"[^a-z0-9]+", ".", name.lower().translate(UMLAUTS)).strip(".")
        data["username"] = f"{folded or 'kunde'}.{random.randrange(100, 999)}"[:35]
    return remote.call("POST", "customers", data)["key"]


UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def _free_phone() -> str:
    """From the range that the regulator keeps for fiction."""
    return f"+4917604069{random.randrange(100, 1000)}"
