"""What people do about second factors: add, prove, remove, reset.

Whoever changes how they sign in is signed out on every other device: a session that somebody else holds must not
outlive the change.
"""

import re
import time

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import authenticator_app, recovery_codes
from accounts.actions import raise_epoch
from accounts.audit import record_audit
from accounts.errors import AlreadySetUp, FactorDemanded, KnownKey, TooManyFactors
from accounts.models import Agent, FactorKind, RecoveryCode, SecondFactor, Workspace
from accounts.permissions import must_have_second_factor
from accounts.security_keys import NewKey

MOST = 12


def add_app(agent: Agent, *, secret: str, code: str, first: bool) -> list[str] | None:
    """Add an authenticator app that shows the right code; None if it does not. An earlier app ends.

    Answers new recovery codes, if there were none. `first` says that the person has only shown the password: they may
    set up the first factor (AlreadySetUp otherwise).
    """
    step = authenticator_app.step_of(secret, _digits(code), time.time())
    if step is None:
        return None
    factor = SecondFactor(agent=agent, kind=FactorKind.APP, secret=secret, last_step=step)
    with transaction.atomic():
        _lock(agent, first=first)
        SecondFactor.objects.filter(agent=agent, kind=FactorKind.APP).delete()
        return _add(factor)


@transaction.atomic
def add_key(agent: Agent, *, name: str, key: NewKey, first: bool) -> list[str]:
    """Add a passkey or security key; answers new recovery codes, if there were none. `first` as in `add_app`."""
    _lock(agent, first=first)
    if SecondFactor.objects.filter(credential_id=key.credential_id).exists():
        raise KnownKey
    factor = SecondFactor(
        agent=agent, kind=FactorKind.KEY, name=name, credential_id=key.credential_id, credential=key.credential,
        sign_count=key.sign_count,
    )  # fmt: skip
    return _add(factor)


def _lock(agent: Agent, *, first: bool) -> None:
    """One change of a person's factors at a time."""
    Agent.objects.select_for_update().get(pk=agent.pk)
    count = SecondFactor.objects.filter(agent=agent).count()
    if first and count:
        raise AlreadySetUp
    if count >= MOST:
        raise TooManyFactors


def _add(factor: SecondFactor) -> list[str]:
    agent = factor.agent
    factor.last_used_at = timezone.now()
    factor.save()
    codes = [] if recovery_codes.left(agent) else recovery_codes.renew(agent)
    record_audit(agent.workspace, agent, "factor.added", subject=factor.name, data={"kind": factor.kind})
    raise_epoch(agent)
    return codes


def prove_code(agent: Agent, typed: str) -> bool:
    """Whether the person typed a good code, of their app or of the paper. Each is good once, however many try."""
    digits = _digits(typed)
    if len(digits) == authenticator_app.DIGITS and digits == re.sub(r"[\s-]", "", typed):
        return _prove_app(agent, digits)
    if not recovery_codes.use(agent, typed):
        return False
    record_audit(agent.workspace, agent, "factor.recovered", data={"left": recovery_codes.left(agent)})
    return True


def _prove_app(agent: Agent, code: str) -> bool:
    app = SecondFactor.objects.filter(agent=agent, kind=FactorKind.APP).first()
    step = authenticator_app.step_of(app.secret.reveal(), code, time.time()) if app is not None else None
    if app is None or step is None:
        return False
    unused = SecondFactor.objects.filter(pk=app.pk, last_step__lt=step)
    return bool(unused.update(last_step=step, last_used_at=timezone.now()))


def prove_key(agent: Agent, credential_id: str, sign_count: int) -> bool:
    """Whether the key that has signed counts onwards: one that falls behind was copied. Many do not count."""
    key = SecondFactor.objects.filter(agent=agent, kind=FactorKind.KEY, credential_id=credential_id)
    onwards = key.filter(Q(sign_count__lt=sign_count) | Q(sign_count=0) & Q(sign_count=sign_count))
    return bool(onwards.update(sign_count=sign_count, last_used_at=timezone.now()))


@transaction.atomic
def remove_factor(factor: SecondFactor) -> None:
    """Take away one of one's own factors; with the last one the recovery codes go too. Raises FactorDemanded."""
    agent = factor.agent
    Agent.objects.select_for_update().get(pk=agent.pk)
    others = SecondFactor.objects.filter(agent=agent).exclude(pk=factor.pk).exists()
    if not others and must_have_second_factor(agent):
        raise FactorDemanded
    name, kind = factor.name, factor.kind
    SecondFactor.objects.filter(pk=factor.pk).delete()
    if not others:
        RecoveryCode.objects.filter(agent=agent).delete()
    record_audit(agent.workspace, agent, "factor.removed", subject=name, data={"kind": kind})
    raise_epoch(agent)


@transaction.atomic
def renew_recovery_codes(agent: Agent) -> list[str]:
    """Ten new codes in place of the old ones."""
    codes = recovery_codes.renew(agent)
    record_audit(agent.workspace, agent, "factor.codes")
    return codes


@transaction.atomic
def reset_factors(agent: Agent, *, by: Agent | None) -> int:
    """Take away all factors and recovery codes of somebody who lost them, and end their sessions. The password stays;
    where the workspace demands two factors, their next sign-in leads to the set-up."""
    Agent.objects.select_for_update().get(pk=agent.pk)
    count = SecondFactor.objects.filter(agent=agent).count()
    SecondFactor.objects.filter(agent=agent).delete()
    RecoveryCode.objects.filter(agent=agent).delete()
    raise_epoch(agent)
    record_audit(agent.workspace, by, "factor.reset", subject=agent.email)
    return count


@transaction.atomic
def set_rule(workspace: Workspace, rule: str, *, by: Agent) -> None:
    """Decide who must have two factors. It holds from each person's next sign-in."""
    changed = Workspace.objects.filter(pk=workspace.pk).exclude(second_factor_rule=rule).update(second_factor_rule=rule)
    workspace.second_factor_rule = rule
    if changed:
        record_audit(workspace, by, "workspace.second_factor", data={"to": rule or "nobody"})


def _digits(typed: str) -> str:
    return re.sub(r"\D", "", typed)
