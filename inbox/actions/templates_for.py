"""The template picker's questions: what may be sent to this customer, why not the rest, and what to fill in.

A fixed number of queries, whatever the number of templates.
"""

from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox import costs
from inbox import text as words
from inbox.actions import template_care
from inbox.actions.consent import marketing_state
from inbox.actions.sending_templates import not_approved
from inbox.contacts.fields import fields_of
from inbox.enums import ConsentState, MessageKind
from inbox.models import Conversation, Message
from inbox.template_desk import mapping as template_mapping
from whatsapp import rates
from whatsapp.models import BusinessAccount, MessageTemplate
from whatsapp.rates import Price
from whatsapp.template_filling import moment_of
from whatsapp.template_parts import TemplateShape, Variable, title_of_template

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Choice:
    """One template in the picker. `reason` is why it cannot be sent now, with an icon's name beside it."""

    template: MessageTemplate
    title: str
    snippet: str
    price: Price
    reason: Words = ""
    icon: str = ""
    is_favourite: bool = False

    @property
    def price_words(self) -> str:
        return costs.money(self.price)


@dataclass(slots=True)
class Choices:
    """What the picker lists, and by what it can be narrowed."""

    usable: list[Choice] = field(default_factory=list)
    unavailable: list[Choice] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    language: str = ""
    category: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value the form begins with; `source` is contact, agent, workspace, fallback, last or ""."""

    variable: Variable
    value: str = ""
    source: str = ""


def templates_for(
    conversation: Conversation, *, by: Agent | None = None, search: str = "", language: str = "", category: str = ""
) -> Choices:
    """The templates of this conversation's business account: the usable ones first, the others with reasons.

    Those of `by` come first that they like, then what is used most. What is other teams' alone is not listed.
    """
    account = conversation.phone_number.business_account
    templates = list(MessageTemplate.objects.filter(business_account=account, removed_at=None))
    hidden = template_care.not_theirs(by, account) if by is not None else set()
    liked = {name for pk, name in template_care.favourites_of(by) if pk == account.pk} if by is not None else set()
    templates = [template for template in templates if template.name not in hidden]
    prices = rates.estimates(conversation.phone_number, conversation.contact.phone, timezone.now())
    reasons = _Reasons(conversation, account)
    choices = Choices(
        languages=sorted({template.language for template in templates}),
        categories=sorted({template.category for template in templates}),
        search=search, language=language, category=category.upper(),
    )  # fmt: skip
    for template in sorted(templates, key=lambda each: (each.name not in liked, -each.used_count, each.name,
                                                        each.language)):  # fmt: skip
        if _is_wanted(template, choices):
            choice = _choice(template, prices, account.currency, *reasons.of(template), template.name in liked)
            (choices.unavailable if choice.reason else choices.usable).append(choice)
    return choices


def suggested_values(conversation: Conversation, template: MessageTemplate, agent: Agent) -> list[Suggestion]:
    """What is asked for, of twins the first, and what each field begins with: what it is mapped to, else what this
    customer was sent last time.

    Values of other customers are never suggested: an order number does not belong in somebody else's message.
    """
    last = (
        Message.objects.filter(conversation=conversation, template=template, kind=MessageKind.TEMPLATE)
        .order_by("-occurred_at", "-seq").values_list("data", flat=True).first()
    )  # fmt: skip
    used = (last or {}).get("values") or {}
    mapped = template_care.mapping_of(template)
    own = fields_of(conversation.workspace_id) if template_mapping.uses_own_fields(mapped) else []
    facts = template_mapping.facts_of(
        conversation.contact, workspace_name=conversation.workspace.name, agent=agent, fields=own,
        language=template.language,
    )  # fmt: skip
    shape = TemplateShape.of(template)
    return [_suggestion(variable, mapped, facts, used) for variable in template_mapping.asked(shape)]


def _suggestion(
    variable: Variable, mapped: template_mapping.Mapped, facts: dict[str, str], used: dict[str, str]
) -> Suggestion:
    filled = template_mapping.fill(variable, mapped, facts)
    source, _fallback = template_mapping.source_of(variable, mapped)
    if filled.value or source == "contact.first_name":
        return Suggestion(variable, filled.value, filled.origin)
    value = used.get(variable.field, "")
    if variable.is_moment and (moment := moment_of(value)) is not None and moment <= timezone.now():
        value = ""  # that offer is over
    return Suggestion(variable, value, "last" if value else "")


def _is_wanted(template: MessageTemplate, choices: Choices) -> bool:
    if choices.language and template.language != choices.language:
        return False
    if choices.category and template.category != choices.category:
        return False
    if not choices.search.strip():
        return True
    haystack = words.fold(" ".join([template.name, title_of_template(template), TemplateShape.of(template).body]))
    return all(word in haystack for word in words.fold(choices.search).split())


def _choice(
    template: MessageTemplate, prices: dict[str, Price], currency: str, reason: Words, icon: str, is_favourite: bool
) -> Choice:
    category = template.category.lower()
    return Choice(
        template=template, title=title_of_template(template), snippet=TemplateShape.of(template).body[:160],
        price=prices.get(category, Price(None, currency, category)), reason=reason, icon=icon,
        is_favourite=is_favourite,
    )  # fmt: skip


class _Reasons:
    """Why templates cannot be sent in this conversation now; what holds for all of them is asked once."""

    def __init__(self, conversation: Conversation, account: BusinessAccount) -> None:
        until = account.restricted_until
        self._restricted = until is not None and until > timezone.now()
        self._consent = marketing_state(conversation.contact)
        self._name = conversation.contact.first_name

    def of(self, template: MessageTemplate) -> tuple[Words, str]:
        """(Sentence, icon), or ("", "") when it can be sent."""
        if not template.is_sendable:
            return not_approved(template)
        if self._restricted:
            return _("Meta has restricted this account"), "ban"
        if template.is_marketing and self._consent == ConsentState.WITHDRAWN:
            return _("%(name)s has unsubscribed from marketing") % {"name": self._name}, "shield"
        if template.is_marketing and self._consent != ConsentState.GIVEN:
            return _("%(name)s has not agreed to marketing") % {"name": self._name}, "shield"
        if cannot := TemplateShape.of(template).cannot_fill:
            return cannot, "alert"
        return "", ""
