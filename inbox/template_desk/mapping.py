"""What fills the gaps of a template by itself: facts of a contact, with words for when one is missing. Pure.

A mapping is {field: {"source": …, "fallback": …}} (`TemplateMapping.sources`), by the fields of template_parts.
Sources are the keys of SOURCES, "field.<id>" for a contact field of the business, and "" for what a person types.
Where nothing is mapped, the name of a gap or the greeting before it says what it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Agent
from inbox.contacts.fields import words_of
from inbox.models import Contact, ContactField
from whatsapp.phone_format import pretty
from whatsapp.template_parts import TemplateShape, Variable

SOURCES: dict[str, str | Promise] = {
    "contact.first_name": _("Customer's first name"),
    "contact.name": _("Customer's name"),
    "contact.phone": _("Customer's phone number"),
    "contact.email": _("Customer's email"),
    "agent.first_name": _("First name of whoever sends it"),
    "agent.name": _("Name of whoever sends it"),
    "workspace.name": _("Name of the business"),
}
OWN = "field."  # and the id of a contact field
# What gaps with such a name are filled with.
GUESSES = {
    "contact.first_name": {"vorname", "first_name", "firstname", "kunde_vorname", "customer_first_name"},
    "contact.name": {"name", "kunde", "kundin", "kundenname", "customer", "customer_name", "full_name"},
    "agent.first_name": {
        "agent", "agent_name", "mitarbeiter", "mitarbeiterin", "ansprechpartner", "ansprechpartnerin", "berater",
    },
    "workspace.name": {"firma", "geschaeft", "laden", "business", "company", "shop"},
}  # fmt: skip

Mapped = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Filled:
    """What a gap is filled with; `origin` is contact, agent, workspace, fallback or ""."""

    value: str = ""
    origin: str = ""


def facts_of(
    contact: Contact, *, workspace_name: str, agent: Agent | None = None, fields: Iterable[ContactField] = (),
    language: str = "",
) -> dict[str, str]:
    """What is known of this contact, by source; a customer without a name has none, rather than a number for one.

    Dates and numbers of the business's own fields are written as the template's `language` writes them.
    """
    name = contact.name or contact.profile_name
    facts = {
        "contact.first_name": contact.first_name if name else "", "contact.name": name,
        "contact.phone": pretty(contact.phone) if contact.phone else "", "contact.email": contact.email,
        "agent.first_name": agent.first_name if agent else "", "agent.name": agent.name if agent else "",
        "workspace.name": workspace_name,
    }  # fmt: skip
    with translation.override(language.split("_")[0] or translation.get_language()):
        own = {f"{OWN}{field.pk}": words_of(field, contact.fields.get(str(field.pk))) for field in fields}
    return facts | own


def fill(variable: Variable, mapped: Mapped, facts: Mapping[str, str]) -> Filled:
    """The value of one gap: the fact it is mapped to, in one line and within its limit, else its fallback."""
    source, fallback = source_of(variable, mapped)
    value = " ".join(facts.get(source, "").split())
    if value and len(value) <= variable.limit:
        return Filled(value, "contact" if source.startswith(OWN) else source.partition(".")[0])
    return Filled(fallback, "fallback") if fallback else Filled()


def values_from(shape: TemplateShape, mapped: Mapped, facts: Mapping[str, str]) -> dict[str, str]:
    """The values of a whole template for one contact; a gap that nothing fills is left out (check_values names it)."""
    filled = {variable.field: fill(variable, mapped, facts).value for variable in asked(shape)}
    return {field: value for field, value in filled.items() if value}


def asked(shape: TemplateShape) -> list[Variable]:
    """The gaps that are filled in; of twins the first."""
    return [variable for variable in shape.variables if variable.field not in shape.twins]


def source_of(variable: Variable, mapped: Mapped) -> tuple[str, str]:
    """(Source, fallback) of a gap, as mapped or as its name says."""
    if variable.field in mapped:
        said = mapped[variable.field]
        return said.get("source", ""), said.get("fallback", "")
    return _guess(variable), ""


def _guess(variable: Variable) -> str:
    if variable.part not in ("header", "body"):
        return ""
    if variable.is_greeted:
        return "contact.first_name"
    name = variable.name.lower()
    return next((source for source, names in GUESSES.items() if name in names), "")


def uses_own_fields(mapped: Mapped) -> bool:
    return any(said.get("source", "").startswith(OWN) for said in mapped.values())
