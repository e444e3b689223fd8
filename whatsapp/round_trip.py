"""Does what Meta posts find us? Meta sends a riddle to our address, and we see it arrive."""

import hashlib
import time
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Workspace
from whatsapp import errors
from whatsapp.errors import DeliveryProblem
from whatsapp.meta_pages import MetaPage
from whatsapp.models import WebhookCheck
from whatsapp.number_client import AppAPI
from whatsapp.webhook import WEBHOOK_PATH

WAIT_SECONDS, LOOK_SECONDS = 3.0, 0.1
CHECK_AGAIN_SECONDS = 1.2  # the door reads its keys anew at most once a second
VERIFICATION_FAILED = 2200
GOOD, LOOK, BAD = "good", "warn", "bad"


@dataclass(frozen=True)
class Check:
    """One thing that was tried: how it went, in a sentence, where at Meta it is mended, and what of `Given` it is
    about, if only one thing is."""

    key: str
    state: str  # good, warn (holds, but look), bad
    sentence: str | Promise
    page: MetaPage | None = None
    field: str = ""


def callback_url() -> str:
    return f"{settings.BASE_URL}{WEBHOOK_PATH}"


def round_trip(workspace: Workspace, api: AppAPI, verify_token: str, page: MetaPage) -> Check:
    """Let Meta send its riddle here, and see it arrive."""
    url = callback_url()
    if not url.startswith("https://") and not settings.DEMO:
        return Check("webhook", BAD, _("Meta calls https addresses only, and this one is %(url)s.") % {"url": url})
    waiting = WebhookCheck.objects.create(
        workspace=workspace, verify_token=verify_token, token_sha256=hashlib.sha256(verify_token.encode()).hexdigest()
    )
    try:
        problem = _sent(api, url, verify_token)
        if problem is not None:
            words = _("Meta got no answer at %(url)s. Can the internet reach this server, with a valid certificate?")
            return failed("webhook", problem, words % {"url": url}, page)
        if not _arrived(waiting):
            strange = _("Something answered Meta at %(url)s, but not this server.") % {"url": url}
            return Check("webhook", BAD, strange, page)
    finally:
        waiting.delete()
    return Check("webhook", GOOD, _("Meta's test call has arrived here."))


def _sent(api: AppAPI, url: str, verify_token: str) -> DeliveryProblem | None:
    for attempt in (1, 2):
        try:
            api.send_webhooks_to(url, verify_token)
            return None
        except DeliveryProblem as problem:
            if problem.code != VERIFICATION_FAILED or attempt == 2:
                return problem
        time.sleep(CHECK_AGAIN_SECONDS)
    return None


def _arrived(waiting: WebhookCheck) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if WebhookCheck.objects.filter(pk=waiting.pk, arrived_at__isnull=False).exists():
            return True
        time.sleep(LOOK_SECONDS)
    return False


def failed(key: str, problem: DeliveryProblem, sentence: str | Promise, page: MetaPage) -> Check:
    """The sentence of this check, unless Meta was not there to be asked."""
    if problem.code in (errors.NOT_REACHED, errors.STRANGE_ANSWER):
        return Check(key, BAD, _("Meta did not answer. Try again in a moment."))
    if errors.action(problem.code) == errors.RETRY:
        return Check(key, BAD, errors.sentence(problem.code))
    return Check(key, BAD, sentence, page)
