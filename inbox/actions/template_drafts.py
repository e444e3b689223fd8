"""Writing templates: drafts are begun, saved with every pause in typing, copied, and thrown away.

Submitting them is in inbox.actions.template_submitting. Everything here is for admins; the views ask that.
"""

import re
from collections.abc import Iterable

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent
from inbox.errors import InboxRuleViolation
from inbox.models import DraftFile, DraftText, TemplateDraft
from inbox.text import clean
from whatsapp.authoring.components import components_of, content_of, why_not_editable
from whatsapp.authoring.content import CODE, OFFER, STANDARD, Content
from whatsapp.authoring.languages import CODES
from whatsapp.authoring.lint import CATEGORIES, NAME_LIMIT
from whatsapp.header_media import MB, HeaderFileInvalid, read_header_file
from whatsapp.models import BusinessAccount, MessageTemplate, TemplateHeaderMedia, TemplateStatus

MOST_DRAFTS = 200
MOST_SAMPLE_BYTES = 16 * MB
# While Meta has one of these, name and category of the draft are fixed.
SETTLED = {TemplateStatus.APPROVED, TemplateStatus.PENDING, TemplateStatus.PAUSED, TemplateStatus.DISABLED}


class ChangedByOther(InboxRuleViolation):
    """Somebody else has saved this draft since it was opened."""

    code = "draft_changed"
    status = 409

    def __init__(self, draft: TemplateDraft) -> None:
        name = draft.saved_by.name if draft.saved_by else "–"
        super().__init__(_("%(name)s has changed this draft meanwhile. Open it anew.") % {"name": name})


def drafts_of(agent: Agent) -> QuerySet[TemplateDraft]:
    """The drafts of this workspace."""
    return TemplateDraft.objects.filter(workspace_id=agent.workspace_id)


def open_drafts(agent: Agent) -> list[TemplateDraft]:
    """What has not been submitted in its latest form, the latest first."""
    found = drafts_of(agent).filter(texts__is_changed=True, version__gt=0).distinct()
    return list(found.select_related("saved_by").prefetch_related("texts").order_by("-saved_at")[:MOST_DRAFTS])


@transaction.atomic
def begin_draft(account: BusinessAccount, *, by: Agent) -> TemplateDraft:
    """An empty draft in this person's language; the one they began and never wrote in, if there is such a one."""
    untouched = drafts_of(by).filter(created_by=by, version=0, business_account=account).first()
    if untouched is not None:
        return untouched
    draft = _new(account, by)
    DraftText.objects.create(draft=draft, language=by.language if by.language in CODES else "de")
    return draft


@transaction.atomic
def edit_template(template: MessageTemplate, *, by: Agent) -> DraftText:
    """The draft in which this template is changed: as somebody has begun to change it, else as Meta has it."""
    if reason := why_not_editable(template.components, template.category):
        raise InboxRuleViolation(reason)
    account = BusinessAccount.objects.select_for_update().get(pk=template.business_account_id)
    text = DraftText.objects.select_related("draft").filter(template=template).first()
    if text is None:
        same = drafts_of(by).filter(business_account=account, name=template.name, texts__template__isnull=False)
        draft = same.first() or _new(account, by, name=template.name, category=template.category)
        text = DraftText.objects.filter(draft=draft, language=template.language, template=None).first()
        text = text or DraftText(draft=draft, language=template.language, is_changed=False)
        text.template = template
    if not text.is_changed or not text.content:
        text.content = content_of(template.components, template.category).as_data()
        text.is_changed = False
        TemplateDraft.objects.filter(pk=text.draft_id).update(category=template.category)
    text.save()
    if not text.files.exists():
        _take_files(text, template)
    return text


@transaction.atomic
def duplicate_template(template: MessageTemplate, *, by: Agent) -> TemplateDraft:
    """A new draft with the text of this template in all its languages, under a name of its own."""
    if reason := why_not_editable(template.components, template.category):
        raise InboxRuleViolation(reason)
    account = template.business_account
    draft = _new(account, by, name=_free_name(account, template.name), category=template.category)
    TemplateDraft.objects.filter(pk=draft.pk).update(version=1)
    same = account.templates.filter(name=template.name, removed_at=None).order_by("language")
    for each in same if template.removed_at is None else [template]:
        content = content_of(each.components, each.category).as_data()
        text = DraftText.objects.create(draft=draft, language=each.language, content=content)
        _take_files(text, each)
    return draft


@transaction.atomic
def save_text(
    text: DraftText, content: Content, *, name: str, category: str, seen: int, by: Agent, force: bool = False
) -> TemplateDraft:
    """Keep what is typed, sound or not. ChangedByOther when somebody else has saved since version `seen`."""
    draft = _locked(text.draft_id)
    if draft.version != seen and draft.saved_by_id != by.pk and not force:
        raise ChangedByOther(draft)
    text.refresh_from_db()
    if not is_settled(draft):
        draft.name = clean(name).strip()[:NAME_LIMIT]
        if category in CATEGORIES and category != draft.category:
            draft.category = category
            draft.texts.update(is_changed=True)
            text.is_changed = True
    content = _fitting(content, draft.category)
    if components_of(content, {}) != components_of(text.typed, {}):
        text.is_changed = True
    text.content = content.as_data()
    text.save(update_fields=["content", "is_changed"])
    _touch(draft, by)
    return draft


@transaction.atomic
def add_language(text: DraftText, language: str, *, by: Agent) -> DraftText:
    """A further language of the draft, beginning with the words and files of this one."""
    draft = _locked(text.draft_id)
    if language not in CODES:
        raise InboxRuleViolation(_("WhatsApp does not know this language."))
    existing = draft.texts.filter(language=language).first()
    if existing is not None:
        return existing
    copy = DraftText.objects.create(draft=draft, language=language, content=text.content)
    for file in text.files.all():
        file.pk, file.text = None, copy
        file.save()
    _touch(draft, by)
    return copy


@transaction.atomic
def drop_language(text: DraftText, *, by: Agent) -> TemplateDraft:
    """Throw this language's draft away; what Meta has stays there. The last one is not dropped."""
    draft = _locked(text.draft_id)
    if draft.texts.count() < 2:
        raise InboxRuleViolation(_("This is the only language. Throw the whole draft away instead."))
    text.delete()
    _touch(draft, by)
    return draft


@transaction.atomic
def delete_draft(draft: TemplateDraft, *, by: Agent) -> None:
    """The draft with all its languages. Templates at Meta stay."""
    if draft.version:
        record_audit(by.workspace, by, "template.draft_deleted", subject=draft.name or "–")
    draft.delete()


@transaction.atomic
def keep_file(text: DraftText, place: str, uploaded: UploadedFile) -> DraftFile:
    """The sample file of a header. HeaderFileInvalid when it does not fit there."""
    kind = text.typed.file_places.get(place, "")
    if (uploaded.size or 0) > MOST_SAMPLE_BYTES:
        words = _("A sample file may have %(limit)s MB at most.") % {"limit": MOST_SAMPLE_BYTES // MB}
        raise HeaderFileInvalid(words)
    checked = read_header_file(uploaded, kind)
    row = text.files.filter(place=place).first() or DraftFile(text=text, place=place)
    row.file_name, row.mime_type, row.size = checked.name, checked.mime_type, checked.size
    row.width, row.height = checked.width, checked.height
    row.file.save(checked.stored_name, checked.file, save=False)
    row.save()
    DraftText.objects.filter(pk=text.pk).update(is_changed=True)
    return row


def is_settled(draft: TemplateDraft) -> bool:
    """Are name and category fixed, since Meta has one of its languages already?"""
    return any(text.at_meta and text.at_meta.status in SETTLED for text in draft.texts.select_related("template"))


def _fitting(content: Content, category: str) -> Content:
    """One-time codes are a category of their own, offers belong to marketing: the layout follows the category."""
    data = content.as_data()
    if category == "AUTHENTICATION":
        data["layout"] = CODE
    elif content.layout == CODE or (content.layout == OFFER and category != "MARKETING"):
        data["layout"] = STANDARD
    return Content.of(data)


def _new(account: BusinessAccount, by: Agent, **words: str) -> TemplateDraft:
    if drafts_of(by).count() >= MOST_DRAFTS:
        raise InboxRuleViolation(_("There are 200 drafts already. Throw some away first."))
    return TemplateDraft.objects.create(
        workspace_id=by.workspace_id, business_account=account, created_by=by, saved_by=by, **words
    )


def _locked(pk: int) -> TemplateDraft:
    return TemplateDraft.objects.select_for_update(of=("self",)).select_related("saved_by").get(pk=pk)


def _touch(draft: TemplateDraft, by: Agent) -> None:
    draft.version, draft.saved_by, draft.saved_at = F("version") + 1, by, timezone.now()
    draft.save(update_fields=["name", "category", "version", "saved_by", "saved_at"])
    draft.refresh_from_db(fields=["version"])


def _free_name(account: BusinessAccount, name: str) -> str:
    """`rad_fertig_2`, or the first number that nobody has."""
    stem = re.sub(r"_\d{1,3}$", "", name)[: NAME_LIMIT - 4]
    taken = set(_names(account, stem))
    return next(f"{stem}_{number}" for number in range(2, 1_000) if f"{stem}_{number}" not in taken)


def _names(account: BusinessAccount, stem: str) -> Iterable[str]:
    yield from account.templates.filter(name__startswith=stem).values_list("name", flat=True)
    drafts = TemplateDraft.objects.filter(business_account=account, name__startswith=stem)
    yield from drafts.values_list("name", flat=True)


def _take_files(text: DraftText, template: MessageTemplate) -> None:
    """Meta wants the samples anew with every edit; the files we send with this template are some."""
    places = text.typed.file_places
    known = TemplateHeaderMedia.objects.filter(template=template, place__in=places).order_by("created_at")
    for media in {each.place: each for each in known}.values():
        if media.size <= MOST_SAMPLE_BYTES:
            _take_file(text, media, places[media.place])


def _take_file(text: DraftText, media: TemplateHeaderMedia, kind: str) -> None:
    try:
        with media.file.open("rb") as file:
            checked = read_header_file(ContentFile(file.read(), name=media.file_name), kind)
    except (OSError, HeaderFileInvalid):
        return  # the editor asks for one
    row = DraftFile(
        text=text, place=media.place, file_name=checked.name, mime_type=checked.mime_type, size=checked.size,
        width=checked.width, height=checked.height,
    )  # fmt: skip
    row.file.save(checked.stored_name, checked.file, save=True)
