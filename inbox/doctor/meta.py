"""Meta: reachable, does each number's token still open its door, and does every number send?"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.models import Workspace
from inbox.actions.sending_stops import reasons
from inbox.doctor.findings import Finding, bad, good, note, warn
from whatsapp import client, errors
from whatsapp.models import PhoneNumber

AT_MOST = 10
TIMEOUT = (3.0, 5.0)
TOKEN_CODES = {0, 3, 10, 102, 190, *range(200, 300), 463, 467}


def look(workspace: Workspace | None = None) -> Iterator[Finding]:
    """All numbers, or those of one workspace."""
    try:
        client.meta_clock()
    except errors.TemporaryFailure as failure:
        yield bad(
            _("WhatsApp (Meta) cannot be reached from here: %(error)s.") % {"error": failure.detail},
            _("Let this machine reach graph.facebook.com by HTTPS; look at firewall, DNS and proxy."),
        )
        return
    known = PhoneNumber.objects.connected().select_related("business_account__meta_app").order_by("pk")
    if workspace is not None:
        known = known.filter(workspace=workspace)
    numbers = list(known[:AT_MOST])
    if not numbers:
        yield note(_("No number is connected yet."), _("Run manage.py connect_number."))
    healthy = 0
    for number in numbers:
        found = list(_number(number))
        healthy += not found
        yield from found
    if healthy:
        yield good(_("WhatsApp is reachable, and every token works.") if healthy == len(numbers) else
                   _("WhatsApp is reachable."))  # fmt: skip


def _number(number: PhoneNumber) -> Iterator[Finding]:
    name = {"number": str(number)}
    if stopped := " ".join(map(str, reasons(number))):
        yield bad(
            _("%(number)s sends nothing at the moment. %(reason)s") % {**name, "reason": stopped},
            _("Settings → Number says what helps and lets sending go on."),
        )
    try:
        client.AccountAPI(number.business_account).phone_number(number.phone_number_id, timeout=TIMEOUT)
    except errors.PermanentFailure as failure:
        if failure.code in TOKEN_CODES:
            yield bad(
                _("Meta refuses the token of %(number)s (error %(code)s): expired, withdrawn, or without the rights.")
                % {**name, "code": failure.code},
                _("Make a new token of the system user at Meta and enter it with manage.py connect_number."),
            )
        else:
            yield warn(
                _("Meta does not know %(number)s any more (error %(code)s).") % {**name, "code": failure.code},
                _("Compare the number's id with the one on Meta's page WhatsApp → API setup."),
            )
    except (errors.TemporaryFailure, errors.OutcomeUnknown) as failure:
        yield warn(
            _("Meta did not answer about %(number)s (error %(code)s).") % {**name, "code": failure.code},
            _("Try again in some minutes; metastatus.com tells of outages."),
        )
