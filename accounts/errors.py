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


class FactorDemanded(AccountsRuleViolation):
    sentence = _("Your workspace requires two-factor sign-in. Add another factor before you remove this one.")


class TooManyFactors(AccountsRuleViolation):
    sentence = _("That is enough. Remove a factor you no longer use first.")


class KnownKey(AccountsRuleViolation):
    sentence = _("This key is set up already.")


class AlreadySetUp(AccountsRuleViolation):
    """Somebody who only knows the password may set up the first factor, never a further one."""

    sentence = _("Two-factor sign-in is set up already. Sign in with it.")


class SignOnFailed(AccountsRuleViolation):
    """Single sign-on did not work. The reason is for the log and the admin; whoever tries gets one sentence for all."""

    status = 403
    sentence = _("That sign-in did not work. Use your password, or ask an admin whether you are invited.")

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
