"""The practice phone's number as one of ours: what it is connected with, and whether a workspace practises.

Demo mode only; what is "pasted" here is published with the phone.
"""

import logging

from django.conf import settings

from accounts.models import Workspace
from whatsapp.connections import Given
from whatsapp.models import PhoneNumber
from whatsapp.sandbox import remote, seeds, state

logger = logging.getLogger(__name__)


def practice_given() -> Given:
    return Given(
        state.APP_ID, seeds.WABA_ID, seeds.NUMBER_ID, app_secret=state.APP_SECRET, access_token=state.ACCESS_TOKEN,
        take_over=True,
    )  # fmt: skip


def is_practising(workspace: Workspace) -> bool:
    """Whether the practice phone belongs to this workspace: the demo's, or one that began with its number."""
    if not settings.DEMO or workspace.is_demo:
        return settings.DEMO
    return PhoneNumber.objects.connected().filter(workspace=workspace, phone_number_id=seeds.NUMBER_ID).exists()


def call_phone(name: str) -> None:
    """The customers on the practice phone see this name. A phone that cannot be told keeps the one it has."""
    try:
        remote.call("POST", f"numbers/{seeds.NUMBER_ID}", {"name": name})
    except (remote.PhoneUnreachable, remote.PhoneRefused) as failure:
        logger.info("The practice phone was not told its business's name: %s", type(failure).__name__)
