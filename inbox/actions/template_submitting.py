"""A draft goes to Meta for review: checked once more, its sample files uploaded, created or edited there.

Meta is called outside any transaction. What it refuses stays with the draft, in Meta's words and ours; nothing typed is
lost. A template that was taken is stored at once, and Meta is asked for it once more: its decision may have come before
our row was there, and then no webhook comes again.
"""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.actions.template_care import telling_alarms
from inbox.errors import InboxRuleViolation
from inbox.models import DraftText
from inbox.times import in_words
from whatsapp import errors, template_sync
from whatsapp.authoring.components import components_of
from whatsapp.authoring.findings import Finding, bad
from whatsapp.authoring.lint import Surroundings, lint
from whatsapp.authoring.refusals import EXISTS
from whatsapp.errors import DeliveryProblem, PermanentFailure
from whatsapp.header_media import set_default
from whatsapp.models import MessageTemplate, PhoneNumber, TemplateChange, TemplateStatus
from whatsapp.template_client import TemplateAPI

CLAIM = timedelta(minutes=10)  # longer than all uploads and calls together may take
NAME_BLOCKED = timedelta(days=30)
EDITABLE = {TemplateStatus.APPROVED, TemplateStatus.REJECTED, TemplateStatus.PAUSED}


class NotReady(InboxRuleViolation):
    """Meta would refuse it; `findings` say why."""

    code = "not_ready"

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(_("Not submitted yet: first put right what is marked."))
        self.findings = findings


class RefusedByMeta(InboxRuleViolation):
    """Meta did not take it; the draft's `refusal` has its answer."""

    code = "refused"
    sentence = _("WhatsApp did not take the template.")


def findings_of(text: DraftText) -> list[Finding]:
    """What Meta would refuse or mark down, with what our database knows."""
    draft = text.draft
    files = {file.place: (file.width, file.height) if file.width and file.height else None for file in text.files.all()}
    others = draft.business_account.templates.all()
    if text.template_id is not None:
        others = others.exclude(pk=text.template_id)
    same = others.filter(name=draft.name, language=text.language)
    since = timezone.now() - NAME_BLOCKED
    blocked = draft.business_account.templates.filter(name=draft.name, removed_at__gte=since).exists()
    around = Surroundings(
        files=files, texts_taken=_texts_taken(others.filter(removed_at=None), text),
        names_taken={draft.name} if same.filter(removed_at=None).exists() else set(),
        names_blocked={draft.name} if blocked else set(),
    )  # fmt: skip
    found = lint(text.typed, name=draft.name, language=text.language, category=draft.category, around=around)
    template = text.at_meta
    if template is not None and text.typed.gaps and (template.parameter_format == "NAMED") != text.typed.is_named:
        words = _("Numbered variables stay numbered and named ones named, once WhatsApp has the template.")
        found.insert(0, bad("gaps", "body", words))
    return found


def _texts_taken(templates: Any, text: DraftText) -> dict[tuple[str, str], tuple[str, str]]:
    """Who has this text already: templates at Meta, and languages of this draft that were there before this one."""
    draft, body = text.draft, text.typed.body.strip()
    if not body:
        return {}
    alike = templates.filter(components__contains=[{"type": "BODY", "text": body}])[:20]
    taken = {(body, _footer(template)): (template.name, template.language) for template in alike}
    for earlier in draft.texts.filter(pk__lt=text.pk, template=None):
        content = earlier.typed
        footer = content.footer.strip() if content.has_footer else ""
        taken[content.body.strip(), footer] = (draft.name, earlier.language)
    return taken


def _footer(template: MessageTemplate) -> str:
    parts = [part for part in template.components if isinstance(part, dict) and part.get("type") == "FOOTER"]
    return str(parts[0].get("text") or "") if parts else ""


def why_not_now(text: DraftText) -> Any:
    """Why Meta takes no change of this text at the moment, whatever is in it; "" when it does."""
    template, now = text.at_meta, timezone.now()
    if template is None:
        return ""
    if template.status == TemplateStatus.PENDING:
        return _("WhatsApp is reviewing it. It can be changed when that is decided.")
    if template.status not in EDITABLE:
        return _("In this state WhatsApp lets nobody change a template.")
    if template.status == TemplateStatus.APPROVED and (at := text.next_edit_at(now)):
        words = _("An approved template can be changed once a day and ten times in 30 days: again from %(at)s.")
        return words % {"at": in_words(timezone.localtime(at), "full")}
    return ""


def submit(text: DraftText, *, by: Agent) -> MessageTemplate:
    """Hand this language to Meta. NotReady, RefusedByMeta, or another rule violation with its sentence."""
    if reason := why_not_now(text):
        raise InboxRuleViolation(reason)
    if not text.is_changed and text.at_meta is not None:
        raise InboxRuleViolation(_("Nothing has changed since it was submitted."))
    findings = findings_of(text)
    if any(finding.is_bad for finding in findings):
        raise NotReady(findings)
    with _alone(text), telling_alarms(text.draft.business_account):
        asked_at = timezone.now()
        api = TemplateAPI(text.draft.business_account)
        try:
            item = _sent(api, text)
        except DeliveryProblem as problem:
            subcode = problem.subcode if isinstance(problem, PermanentFailure) else None
            refusal = {"code": problem.code, "subcode": subcode, "detail": problem.detail}
            DraftText.objects.filter(pk=text.pk).update(refusal=refusal)
            raise RefusedByMeta
        template = _stored(text, item, asked_at, by)
        with contextlib.suppress(DeliveryProblem):
            asked_at = timezone.now()
            template = template_sync.store_one(text.draft.business_account, api.one(template.meta_id), asked_at)
    return template


def _sent(api: TemplateAPI, text: DraftText) -> dict[str, Any]:
    """Meta took it: the template as we know it now, in Meta's shape."""
    draft, content = text.draft, text.typed
    files = {file.place: file for file in text.files.all()}
    handles = {}
    for place in content.file_places:
        with files[place].file.open("rb") as opened:
            handles[place] = api.upload(opened.read(), files[place].mime_type, files[place].file_name)
    whole: dict[str, Any] = {
        "name": draft.name, "language": text.language, "category": draft.category,
        "components": components_of(content, handles),
    }  # fmt: skip
    whole["parameter_format"] = "NAMED" if content.is_named else "POSITIONAL"
    template = text.at_meta
    if template is not None:
        changes = {"components": whole["components"]}
        if template.status != TemplateStatus.APPROVED:
            changes["category"] = draft.category
        api.edit(template.meta_id, changes)
        return whole | {"id": template.meta_id, "status": TemplateStatus.PENDING}
    try:
        answer = api.create(whole)
    except PermanentFailure as problem:
        if problem.subcode != EXISTS or text.refusal.get("code") not in (errors.NOT_REACHED, errors.STRANGE_ANSWER):
            raise
        # The submission before got no answer, yet it arrived.
        answer = api.named(draft.name, text.language) or {}
        if not answer.get("id"):
            raise problem
    return whole | {name: answer[name] for name in ("id", "status", "category") if answer.get(name)}


@transaction.atomic
def _stored(text: DraftText, item: dict[str, Any], asked_at: Any, by: Agent) -> MessageTemplate:
    before = text.at_meta
    was_approved = before is not None and before.status == TemplateStatus.APPROVED
    template = template_sync.store_one(
        text.draft.business_account, {"status": "PENDING", **item}, asked_at, source=TemplateChange.Source.PERSON
    )
    _keep_files(text, template)
    now = timezone.now()
    DraftText.objects.filter(template=template).exclude(pk=text.pk).update(template=None)
    text.template, text.is_changed, text.submitted_at, text.refusal = template, False, now, {}
    if was_approved:
        text.edits = [*text.edits[-20:], now.isoformat()]
    text.save(update_fields=["template", "is_changed", "submitted_at", "refusal", "edits"])
    verb = "template.edited" if before is not None else "template.submitted"
    record_audit(by.workspace, by, verb, subject=f"{template.name} ({template.language})")
    return template


def _keep_files(text: DraftText, template: MessageTemplate) -> None:
    """The samples are what messages carry where nobody chose other files: it can be sent at once."""
    chosen = set(template.header_media.values_list("phone_number_id", "place"))
    numbers = PhoneNumber.objects.filter(business_account=template.business_account_id)
    for file in text.files.filter(place__in=text.typed.file_places).order_by("pk"):
        for number in numbers:
            if (number.pk, file.place) not in chosen:
                with file.file.open("rb") as opened:
                    set_default(template, number, ContentFile(opened.read(), name=file.file_name), file.place)


@contextlib.contextmanager
def _alone(text: DraftText) -> Iterator[None]:
    """One submission of a text at a time: a double click is one template."""
    now = timezone.now()
    free = Q(submitting_at=None) | Q(submitting_at__lt=now - CLAIM)
    if not DraftText.objects.filter(free, pk=text.pk).update(submitting_at=now):
        raise InboxRuleViolation(_("It is being submitted right now."))
    try:
        yield
    finally:
        DraftText.objects.filter(pk=text.pk, submitting_at=now).update(submitting_at=None)
