"""Codes on paper: ten of them, each good once."""

import re
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.utils import timezone

from accounts.models import Agent, RecoveryCode

COUNT = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
BEGINNING, LENGTH = 4, 12


@transaction.atomic
def renew(agent: Agent) -> list[str]:
    """Ten new codes, which exist only here; older ones end."""
    RecoveryCode.objects.filter(agent=agent).delete()
    codes: dict[str, str] = {}
    while len(codes) < COUNT:
        code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
        codes[code[:BEGINNING]] = code[BEGINNING:]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(agent=agent, beginning=beginning, rest=make_password(rest)) for beginning, rest in codes.items()
    )
    return [_in_groups(beginning + rest) for beginning, rest in codes.items()]


def use(agent: Agent, typed: str) -> bool:
    """Whether this is one of the person's unused codes; it is used with that. Of two at once, one is."""
    code = re.sub(r"[\s-]", "", typed).lower()
    row = RecoveryCode.objects.filter(agent=agent, beginning=code[:BEGINNING], used_at=None).first()
    # Something is hashed either way: the time says nothing about which beginnings there are.
    if row is None:
        make_password(code)
        return False
    if not check_password(code[BEGINNING:], row.rest):
        return False
    return bool(RecoveryCode.objects.filter(pk=row.pk, used_at=None).update(used_at=timezone.now()))


def left(agent: Agent) -> int:
    return RecoveryCode.objects.filter(agent=agent, used_at=None).count()


def _in_groups(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
