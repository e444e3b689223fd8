"""Refusals of the people pages: each carries the sentence the person will read and the HTTP status of the answer."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class AccountsRuleViolation(Exception):
    """Something a person wanted is against a rule."""

    status = 409
    sentence: str | Promise = _("That is not possible.")

    def __str__(self) -> str:
        return str(self.sentence)


class LastAdmin(AccountsRuleViolation):
    sentence = _("There must be at least one active admin. Make somebody else an admin first.")


class LinkUsed(AccountsRuleViolation):
    """An invitation that was accepted, withdrawn or has expired."""

    status = 410
    sentence = _("This link is no longer valid. Ask an admin for a new one.")


class AddressTaken(AccountsRuleViolation):
    sentence = _("Somebody already signs in with this email address.")


