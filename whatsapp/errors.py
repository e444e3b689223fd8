"""Meta's error codes: what to do about each, and the words an agent reads (whatsapp-cloud-api.md §3, design.md §10).

`action` is the one table of what the delivery loop does, `_WORDS` the one table of what people read and can do: why,
what helps, and with which button. Codes below zero are our own: a message that never left, because a rule said no right
before the call or because Meta could not be reached.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Our own codes.
WINDOW_CLOSED = -1
NO_CONSENT = -2
TEMPLATE_NOT_SENDABLE = -3
NOT_REACHED = -4
GAVE_UP = -5
NO_ADDRESS = -6
NO_HEADER_FILE = -7
ACCOUNT_RESTRICTED = -8
STRANGE_ANSWER = -9
UNCONFIRMED = -10
HTTP_TOO_MANY = -11
TOO_LATE = -12  # an automatic message that had waited too long
NUMBER_DISCONNECTED = -13
BLOCK_FAILED = 139100

RETRY, FIX, GIVE_UP, STOP, TEMPLATE = "retry", "fix", "give_up", "stop", "template"

# What a person can do about a failed message: the button's deed. Its words are the next step's, so that both agree.
AGAIN, CHANGE, CHOOSE, NOTHING = "again", "change", "template", ""

_RETRY = {
    1, 2, 4, 613, 80007, 80008, 130429, 131000, 131016, 131056, 131057, 133000, 133004, 133008, 133009, 133015, 134102,
    139102, 139103, 2494100, NOT_REACHED, HTTP_TOO_MANY,
}
_GIVE_UP = {
    130472, 130497, 131020, 131021, 131026, 131048, 131049, 131050, 131052, 131064, 132015, 132016, 1752041, NO_CONSENT,
    NO_ADDRESS, GAVE_UP, UNCONFIRMED, ACCOUNT_RESTRICTED, TOO_LATE, NUMBER_DISCONNECTED,
}
_STOP_ACCOUNT = {0, 3, 10, 190, 368, 131005, 131031, 131042, *range(200, 300)}
_STOP_NUMBER = {33, 131037, 131045, 133010, 133016}
# Meta advises few repeats for these; all other temporary ones are bounded by the message's age alone.
_FEW_TRIES = {1: 3, 131000: 3, 131056: 7}
_SLOW_DOWN = {4: 60.0, 613: 60.0, 80007: 60.0, 80008: 60.0, 131057: 20.0, 2494100: 60.0, 133015: 300.0}


class DeliveryProblem(Exception):
    """What became of a request to Meta when it was not simply accepted."""

    def __init__(self, code: int, detail: str = "", *, http_status: int | None = None, trace_id: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail
        self.http_status = http_status
        self.trace_id = trace_id


class TemporaryFailure(DeliveryProblem):
    """Nothing was accepted; the request may be repeated after `retry_after` seconds (None: the caller's choice)."""

    def __init__(
        self, code: int, detail: str = "", retry_after: float | None = None, *, http_status: int | None = None,
        trace_id: str = "",
    ) -> None:
        super().__init__(code, detail, http_status=http_status, trace_id=trace_id)
        self.retry_after = retry_after


class PermanentFailure(DeliveryProblem):
    """Nothing was accepted and repeating does not help; `action` says what does."""

    def __init__(
        self, code: int, detail: str = "", action: str = FIX, *, http_status: int | None = None, trace_id: str = "",
        subcode: int | None = None,
    ) -> None:
        super().__init__(code, detail, http_status=http_status, trace_id=trace_id)
        self.action = action
        self.subcode = subcode


class OutcomeUnknown(DeliveryProblem):
    """The request may have been accepted: never repeat it blindly."""

    def __init__(self, detail: str = "", *, http_status: int | None = None) -> None:
        super().__init__(UNCONFIRMED, detail, http_status=http_status)


def action(code: int | None, *, subcode: int | None = None) -> str:
    """What a code asks for: retry, fix, give_up, stop or template. Unknown codes want a fix."""
    if code in (131047, WINDOW_CLOSED):
        return TEMPLATE
    if code in _STOP_ACCOUNT or code in _STOP_NUMBER or (code == 100 and subcode == 33):
        return STOP
    if code in _RETRY:
        return RETRY
    return GIVE_UP if code in _GIVE_UP else FIX


def stops_whole_account(code: int | None) -> bool:
    """Of the codes that stop sending: does this one concern every number of the business account?"""
    return code in _STOP_ACCOUNT


def stops_only_paid(code: int | None) -> bool:
    """No payment method: Meta still delivers replies within the free monthly ones, so only templates wait."""
    return code == 131042


def most_tries(code: int | None) -> int | None:
    """How often a temporary failure with this code is repeated at most; None where only age ends it."""
    return _FEW_TRIES.get(code) if code is not None else None


def slow_down_seconds(code: int | None) -> float | None:
    """The wait Meta's guides name for a code, if any."""
    return _SLOW_DOWN.get(code) if code is not None else None


_Row = tuple[set[int], Promise | str, Promise | str, str]
_WORDS: list[_Row] = [
    ({131047, WINDOW_CLOSED}, _("The window had just closed."), _("Choose a template"), CHOOSE),
    ({131026}, _("Number is not on WhatsApp, or the app is too old."), _("Call, or correct the number"), NOTHING),
    ({131021}, _("This is the number you are writing from."), _("Correct the number"), NOTHING),
    ({NO_ADDRESS}, _("No number of this person is known."), _("Enter the number first"), NOTHING),
    ({TOO_LATE}, _("This automatic message would have come too late."), _("Answer yourself"), NOTHING),
    ({130497}, _("WhatsApp does not let this business write to that country."), _("Call instead"), NOTHING),
    ({131030}, _("This test number only reaches people on its list."), _("An admin has to add them at Meta"), NOTHING),
    (
        {131049, 130472},
        _("WhatsApp limits marketing to this person for now."),
        _("Do not try again before tomorrow"), NOTHING,
    ),
    ({131050}, _("This person stopped marketing."), _("Only replies to their own questions are allowed"), NOTHING),
    (
        {NO_CONSENT},
        _("This person has not agreed to marketing."),
        _("Ask for consent in an open conversation first"), NOTHING,
    ),
    ({131053, 131052}, _("The file did not get through."), _("Send again"), AGAIN),
    ({131062}, _("This template only reaches phone numbers."), _("Ask for the number first"), NOTHING),
    ({NO_HEADER_FILE}, _("The file is no longer here."), _("Choose the file again"), CHANGE),
    ({131056, 130429, HTTP_TOO_MANY}, _("Too fast for WhatsApp."), _("Send again"), AGAIN),
    ({4, 613, 80007, 80008}, _("Too many requests to Meta."), _("Send again"), AGAIN),
    (
        {131048},
        _("WhatsApp slows this number down: too many blocks."),
        _("An admin should look at the number's quality"), NOTHING,
    ),
    (
        {131064},
        _("WhatsApp slows this number down: templates in the wrong category."),
        _("An admin should look at the templates"), NOTHING,
    ),
    ({131042}, _("No valid payment method at Meta."), _("An admin has to fix it at Meta"), NOTHING),
    (
        {132001, 132015, 132016, TEMPLATE_NOT_SENDABLE},
        _("This template is gone, paused or switched off."),
        _("Choose another template"), CHOOSE,
    ),
    (
        {131008, 131009, 132000, 132005, 132008, 132012},
        _("WhatsApp did not accept the content of this message."),
        _("Change it and send again"), CHANGE,
    ),
    ({132007, 132018}, _("WhatsApp refused the content of this template."), _("Choose another template"), CHOOSE),
    ({132068, 132069}, _("WhatsApp blocks the form of this template."), _("Choose another template"), CHOOSE),
    (
        {131063},
        _("Marketing templates are switched off for this account."),
        _("An admin has to fix it at Meta"), NOTHING,
    ),
    ({0, 190}, _("The connection to Meta has expired."), _("An admin has to enter a new access token"), NOTHING),
    (
        {3, 10, 131005, *range(200, 300)},
        _("Meta took away the permission to send."),
        _("An admin has to check the permissions at Meta"), NOTHING,
    ),
    (
        {368, 131031, ACCOUNT_RESTRICTED},
        _("Meta has restricted this business account."),
        _("An admin should look at the account at Meta"), NOTHING,
    ),
    (
        {33, 131037, 131045, 133005, 133006, 133010, 133016},
        _("This number is not ready to send."),
        _("An admin has to check the number at Meta"), NOTHING,
    ),
    ({NUMBER_DISCONNECTED}, _("This number is disconnected."), _("An admin can connect it again"), NOTHING),
    ({NOT_REACHED}, _("WhatsApp could not be reached."), _("Send again"), AGAIN),
    ({GAVE_UP}, _("WhatsApp did not take the message in time."), _("Send again"), AGAIN),
    ({UNCONFIRMED}, _("Not confirmed. It may or may not have arrived."), _("Send again"), AGAIN),
    ({131051}, _("WhatsApp does not support this kind of message."), _("Send it as text"), CHANGE),
    ({137000}, _("The customer's device has changed. Check who you are writing to."), _("Send again"), AGAIN),
    ({131020}, _("Nobody else is in this group."), _("Nothing to do"), NOTHING),
]  # fmt: skip
_BY_CODE = {code: row for row in _WORDS for code in row[0]}
_NO_ANSWER: _Row = (set(), _("WhatsApp did not answer."), _("Send again"), AGAIN)
_REFUSED: _Row = (set(), _("WhatsApp refused this message."), _("Change it and send again"), CHANGE)
# While one of ours still waits for its next try.
_WAITING: dict[int, Promise | str] = {
    **dict.fromkeys((131056, 130429, HTTP_TOO_MANY), _("Too fast for WhatsApp. Goes out by itself.")),
    **dict.fromkeys((4, 613, 80007, 80008), _("Too many requests to Meta. Goes out by itself.")),
    NOT_REACHED: _("WhatsApp could not be reached. Goes out by itself."),
}
_ON_ITS_OWN = _("WhatsApp did not answer. Goes out by itself.")


def _row(code: int | None) -> _Row:
    if code is None or code == STRANGE_ANSWER:
        return _NO_ANSWER
    return _BY_CODE.get(code, _NO_ANSWER if action(code) == RETRY else _REFUSED)


def sentence(code: int | None) -> Promise | str:
    """Why it was not delivered, in the reader's language."""
    return _row(code)[1]


def waiting_sentence(code: int) -> Promise | str:
    """Why it has not left yet, in the reader's language."""
    return _WAITING.get(code) or (_ON_ITS_OWN if _row(code) is _NO_ANSWER else sentence(code))


def next_step(code: int | None) -> Promise | str:
    """The one thing that helps now, in the reader's language."""
    return _row(code)[2]


def way_out(code: int | None) -> str:
    """What the button of that step does: again, change or template; without one only the step is said."""
    return _row(code)[3]
