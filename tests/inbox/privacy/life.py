"""Everything the product can know of one customer: a row in every place of the register, and traces among others'."""

import base64
import hashlib
import json
from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Model
from django.utils import timezone

from accounts.audit import record_audit
from accounts.models import ApiToken
from inbox.actions.consent import record_consent
from inbox.actions.consent_settings import wording_to_ask
from inbox.enums import AttachmentState
from inbox.models import (
    Activity,
    AnswerTimer,
    ApiAnswer,
    Assignment,
    Attachment,
    AutomaticAnswer,
    Block,
    ClosingWarning,
    ConsentRequest,
    ContactField,
    ContactImport,
    ContactImportRow,
    ContactMerge,
    Conversation,
    DeliveryAttempt,
    Draft,
    Event,
    Follower,
    Label,
    LostWindow,
    Mention,
    MovedConversation,
    PairLimit,
    PendingAnswer,
    PersonExport,
    PushNotice,
    Reaction,
    ReadCursor,
    Reminder,
    Rendition,
    RoutingDecision,
    Satisfaction,
    ScheduledReply,
    Undo,
    UnmatchedStatus,
    WindowAsk,
)
from inbox.reports import rolling
from inbox.search.indexing import index_batch
from tests import factories
from tests.cast import Cast
from whatsapp.models import MetaApp, WebhookDelivery

NAME, PROFILE, FORMER = "Klementine Sommerfeld-Auer", "Klemmi ☀️", "Klementine Vormals"
PHONE, OLD_PHONE, BSUID = "4917655501234", "4915112349876", "DE.8855112233"
EMAIL = "klementine@privat.example"
WORD = "zwitscherquarz"  # nobody else writes this
SECRETS = (
    NAME, PROFILE, FORMER, "Sommerfeld", "Klementine", PHONE, OLD_PHONE, BSUID, EMAIL, WORD, "Zwitscherquarz",
    "+49 176 55501234", "0176 55501234", "17655501234", "55501234",
)  # fmt: skip


def lived(cast: Cast) -> Conversation:
    """Her conversation; the contact is `conversation.contact`."""
    now = timezone.now()
    number, workspace = cast.number, cast.workspace
    field = ContactField.objects.create(workspace=workspace, name="Rahmennummer")
    contact = factories.contact(
        number, PROFILE, phone=PHONE, bsuid=BSUID, email=EMAIL, note=f"Mag {WORD}", fields={str(field.pk): f"RN {WORD}"}
    )
    contact.name, contact.name_key = NAME, NAME.lower()
    contact.save()
    gone = factories.contact(number, FORMER, phone=OLD_PHONE, merged_into=contact)
    gone.identities.update(is_active=False, ended_at=now)
    talk = factories.conversation(number, contact, referral={"headline": WORD}, created_at=now - timedelta(days=3))
    first = factories.inbound_message(talk, f"Mein Rad macht {WORD}, hier {NAME}", at=now - timedelta(days=2))
    answer = factories.outbound_message(talk, f"Hallo {NAME}, {WORD} ist normal.", by=cast.ben, quoted=first)
    media(first, cast)
    case = talk.current_case()
    case.subject = f"Mein Rad macht {WORD}"
    case.save()
    note = factories.note(talk, f"{NAME} klingt verärgert wegen {WORD}, Rückruf 0176 55501234", by=cast.ben)
    record_consent(
        contact, "given", source="keyword", occurred_at=now, wording=f"Ja, {WORD}", message=first, by=cast.ben
    )
    record_consent(gone, "given", source="agent", occurred_at=now, wording=f"am Telefon, {FORMER}", by=cast.ben)
    label = Label.objects.create(workspace=workspace, name="Kulanz")
    talk.labels.add(label)
    line = Activity.objects.create(
        workspace=workspace, conversation=talk, seq=talk.next_seq(), kind="merged", data={"with": FORMER}
    )
    talk.save()
    rows: list[Model] = [
        PushNotice(agent=cast.ben, conversation=talk, kind="message"),
        ClosingWarning(conversation=talk, window_of=now, minutes=60),
        Reminder(conversation=talk, agent=cast.ben, waiting_since=now),
        AnswerTimer(conversation=talk, kind="first", started_at=now, due_at=now, basis="x"),
        ConsentRequest(workspace=workspace, conversation=talk, source="keyword", asked_at=now, expires_at=now,
                       wish=first, question=answer, wording=wording_to_ask(workspace, "de")),
        WindowAsk(conversation=talk, window_of=now, by=cast.lea), Block(conversation=talk, by=cast.ben),
        PendingAnswer(conversation=talk, why="wrote", since=first, due_at=now),
        AutomaticAnswer(workspace=workspace, conversation=talk, case=case, kind="greeting", language="de", sent_at=now),
        Follower(conversation=talk, agent=cast.lea), ReadCursor(conversation=talk, agent=cast.ben, read_count=1),
        Mention(conversation=talk, note=note, agent=cast.lea),
        Mention(conversation=talk, activity=line, agent=cast.lea),
        ScheduledReply(workspace=workspace, conversation=talk, author=cast.ben, text=f"Morgen mehr {WORD}", due_at=now),
        Draft(agent=cast.ben, conversation=talk, text=f"Liebe {NAME}"),
        Satisfaction(workspace=workspace, conversation=talk, case=case, team=cast.team, asked_at=now, score=5,
                     question=answer, answered_at=now, comment=f"Super {WORD}", commented_at=now),
        Reaction(message=answer, contact=contact, emoji="👍", occurred_at=now),
        Reaction(message=factories.outbound_message(cast.darios), contact=contact, emoji="🙏", occurred_at=now),
        DeliveryAttempt(message=answer, number=1, error_detail=f"to {PHONE}"),
        Assignment(conversation=talk, agent=cast.ben, team=cast.team),
        RoutingDecision(workspace=workspace, conversation=talk, team=cast.team, reason="sticky"),
        LostWindow(workspace=workspace, conversation=talk, phone_number=number, team=cast.team, window_of=now,
                   waiting_since=now, closed_at=now, why="queue"),
        MovedConversation(old_id=10**9 + talk.pk, conversation=talk),
        Event(workspace=workspace, kind="message", conversation_id=talk.pk, payload={"html": f"{NAME}: {WORD}"}),
        Undo(agent=cast.ben, steps=[{"conversation": talk.pk, "before": {"name": NAME}}]),
        PersonExport(workspace=workspace, contact=contact, by=cast.ada, state="ready",
                     file=default_storage.save("exports/x", ContentFile(f"{NAME} {WORD}".encode()))),
        PairLimit(phone_number=number, recipient=PHONE, arrival_at=now),
        ContactMerge(workspace=workspace, kept=contact, gone=gone, by=cast.lea, record={"keep": {"name": NAME}}),
    ]  # fmt: skip
    for row in rows:
        row.save(force_insert=True)
    factories.upload(talk, by=cast.ben, file_name=f"{NAME}.png", body=b"upload " + WORD.encode())
    traces(cast, contact)
    while index_batch():
        pass
    while rolling.roll_batch():
        pass
    return talk


def media(message, cast: Cast) -> None:
    """A file of hers with a preview, and one that was forwarded to Dario as well."""
    for body, name in ((b"photo " + WORD.encode(), f"{NAME}.jpg"), (b"shared", "rechnung.pdf")):
        attachment = Attachment.objects.create(
            message=message, kind="image", mime_type="image/png", state=AttachmentState.READY, file_name=name,
            size=len(body), sha256=hashlib.sha256(body).hexdigest(), file=ContentFile(body, name="x"),
        )  # fmt: skip
        Rendition.objects.create(
            attachment=attachment, kind="preview", mime_type="image/jpeg", file=ContentFile(b"small " + body, name="y")
        )
    forwarded = factories.outbound_message(cast.darios, "", by=cast.ben, kind="document")
    Attachment.objects.create(
        message=forwarded, kind="document", file=attachment.file.name, state=AttachmentState.READY
    )


def traces(cast: Cast, contact) -> None:
    """Where many people's rows are."""
    app = MetaApp.objects.get(workspace=cast.workspace)
    texts = (
        {"contacts": [{"wa_id": PHONE, "profile": {"name": PROFILE}}], "messages": [{"text": {"body": WORD}}]},
        {"statuses": [{"recipient_id": PHONE, "id": "wamid." + base64.b64encode(PHONE.encode()).decode()}]},
        {"messages": [{"from_user_id": BSUID, "text": {"body": f"Grüße, {NAME}"}}]},
    )
    for text in texts:
        for ascii_only in (True, False):
            body = json.dumps(text, ensure_ascii=ascii_only).encode()
            WebhookDelivery.objects.create(meta_app=app, body=body, sha256="x", state="processed")
    WebhookDelivery.objects.create(meta_app=app, body=b'{"from": "4900000"}', sha256="x", state="processed")
    UnmatchedStatus.objects.create(
        phone_number=cast.number, wamid="wamid.x", status="read", payload={"recipient_id": PHONE}
    )
    imported = ContactImport.objects.create(
        workspace=cast.workspace, agent=cast.lea, phone_number=cast.number, file_name="kunden.csv", headings=[],
        columns=[], state="done",
    )  # fmt: skip
    cells = ([NAME, "0176 555 012 34"], ["K. Sommerfeld", "+49 (0)176/55501234"], ["Wer anders", "0171 1111111"])
    for line, row in enumerate(cells):
        known = {"contact": contact, "phone": PHONE} if line == 0 else {}
        ContactImportRow.objects.create(imported=imported, line=line, cells=row, **known)
    token = ApiToken.objects.create(
        workspace=cast.workspace, name="CRM", hashed="h", hint="h", scopes=[], owner=cast.ada,
        expires_at=timezone.now(),
    )
    ApiAnswer.objects.create(token=token, key="1", fingerprint="x", body=json.dumps({"name": NAME, "text": WORD}))
    ApiAnswer.objects.create(token=token, key="2", fingerprint="x", body=json.dumps({"name": "Dario"}))
    record_audit(cast.workspace, cast.ada, "contact.changed", subject=NAME, data={"fields": ["name"]})
    record_audit(cast.workspace, cast.ada, "contact.changed", subject="Klementine Nochfrüher",
                 data={"contact": contact.pk})  # fmt: skip
    record_audit(cast.workspace, cast.ada, "contacts.merged", subject=FORMER, data={"with": NAME})
    record_audit(cast.workspace, cast.ada, "contact.number", subject="+49 176 55501234")
    record_audit(cast.workspace, cast.ada, "consent.proof", subject=NAME)
    record_audit(cast.workspace, cast.ada, "consent.recorded", subject=PROFILE, data={"state": "given"})
    record_audit(cast.workspace, cast.ada, "audit.exported", subject="3 · CSV", data={"filter": [f"q={NAME}"]})
    record_audit(cast.workspace, cast.ada, "contact.changed", subject="Dario Conti", data={"fields": ["name"]})
