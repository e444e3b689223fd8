"""What can be wrong with an address or a try, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ERRORS: dict[str, str | Promise] = {
    "address": _("This is no web address as it is expected here: https://example.com/hook"),
    "plain": _("The address must begin with https://."),
    "port": _("Only ports 443 and 8443 are used. The operator of this server can allow others."),
    "private": _("This address lies in a private network. The operator of this server can allow it."),
    "unknown_host": _("This name is not known on the internet."),
    "redirect": _("It answers with a redirect, which is not followed. Enter the address it leads to."),
    "refused": _("It does not answer with 200."),
    "too_much": _("It answers with too much, or takes too long over it."),
    "certificate": _("Its certificate is not valid."),
    "slow": _("It does not answer within 5 seconds."),
    "unreachable": _("It cannot be reached."),
}


def error_words(code: str) -> str:
    return str(ERRORS.get(code, code))
