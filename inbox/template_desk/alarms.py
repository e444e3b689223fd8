"""What Meta did to templates that an admin has not seen yet, in sentences: paused, switched off, put elsewhere.

`MessageTemplate.alarms` holds the kinds (whatsapp.template_history); whoever has seen them says so, and they are gone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Workspace
from inbox.template_desk import words as template_words
from inbox.template_desk.costs import HomePrices
from whatsapp import template_history as history
from whatsapp.models import MessageTemplate
from whatsapp.template_parts import title_of_template

SHOWN = 5
URGENT = {history.PAUSED, history.DISABLED, history.ANNOUNCED, history.RECATEGORISED}


@dataclass(frozen=True, slots=True)
class TemplateAlarm:
    """One of them. `help` is what to do about it."""

    template: MessageTemplate
    kind: str
    sentence: str
    help: str | Promise = ""

    @property
    def is_urgent(self) -> bool:
        return self.kind in URGENT

    @property
    def url(self) -> str:
        return reverse("settings-template", args=[self.template.pk])


def unseen(workspace: Workspace | int) -> QuerySet[MessageTemplate]:
    """Templates with something that nobody has seen yet."""
    found = MessageTemplate.objects.filter(business_account__workspace=workspace, removed_at=None).exclude(alarms=[])
    return found.select_related("business_account").order_by("-status_changed_at", "pk")


def alarms_of(
    templates: Iterable[MessageTemplate], prices: Mapping[int, HomePrices], sent: Mapping[int, int]
) -> list[TemplateAlarm]:
    """The alarms of these templates, the urgent ones first; `prices` by account, `sent` in 30 days by template."""
    found = [
        _alarm(template, kind, prices.get(template.business_account_id), sent.get(template.pk, 0))
        for template in templates for kind in template.alarms
    ]  # fmt: skip
    return sorted(found, key=lambda alarm: not alarm.is_urgent)


def _alarm(template: MessageTemplate, kind: str, prices: HomePrices | None, sent: int) -> TemplateAlarm:
    title = f"{title_of_template(template)} ({template.language})"
    if kind in (history.ANNOUNCED, history.RECATEGORISED):
        return TemplateAlarm(
            template, kind, _moved(template, kind, title, prices, sent),
            _("Marketing goes only to customers who have agreed to it. Within 60 days you can object at Meta."),
        )  # fmt: skip
    if kind == history.LOW:
        sentence = _("The quality of %(template)s is low now: too many people block it.")
        return TemplateAlarm(
            template, kind, sentence % {"template": title},
            _("If that goes on, WhatsApp pauses it. Send it less often, or change the text."),
        )  # fmt: skip
    what, helps = template_words.trouble_of(template)
    return TemplateAlarm(template, kind, f"{title}: {what}", helps)


def _moved(template: MessageTemplate, kind: str, title: str, prices: HomePrices | None, sent: int) -> str:
    """Into another category, done or announced, and what that costs."""
    if kind == history.RECATEGORISED:
        before, after = template.previous_category, template.category
        sentence = _("WhatsApp has put %(template)s into another category.")
    else:
        before, after = template.category, template.announced_category
        sentence = _("WhatsApp will put %(template)s into another category.")
        if template.announced_category_at:
            sentence = _("WhatsApp will put %(template)s into another category on %(when)s.")
    at = template.announced_category_at
    words = {"template": title, "when": template_words.moment(at) if at else ""}
    change = prices.change(before, after, sent) if prices else ""
    return f"{sentence % words} {change}.".strip()


def banner(workspace_id: int) -> tuple[str, str] | None:
    """(Sentence, address) for the banner above every page of an admin, in one query; None when all has been seen."""
    urgent = [each for each in unseen(workspace_id).only(
        "name", "language", "status", "paused_until", "announced_category", "category", "alarms",
        "business_account__id",
    )[: SHOWN + 1] if URGENT & set(each.alarms)]  # fmt: skip
    if not urgent:
        return None
    if len(urgent) > 1:
        count = str(len(urgent)) if len(urgent) <= SHOWN else f"{SHOWN}+"
        return _("WhatsApp has changed %(count)s templates.") % {"count": count}, reverse("settings-templates")
    template = urgent[0]
    words = {
        history.PAUSED: _("WhatsApp has paused the template %(name)s."),
        history.DISABLED: _("WhatsApp has switched off the template %(name)s."),
        history.ANNOUNCED: _("WhatsApp will put the template %(name)s into another category: the price changes."),
        history.RECATEGORISED: _("WhatsApp has put the template %(name)s into another category: the price changes."),
    }[next(kind for kind in template.alarms if kind in URGENT)]
    return words % {"name": template.name}, reverse("settings-template", args=[template.pk])
