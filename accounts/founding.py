"""The first hour of an empty installation: whoever knows the code that its server printed founds the workspace.

Founding is one transaction behind the lock of the code's row: of any number who try at once one wins, and the code is
gone. The founder is the first admin and needs a second factor before anything else opens. What is left of the wizard
is kept in `Workspace.setup_step`, so that it survives whatever happens to the browser.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import team_actions
from accounts.audit import record_audit
from accounts.errors import AccountsRuleViolation
from accounts.models import Agent, Membership, Role, SecondFactorRule, SetupCode, Team, Visibility, Workspace

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else
GROUPS, GROUP = 3, 4
UNNAMED = "Tresen"  # until its founder says what the business is called
WORKSPACE, WHATSAPP, TEAM, DONE = "workspace", "whatsapp", "team", "done"
STEPS = (WORKSPACE, WHATSAPP, TEAM, DONE)  # after the account and its second factor
PLACES: tuple[tuple[str, str | Promise], ...] = (
    ("account", _("Your account")), ("security", _("Second factor")), (WORKSPACE, _("Your business")),
    (WHATSAPP, _("WhatsApp")), (TEAM, _("Team and colleagues")),
)  # fmt: skip


class WrongCode(AccountsRuleViolation):
    sentence = _("This is not the code. It stands where Tresen was started; each start makes a new one.")


class AlreadyFounded(AccountsRuleViolation):
    """Somebody else was quicker."""

    status = 410
    sentence = _("This installation has been set up already. Sign in.")


@dataclass(frozen=True)
class Place:
    """A line of the wizard's trail."""

    number: int
    words: str | Promise
    state: str  # done, now, later


def is_empty() -> bool:
    """Whether nobody lives here yet."""
    return not Workspace.objects.exists()


@transaction.atomic
def new_code() -> str:
    """A new code for the founder, "" once there is a workspace. The one before is void."""
    one_at_a_time()
    if not is_empty():
        return ""
    word = "".join(secrets.choice(ALPHABET) for _place in range(GROUPS * GROUP))
    SetupCode.objects.all().delete()
    SetupCode.objects.create(code_hash=_hash(word))
    return "-".join(word[start : start + GROUP] for start in range(0, len(word), GROUP))


@transaction.atomic
def found(code: str, *, name: str, email: str, password: str, language: str, team: str) -> Agent:
    """The workspace, its first team and its first admin. Raises WrongCode or AlreadyFounded, having done nothing."""
    one_at_a_time()
    if not is_empty():
        raise AlreadyFounded
    kept = SetupCode.objects.first()
    if kept is None or not secrets.compare_digest(kept.code_hash, _hash(code)):
        raise WrongCode
    kept.delete()
    workspace = Workspace.objects.create(name=UNNAMED, language=language, setup_step=WORKSPACE, **new_house())
    founder = Agent.objects.create_user(
        email, password, workspace=workspace, name=name, role=Role.ADMIN, visibility=Visibility.ALL, language=language
    )
    record_audit(workspace, founder, "workspace.created")
    first = team_actions.create_team(workspace, by=founder, name=team)
    Membership.objects.create(team=first, agent=founder)
    return founder


def new_house() -> dict[str, object]:
    """With what every new workspace begins: admins need two factors, and the settings begin with the first steps."""
    return {"second_factor_rule": SecondFactorRule.ADMINS, "shows_first_steps": True}


def void_code() -> None:
    """A workspace has been made in another way."""
    SetupCode.objects.all().delete()


@transaction.atomic
def describe(workspace: Workspace, *, name: str, language: str, zone: str, by: Agent) -> None:
    """What the business is called, what is spoken there and when its days begin; its founder lives in the same zone."""
    Workspace.objects.filter(pk=workspace.pk).update(name=name, language=language, timezone=zone)
    Agent.objects.filter(pk=by.pk).update(language=language, timezone=zone)
    record_audit(workspace, by, "workspace.described", subject=name)


@transaction.atomic
def rename_founder(founder: Agent, *, name: str, email: str) -> None:
    """Coming back to the first page: a slip in name or address is mended there."""
    if (founder.name, founder.email) == (name, email):
        return
    founder.name, founder.email = name, email
    founder.save(update_fields=["name", "email"])
    record_audit(founder.workspace, founder, "person.changed", subject=email, data={"name": name})


def first_team(workspace: Workspace) -> Team:
    return Team.objects.filter(workspace=workspace).order_by("-is_default", "pk")[:1].get()


def advance(workspace: Workspace, done: str) -> str:
    """This step is done, or left for later; the next one. One that was done before changes nothing."""
    following = STEPS[min(STEPS.index(done) + 1, len(STEPS) - 1)]
    if STEPS.index(workspace.setup_step) < STEPS.index(following):
        Workspace.objects.filter(pk=workspace.pk).update(setup_step=following)
        workspace.setup_step = following
    return following


def is_open(workspace: Workspace, step: str) -> bool:
    """One may go back to every step, but not past the one that is due."""
    return bool(workspace.setup_step) and STEPS.index(step) <= STEPS.index(workspace.setup_step)


@transaction.atomic
def finish(workspace: Workspace, *, by: Agent) -> None:
    """The wizard is over, for good."""
    if Workspace.objects.filter(pk=workspace.pk).exclude(setup_step="").update(setup_step=""):
        record_audit(workspace, by, "workspace.set_up")
    workspace.setup_step = ""


@transaction.atomic
def close_first_steps(workspace: Workspace, *, by: Agent) -> None:
    """The list of the first days is not shown any more, to nobody."""
    if Workspace.objects.filter(pk=workspace.pk, shows_first_steps=True).update(shows_first_steps=False):
        record_audit(workspace, by, "workspace.first_steps")
    workspace.shows_first_steps = False


def trail(step: str) -> list[Place]:
    """The way through the wizard, seen from a step."""
    keys = [key for key, _words in PLACES]
    at = keys.index(step) if step in keys else len(keys)
    return [
        Place(number + 1, words, "done" if number < at else "now" if number == at else "later")
        for number, (_key, words) in enumerate(PLACES)
    ]


def one_at_a_time() -> None:
    """Founding, and whatever else makes the first workspace, happens one after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('tresen.founding'))")


def _hash(code: str) -> str:
    return hashlib.sha256(re.sub(r"[^A-Z0-9]", "", code.upper()).encode()).hexdigest()
