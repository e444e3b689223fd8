"""What an admin chooses about consent: the business, keywords, words, the question in each language, public pages."""

import time
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.audit import record_audit
from accounts.models import Agent, Workspace
from inbox.consent_words import PARTS, QUESTIONS, START_WORDS, STOP_WORDS, TEXTS, Keywords, language_of, normalised
from inbox.errors import InboxRuleViolation
from inbox.models import ConsentSettings, ConsentWording, OptInPage
from whatsapp.models import PhoneNumber

KEYWORDS_KEPT_SECONDS = 2.0  # asked for each short message of a customer

_keywords: dict[int, tuple[float, Keywords]] = {}


def chosen_for(workspace: Workspace) -> ConsentSettings:
    """The workspace's choices, or the defaults."""
    found = ConsentSettings.objects.filter(workspace=workspace).first()
    return found or ConsentSettings(workspace=workspace)


def keywords_of(workspace_id: int) -> Keywords:
    """What customers of this workspace may write; a change counts two seconds later at the latest."""
    read_at, known = _keywords.get(workspace_id, (0.0, None))
    if known is None or time.monotonic() - read_at > KEYWORDS_KEPT_SECONDS:
        own = ConsentSettings.objects.filter(workspace_id=workspace_id).values_list("words", flat=True).first()
        known = Keywords.of(own or {})
        _keywords[workspace_id] = time.monotonic(), known
    return known


def name_of(chosen: ConsentSettings) -> str:
    """How the business calls itself before its customers."""
    return chosen.business_name or chosen.workspace.name


def start_words(chosen: ConsentSettings, language: str) -> list[str]:
    """The keywords with which people subscribe in this language, the first for the public page."""
    return list(chosen.words.get(language, {}).get("start", START_WORDS[language]))


def stop_words(chosen: ConsentSettings, language: str) -> list[str]:
    """Ours, and the business's own."""
    return [*STOP_WORDS[language], *chosen.words.get(language, {}).get("stop", ())]


def latest_wording(workspace: Workspace, language: str) -> ConsentWording | None:
    wordings = ConsentWording.objects.filter(workspace=workspace, language=language)
    return wordings.order_by("-version").first()


def question_text(workspace: Workspace, language: str) -> str:
    """What would be asked now; ours with the business's name, as long as nobody has written another."""
    found = latest_wording(workspace, language)
    return found.text if found else QUESTIONS[language] % {"business": name_of(chosen_for(workspace))}


def wording_to_ask(workspace: Workspace, language: str) -> ConsentWording:
    """The newest version in this language; the first is written down when it is used."""
    language = language_of(language, workspace.language)
    found = latest_wording(workspace, language)
    return found or _add_wording(workspace, language, question_text(workspace, language), by=None)


@transaction.atomic
def save_business(workspace: Workspace, *, by: Agent, **said: Any) -> None:
    """Name, privacy policy, imprint, how long a question waits. Without its links no page stays published."""
    chosen = _locked(workspace)
    changed = sorted(name for name, value in said.items() if getattr(chosen, name) != value)
    for name, value in said.items():
        setattr(chosen, name, value)
    chosen.save()
    if changed:
        record_audit(workspace, by, "consent.changed", data={"fields": changed})
    if not (chosen.privacy_url and chosen.imprint_url):
        for page in OptInPage.objects.filter(workspace=workspace, is_published=True):
            withdraw_page(page, by=by)


@transaction.atomic
def save_language(
    workspace: Workspace, language: str, *, by: Agent, question: str, stop: list[str], start: list[str],
    texts: Mapping[str, str],
) -> None:
    """Everything customers write and read in one language. Words that are as ours are not kept: ours may get better.

    Another question is a new version; who agreed to an earlier one did so in those words.
    """
    chosen = _locked(workspace)
    before = (dict(chosen.words), dict(chosen.texts))
    chosen.words = {**chosen.words, language: _own_words(language, stop, start)}
    own = {part: texts[part] for part in PARTS if texts[part] != getattr(TEXTS[language], part)}
    chosen.texts = {**chosen.texts, language: own}
    chosen.save()
    _keywords.pop(workspace.pk, None)
    if (chosen.words, chosen.texts) != before:
        record_audit(workspace, by, "consent.words", subject=language)
    if question != question_text(workspace, language):
        wording = _add_wording(workspace, language, question, by=by)
        record_audit(workspace, by, "consent.wording", subject=f"{language} {wording.version}")


@transaction.atomic
def publish_page(number: PhoneNumber, *, by: Agent) -> OptInPage:
    """From now on anybody who has the address may read it. Needs privacy policy and imprint."""
    chosen = chosen_for(number.workspace)
    if number.disconnected_at is not None:
        raise InboxRuleViolation(_("This number is disconnected."))
    if not (chosen.privacy_url and chosen.imprint_url):
        raise InboxRuleViolation(_("Enter the addresses of privacy policy and imprint first."))
    page = _page_of(number)
    if not page.is_published:
        page.is_published = True
        page.save(update_fields=["is_published"])
        record_audit(number.workspace, by, "consent.page_published", subject=str(number))
    return page


@transaction.atomic
def withdraw_page(page: OptInPage, *, by: Agent) -> None:
    """The address stays, and shows nothing until it is published again."""
    page.is_published = False
    page.save(update_fields=["is_published"])
    record_audit(page.workspace, by, "consent.page_withdrawn", subject=str(page.phone_number))


def _page_of(number: PhoneNumber) -> OptInPage:
    for _try in range(5):
        try:
            with transaction.atomic():
                page, _is_new = OptInPage.objects.get_or_create(
                    phone_number=number, defaults={"workspace_id": number.workspace_id}
                )
            return page
        except IntegrityError:  # the code is another page's
            continue
    raise RuntimeError("no free code for a page")


def _locked(workspace: Workspace) -> ConsentSettings:
    chosen, _is_new = ConsentSettings.objects.select_for_update().get_or_create(workspace=workspace)
    return chosen


def _own_words(language: str, stop: list[str], start: list[str]) -> dict[str, list[str]]:
    ours = Keywords.of({})
    own: dict[str, list[str]] = {}
    if more := [word for word in stop if normalised(word) not in ours.stop]:
        own["stop"] = more
    if [normalised(word) for word in start] != [normalised(word) for word in START_WORDS[language]]:
        own["start"] = start
    return own


@transaction.atomic
def _add_wording(workspace: Workspace, language: str, text: str, *, by: Agent | None) -> ConsentWording:
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
    last = latest_wording(workspace, language)
    if last is not None and last.text == text:
        return last
    return ConsentWording.objects.create(
        workspace=workspace, language=language, version=last.version + 1 if last else 1, text=text, created_by=by
    )
