"""Every URL of the product against every kind of person. A URL without a line here fails; so does a line too many.

Ada is the admin, Lea leads team Werkstatt, Ben works there, Otto works in another team, Mallory is the admin of
another workspace. Objects belong to Ada's workspace and to team Werkstatt.
"""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client, TestCase
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts import actions, api_tokens
from accounts.models import Invitation, Skill
from inbox.actions import pushing, template_drafts
from inbox.actions.later import Plan, schedule_reply
from inbox.actions.saved_replies import create_reply
from inbox.enums import AttachmentState, MessageStatus
from inbox.models import (
    Attachment,
    ContactField,
    ContactImport,
    DraftFile,
    Erasure,
    KeywordAnswer,
    Label,
    OutgoingDelivery,
    OutgoingWebhook,
    PersonExport,
    Rendition,
    RoutingDecision,
    RoutingRule,
    SavedFilter,
    Undo,
)
from tests import factories, failing
from tests.cast import Cast, make_cast
from tests.signing_in import proven
from whatsapp.models import RateTable, TemplateHeaderMedia, WebhookDelivery

PUBLIC, EVERYBODY, LEADS, ADMINS = "public", "everybody", "leads", "admins"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
MISSING = 999_999_999
PNG = b"\x89PNG\r\n\x1a\n"


@dataclass
class World:
    """The cast and one object of each kind that a URL can name."""

    cast: Cast
    invitation: Invitation
    delivery: WebhookDelivery
    attachment: Attachment
    failed_message: int
    template: int
    reply: int  # of team Werkstatt
    upload: uuid.UUID
    label: int
    saved_filter: int
    undo: uuid.UUID
    scheduled: int
    scheduled_file: uuid.UUID
    contact_field: int
    contact_import: int
    push_device: int = 0
    failed_job: str = ""
    rule: int = 0
    skill: int = 0
    decision: int = 0
    factor: int = 0
    rate_table: int = 0
    token: int = 0
    webhook: int = 0
    told: int = 0
    keyword: int = 0
    template_draft: int = 0
    erasure: int = 0
    person_export: str = ""
    people: dict[str, Client] = field(default_factory=dict)


Args = Callable[[World], list[Any]]


@dataclass(frozen=True)
class Line:
    """Who may use a URL, and the object it names. Who may not see the object finds nothing there."""

    who: str
    args: Args | None = None
    missing: tuple[Any, ...] = (MISSING,)
    demo_only: bool = False
    blind: tuple[str, ...] = ("mallory",)  # who has the role, but not the sight of the object
    hidden: bool = False  # for whoever lacks the role it does not exist
    answers: tuple[int, ...] = ()  # what else may be answered to those who are let in: a rule's refusal


def of_team(args: Args, missing: tuple[Any, ...] = (MISSING,)) -> Line:
    """Something of team Werkstatt that other teams do not see."""
    return Line(EVERYBODY, args, missing, blind=("mallory", "otto"))


def conversation() -> Line:
    return of_team(lambda world: [world.cast.claras.pk])


def team(who: str) -> Line:
    return Line(who, lambda world: [world.cast.team.pk])


def of_number(**more: Any) -> Line:
    return Line(ADMINS, lambda world: [world.cast.number.pk], **more)


def person() -> Line:
    return Line(ADMINS, lambda world: [world.cast.ben.pk])


def led_person() -> Line:
    """Ben, on the board of those who lead his team."""
    return Line(LEADS, lambda world: [world.cast.ben.pk])


def template() -> Line:
    return Line(ADMINS, lambda world: [world.template], hidden=True)


def label() -> Line:
    return Line(LEADS, lambda world: [world.label])


def rule() -> Line:
    """Gives work to team Werkstatt."""
    return Line(LEADS, lambda world: [world.rule], hidden=True)


def webhook() -> Line:
    return Line(ADMINS, lambda world: [world.webhook], hidden=True)
def of_kind() -> Line:
    """An automatic message: every workspace has it."""
    return Line(ADMINS, lambda world: ["greeting"], ("nonsense",), blind=(), hidden=True)


def keyword() -> Line:
    return Line(ADMINS, lambda world: [world.keyword], hidden=True)


def saved_filter() -> Line:
    """Team Werkstatt's, which Ada keeps."""
    return of_team(lambda world: [world.saved_filter])


def own_import() -> Line:
    """A file that Ada has put in: hers alone."""
    return Line(LEADS, lambda world: [world.contact_import], blind=("mallory", "lea"), answers=(404,))


def practice(*args: Any) -> Line:
    """The practice phone: demo mode only, for everybody who is signed in; it names customers of the phone, not ours."""
    return Line(EVERYBODY, (lambda world: list(args)) if args else None, (), demo_only=True)


MATRIX: dict[str, Line] = {
    "healthz": Line(PUBLIC),
    "readyz": Line(PUBLIC),
    "health-live": Line(PUBLIC),
    "health-ready": Line(PUBLIC),
    "favicon": Line(PUBLIC),
    "favicon-with": Line(PUBLIC, lambda world: [3]),
    "service-worker": Line(PUBLIC),
    "opt-in": Line(PUBLIC, lambda world: ["none"]),
    "manifest": Line(PUBLIC),
    "offline": Line(PUBLIC),
    "metrics": Line(PUBLIC),  # 404 for everybody but this machine: tests/config/test_security.py
    "login": Line(PUBLIC),
    "logout": Line(PUBLIC),
    "password-reset": Line(PUBLIC),
    "password-reset-confirm": Line(PUBLIC, lambda world: ["MQ", "none"]),
    # The wizard of an empty house: there is none here, for nobody.
    "setup": Line(PUBLIC),
    "setup-workspace": Line(ADMINS, hidden=True, answers=(404,)),
    "setup-whatsapp": Line(ADMINS, hidden=True, answers=(404,)),
    "setup-team": Line(ADMINS, hidden=True, answers=(404,)),
    "setup-done": Line(ADMINS, hidden=True, answers=(404,)),
    "settings-first-steps": Line(ADMINS, hidden=True),
    "invitation": Line(PUBLIC, lambda world: ["none"]),
    "profile": Line(EVERYBODY),
    "profile-password": Line(EVERYBODY),
    "profile-security": Line(EVERYBODY),
    "profile-factor-removal": Line(  # one's own
        EVERYBODY, lambda world: [world.factor], blind=("mallory", "otto", "ada", "lea")
    ),
    "profile-recovery-codes": Line(EVERYBODY),
    "profile-sessions-end": Line(EVERYBODY),
    "profile-session-end": Line(EVERYBODY, lambda world: ["f" * 32], ("e" * 32,)),
    "confirm": Line(EVERYBODY),
    "recovery-codes": Line(EVERYBODY),
    "recovery-codes-file": Line(EVERYBODY),
    # For who has shown the right password: tests/accounts/test_second_factor.py has what they do for strangers.
    "second-factor": Line(PUBLIC),
    "sign-on": Line(PUBLIC, lambda world: [1]),
    "sign-on-return": Line(PUBLIC),
    "second-factor-question": Line(PUBLIC),
    "second-factor-set-up": Line(PUBLIC),
    "second-factor-app": Line(PUBLIC),
    "second-factor-key": Line(PUBLIC),
    "second-factor-key-question": Line(PUBLIC),
    "profile-preference": Line(EVERYBODY),
    "settings": Line(EVERYBODY),
    "settings-people": Line(LEADS),
    "settings-invite": Line(ADMINS),
    "settings-invitation-withdrawal": Line(ADMINS, lambda world: [world.invitation.pk]),
    "settings-skills": Line(ADMINS),
    "settings-skill-new": Line(ADMINS),
    "settings-skill": Line(ADMINS, lambda world: [world.skill]),
    "settings-skill-removal": Line(ADMINS, lambda world: [world.skill]),
    "settings-person": person(),
    "settings-person-deactivation": person(),
    "settings-person-sessions": person(),
    "settings-person-reset-link": person(),
    "settings-person-second-factor": person(),
    "settings-second-factor-rule": Line(ADMINS),
    "settings-sign-on": Line(ADMINS),
    "settings-sign-on-removal": Line(ADMINS),
    "settings-teams": Line(LEADS),
    "settings-team-new": Line(ADMINS),
    "settings-team": team(LEADS),
    "settings-team-default": team(ADMINS),
    "settings-hours": Line(LEADS, answers=(403,)),  # leads see them, admins change them
    "settings-hours-exceptions": Line(ADMINS),
    "settings-team-hours": team(LEADS),
    "settings-team-hours-exceptions": team(LEADS),
    "settings-person-hours": led_person(),
    "settings-person-hours-exceptions": led_person(),
    "settings-rules": Line(LEADS, hidden=True),
    "settings-rule-new": Line(LEADS, hidden=True),
    "settings-rules-trial": Line(LEADS, hidden=True),
    "settings-rule": rule(),
    "settings-rule-place": rule(),
    "settings-rule-switch": rule(),
    "settings-rule-removal": rule(),
    "decision": of_team(lambda world: [world.decision]),
    "settings-labels": Line(LEADS),
    "settings-label": label(),
    "settings-label-place": label(),
    "settings-label-removal": label(),
    "settings-audit": Line(ADMINS),
    "settings-audit-export": Line(ADMINS),
    "settings-installation": Line(ADMINS),
    "settings-installation-examination": Line(ADMINS),
    "settings-installation-zone": Line(ADMINS),
    "settings-installation-mail": Line(ADMINS, hidden=True),
    "settings-mail-server": Line(ADMINS, hidden=True),
    "settings-mail-server-removal": Line(ADMINS, hidden=True),
    "settings-notifications-alarms": Line(ADMINS, hidden=True),
    "settings-account-zone": Line(ADMINS, lambda world: [world.cast.number.business_account_id]),
    "api-docs": Line(ADMINS, hidden=True),
    "settings-api": Line(ADMINS, hidden=True),
    "api-document": Line(ADMINS, hidden=True),
    "settings-api-token-new": Line(ADMINS, hidden=True),
    "settings-api-token-revocation": Line(ADMINS, lambda world: [world.token], hidden=True),
    "settings-api-token-takeover": Line(ADMINS, lambda world: [world.token], hidden=True),
    "settings-webhook-new": Line(ADMINS, hidden=True),
    "settings-webhook": webhook(),
    "settings-webhook-test": webhook(),
    "settings-webhook-secret": webhook(),
    "settings-webhook-removal": webhook(),
    "settings-webhook-replay": Line(ADMINS, lambda world: [world.told], hidden=True),
    "settings-jobs": Line(ADMINS),
    "settings-jobs-retries": Line(ADMINS),
    "settings-job-retry": Line(ADMINS, lambda world: [world.failed_job], ("no-such-job",)),
    "settings-job-removal": Line(ADMINS, lambda world: [world.failed_job], ("no-such-job",)),
    "settings-number": Line(ADMINS),
    "settings-number-new": Line(ADMINS),
    "settings-number-one": of_number(),
    "settings-number-check": of_number(),
    "settings-number-change": Line(ADMINS, lambda world: [world.cast.number.pk, "pin"], (MISSING, "pin")),
    "settings-number-team": Line(ADMINS, lambda world: [world.cast.number.pk]),
    "settings-number-disconnection": of_number(hidden=True),
    "settings-number-resume": Line(ADMINS, lambda world: [world.cast.number.pk]),
    "settings-receipts": Line(ADMINS),
    "settings-consent": Line(ADMINS, hidden=True),
    "settings-consent-language": Line(ADMINS, lambda world: ["de"], blind=(), hidden=True),
    "settings-consent-page": of_number(hidden=True),
    "settings-consent-qr": Line(
        ADMINS, lambda world: [world.cast.number.pk, "svg"], (MISSING, "svg"), hidden=True, answers=(404,)
    ),  # there is no page yet
    "settings-automatic": Line(LEADS),
    "settings-automatic-preview": Line(ADMINS, hidden=True),
    "settings-automatic-message": of_kind(),
    "settings-automatic-switch": of_kind(),
    "settings-automatic-team": Line(
        ADMINS, lambda world: ["greeting", world.cast.team.pk], ("greeting", MISSING), hidden=True
    ),
    "settings-keyword-new": Line(ADMINS, hidden=True),
    "settings-keyword": keyword(),
    "settings-keyword-switch": keyword(),
    "settings-keyword-removal": keyword(),
    "settings-rating": Line(ADMINS),
    "settings-rating-team": team(LEADS),
    "settings-privacy": Line(ADMINS, hidden=True),
    "settings-privacy-person": Line(ADMINS, lambda world: [world.cast.clara.pk], hidden=True),
    "settings-privacy-export": Line(ADMINS, lambda world: [world.cast.clara.pk], hidden=True),
    "settings-privacy-erase": Line(ADMINS, lambda world: [world.cast.clara.pk], hidden=True, answers=(422,)),
    "settings-privacy-erasure": Line(ADMINS, lambda world: [world.erasure], hidden=True),
    "settings-privacy-exports": Line(ADMINS, hidden=True),
    "settings-privacy-download": Line(
        ADMINS, lambda world: [world.person_export], (str(uuid.UUID(int=1)),), hidden=True
    ),
    "settings-privacy-retention": Line(ADMINS, hidden=True),
    "settings-privacy-documents": Line(ADMINS, hidden=True),
    "settings-privacy-document": Line(ADMINS, lambda world: ["record"], ("no-such-paper",), hidden=True, blind=()),
    "settings-privacy-log": Line(ADMINS, hidden=True),
    "settings-profiles": Line(ADMINS),
    "settings-profile": of_number(),
    "settings-profile-picture": of_number(answers=(404,)),  # there is none yet
    "settings-profile-automation": of_number(),
    "settings-profile-link": of_number(),
    "settings-profile-qr": Line(ADMINS, lambda world: [world.cast.number.pk, "svg"], (MISSING, "svg")),
    "settings-templates": Line(ADMINS, hidden=True),
    "settings-templates-sync": Line(ADMINS, hidden=True),
    "settings-template": template(),
    "settings-template-seen": template(),
    "settings-template-teams": template(),
    "settings-template-favourite": template(),
    "settings-template-test": replace(template(), answers=(422,)),
    "settings-template-deletion": template(),
    "settings-template-variables": replace(template(), answers=(422,)),
    "settings-template-edit": Line(ADMINS, lambda world: [world.template], hidden=True),
    "settings-template-duplicate": Line(ADMINS, lambda world: [world.template], hidden=True),
    "settings-template-drafts": Line(ADMINS, hidden=True),
    "settings-template-draft": Line(ADMINS, lambda world: [world.template_draft], hidden=True),
    "settings-template-draft-status": Line(
        ADMINS, lambda world: [world.template_draft], hidden=True, answers=(204,)
    ),
    "settings-template-draft-delete": Line(ADMINS, lambda world: [world.template_draft], hidden=True),
    "settings-template-draft-file": Line(
        ADMINS, lambda world: [world.template_draft, "header"], (MISSING, "header"), hidden=True
    ),
    "settings-template-header": Line(
        ADMINS, lambda world: [world.template, world.cast.number.pk], (MISSING, MISSING), hidden=True
    ),
    "settings-rates": Line(ADMINS, hidden=True),
    "settings-rate-table": Line(ADMINS, lambda world: [world.rate_table], hidden=True),
    "settings-rate-table-application": Line(ADMINS, lambda world: [world.rate_table], hidden=True),
    "settings-rate-table-removal": Line(ADMINS, lambda world: [world.rate_table], hidden=True),
    "settings-deliveries": Line(ADMINS),
    "settings-deliveries-replays": Line(ADMINS),
    "settings-delivery-content": Line(ADMINS, lambda world: [world.delivery.pk]),
    "settings-delivery": Line(ADMINS, lambda world: [world.delivery.pk]),
    "settings-delivery-replay": Line(ADMINS, lambda world: [world.delivery.pk]),
    "contacts": Line(EVERYBODY),
    "contact-new": Line(EVERYBODY),
    "contact-export": Line(LEADS),
    "contact-imports": Line(LEADS),
    "contact-import": own_import(),
    "contact-import-progress": own_import(),
    "contact-import-application": own_import(),
    "contact-import-removal": own_import(),
    "contact-edit": of_team(lambda world: [world.cast.clara.pk]),
    "contact-merge": Line(LEADS, lambda world: [world.cast.clara.pk]),
    "contact-merge-undo": Line(LEADS, lambda world: [world.cast.clara.pk]),
    "contact-number": of_team(lambda world: [world.cast.clara.pk]),
    "contact-start": of_team(lambda world: [world.cast.clara.pk]),
    "settings-contact-fields": Line(ADMINS),
    "settings-contact-field-new": Line(ADMINS),
    "settings-contact-field": Line(ADMINS, lambda world: [world.contact_field]),
    "settings-contact-field-move": Line(ADMINS, lambda world: [world.contact_field]),
    "settings-contact-field-remove": Line(ADMINS, lambda world: [world.contact_field]),
    "inbox": Line(EVERYBODY),
    "view-counts": Line(EVERYBODY),
    "search": Line(EVERYBODY),
    "command-bar": Line(EVERYBODY),
    "warnings": Line(EVERYBODY),
    "reports": Line(LEADS, hidden=True),
    "report-conversations": Line(LEADS, hidden=True),
    "report-export": Line(LEADS, hidden=True),
    "report-people": Line(LEADS, hidden=True, answers=(404,)),  # until an admin switches them on
    "report-people-switch": Line(ADMINS, hidden=True),
    "board": Line(LEADS, hidden=True),
    "board-person": replace(led_person(), hidden=True),
    "board-availability": replace(led_person(), hidden=True),
    "board-capacity": replace(led_person(), hidden=True),
    "board-redistribution": replace(led_person(), hidden=True),
    "filters": Line(EVERYBODY),
    "bulk": Line(EVERYBODY, answers=(404,)),  # without the name of a menu there is none
    # Whoever did it takes it back.
    "undo": Line(EVERYBODY, lambda world: [str(world.undo)], (str(uuid.UUID(int=1)),), blind=("lea", "ben", "mallory")),
    "settings-filters": Line(EVERYBODY),
    "settings-filter": replace(saved_filter(), answers=(403,)),  # seen in the menu, but not theirs to change
    "settings-filter-place": saved_filter(),
    "settings-filter-removal": saved_filter(),
    "conversation-following": conversation(),
    "conversation-block": conversation(),
    "conversation-escalation": conversation(),
    "conversation-ask": Line(LEADS, lambda world: [world.cast.claras.pk], hidden=True),
    "settings-teamwork": Line(ADMINS),
    "conversation-print": conversation(),
    "conversation-export": conversation(),
    "availability": Line(EVERYBODY),
    "conversation": conversation(),
    "conversation-contact": conversation(),
    "conversation-files": conversation(),
    "conversation-row": conversation(),
    "conversation-head": conversation(),
    "conversation-composer": conversation(),
    "conversation-messages": conversation(),
    "conversation-notes": conversation(),
    "conversation-uploads": conversation(),
    # Everybody's own composer: for everybody else nothing is there.
    "conversation-upload": replace(
        of_team(lambda world: [world.cast.claras.pk, str(world.upload)], (MISSING, "x")), answers=(404,)
    ),
    "conversation-templates": conversation(),
    "conversation-template-favourite": of_team(
        lambda world: [world.cast.claras.pk, world.template], (MISSING, MISSING)
    ),
    "conversation-header-file": of_team(lambda world: [world.cast.claras.pk, world.template], (MISSING, MISSING)),
    "conversation-build": replace(
        of_team(lambda world: [world.cast.claras.pk, "location"], (MISSING, "location")), answers=(422,)
    ),
    "conversation-draft": conversation(),
    "conversation-assignment": conversation(),
    "conversation-closure": conversation(),
    "conversation-snooze": conversation(),
    "conversation-labels": conversation(),
    "conversation-read": conversation(),
    "conversation-notice": replace(conversation(), answers=(204,)),  # there is nothing to be told
    "conversation-consent": conversation(),
    "conversation-consent-question": conversation(),
    "contact-consent": of_team(lambda world: [world.cast.clara.pk]),
    "conversation-replies": conversation(),
    "conversation-reply-uses": of_team(lambda world: [world.cast.claras.pk, world.reply], (MISSING, MISSING)),
    "emojis": Line(EVERYBODY),
    "formatting-preview": Line(EVERYBODY),
    "settings-replies": Line(EVERYBODY),
    "settings-reply-new": Line(EVERYBODY),
    "settings-reply": of_team(lambda world: [world.reply]),
    "settings-reply-deletion": of_team(lambda world: [world.reply]),
    "conversation-later": conversation(),
    "conversation-later-dialog": conversation(),
    "later": of_team(lambda world: [world.scheduled]),
    "later-sending": of_team(lambda world: [world.scheduled]),
    "later-file": replace(
        of_team(lambda world: [world.scheduled, str(world.scheduled_file)], (MISSING, "x")), answers=(404,)
    ),
    "notices": Line(EVERYBODY),
    "settings-notifications": Line(EVERYBODY),
    "settings-notifications-text": Line(ADMINS),
    "push-devices": Line(EVERYBODY),
    "push-test": Line(EVERYBODY),
    "push-device-removal": Line(
        EVERYBODY, lambda world: [world.push_device], blind=("mallory", "otto", "ada", "lea")
    ),  # Ben's alone
    "attachment": of_team(lambda world: [world.attachment.token], ("x" * 32,)),
    "rendition": of_team(lambda world: [world.attachment.token, "preview"], ("x" * 32, "preview")),
    "rendition-page": of_team(lambda world: [world.attachment.token, "page", 1], ("x" * 32, "page", 1)),
    "message-resend": of_team(lambda world: [world.failed_message]),
    "message-card": replace(of_team(lambda world: [world.failed_message, 0], (MISSING, 0)), answers=(422,)),
    "message-forward": replace(of_team(lambda world: [world.failed_message]), answers=(422,)),
    # A message of ours: nothing to react to, so whoever sees it is told so.
    "message-reaction": replace(of_team(lambda world: [world.failed_message]), answers=(422,)),
    # Its author's alone, and only while it is held.
    "message-held": replace(of_team(lambda world: [world.failed_message]), answers=(403, 422)),
    "practice-phone": practice(),
    "practice-people": practice(),
    "practice-crowd": practice(),
    "practice-media": practice(1),
    "practice-review": practice(1),
    "practice-live": practice("lena"),
    "practice-messages": practice("lena"),
    "practice-clock": practice("lena"),
    "practice-behaviour": practice("lena"),
}


def of_pages(resolver: URLResolver) -> list[URLPattern | URLResolver]:
    """Without the API: no session opens it, and tests/inbox/test_api.py has every address of it."""
    return [pattern for pattern in resolver.url_patterns if getattr(pattern, "namespace", None) != "api"]


def url_names(resolver: URLResolver | None = None) -> Iterator[str | None]:
    for pattern in of_pages(resolver or get_resolver()):
        if isinstance(pattern, URLPattern):
            yield pattern.name
        else:
            yield from url_names(pattern)


_last_look: dict[tuple[Any, ...], dict[str, Any]] = {}


def everything_stored() -> dict[str, Any]:
    """A fingerprint of every table, without sessions and the marks of being seen.

    Read anew only when the database has counted a write since the last look: hundreds of looks find none.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_current_xact_id()::text, sum(n_tup_ins + n_tup_upd + n_tup_del)"
            " FROM pg_stat_xact_user_tables WHERE relname <> 'accounts_session'"
        )
        look = cursor.fetchone()
        if look in _last_look:
            return _last_look[look]
        names = sorted(set(connection.introspection.table_names(cursor)) - {"accounts_session"})
        parts = [
            f"SELECT '{name}', md5(coalesce(string_agg(line, '|' ORDER BY line), '')) FROM (SELECT (to_jsonb(t)"
            f" - 'last_seen_at' - 'last_login')::text AS line FROM \"{name}\" t) AS lines"
            for name in names
        ]
        cursor.execute(" UNION ALL ".join(parts))
        _last_look.clear()
        _last_look[look] = dict(cursor.fetchall())
        return _last_look[look]


class MatrixTestCase(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cast = make_cast()
        otto = factories.agent(cast.workspace, "Otto Ost", teams=[cast.other_team])
        invitation, _token = actions.invite_agent(cast.workspace, by=cast.ada, email="neu@radhaus.example")
        delivery = WebhookDelivery.objects.create(
            meta_app=cast.number.business_account.meta_app, body=b'{"object":"x"}', sha256="0" * 64, state="processed"
        )
        message = factories.inbound_message(cast.claras, "", kind="image")
        attachment = Attachment.objects.create(
            message=message,
            kind="image",
            mime_type="image/png",
            is_inline=True,
            state=AttachmentState.READY,
            file=ContentFile(PNG, name="x.png"),
            size=len(PNG),
        )
        for kind, number in (("preview", 0), ("page", 1)):
            Rendition.objects.create(
                attachment=attachment, kind=kind, number=number, file=ContentFile(PNG, name="x"), size=len(PNG),
                mime_type="image/webp",
            )  # fmt: skip
        failed = factories.outbound_message(
            cast.claras, "Hallo", by=cast.ben, status=MessageStatus.FAILED, error_code=131053, wamid="wamid.failed"
        )
        template = factories.template(
            cast.number,
            components=[
                {"type": "HEADER", "format": "IMAGE"},
                {"type": "BODY", "text": "Dein Rad ist fertig."},
            ],
        )
        TemplateHeaderMedia.objects.create(
            template=template,
            phone_number=cast.number,
            file=ContentFile(PNG, name="x.png"),
            file_name="x.png",
            mime_type="image/png",
            size=len(PNG),
        )
        reply = create_reply(by=cast.ada, scope="team", team=cast.team, shortcut="foto", title="Foto", text="Ein Foto?")
        upload = factories.upload(cast.claras, by=cast.ben)
        label = Label.objects.create(workspace=cast.workspace, name="Reparatur")
        saved = SavedFilter.objects.create(workspace=cast.workspace, owner=cast.ada, team=cast.team, name="Reparaturen")
        field = ContactField.objects.create(workspace=cast.workspace, name="Rahmennummer")
        plan = Plan(due_at=timezone.now() + timedelta(hours=1))
        planned = factories.upload(cast.claras, by=cast.ben)
        scheduled = schedule_reply(
            cast.claras, by=cast.ben, text="Bis dann", uid=uuid.uuid4(), plan=plan, files=[planned.uid]
        )
        imported = ContactImport.objects.create(
            workspace=cast.workspace, agent=cast.ada, phone_number=cast.number, file_name="kunden.csv",
            headings=["Telefon"], columns=["phone"], state="checked",
        )  # fmt: skip
        cls.world = World(
            cast, invitation, delivery, attachment, failed.pk, template.pk, reply.pk, upload.uid, label.pk, saved.pk,
            Undo.objects.create(agent=cast.ada, steps=[]).pk, scheduled.pk, planned.uid, field.pk,
            imported.pk,
        )  # fmt: skip
        cls.world.failed_job = failing.failed_job("work_on_import", imported.pk)
        cls.addClassCleanup(failing.forget_jobs)
        subscription = {"endpoint": "http://127.0.0.1:9/push", "p256dh": "B" * 87, "auth": "A" * 22}
        cls.world.push_device = pushing.add_device(cast.ben, **subscription, name="Firefox", token="token").pk
        cls.world.rule = RoutingRule.objects.create(workspace=cast.workspace, target="team", team=cast.team).pk
        cls.world.skill = Skill.objects.create(workspace=cast.workspace, name="Türkisch").pk
        cls.world.decision = RoutingDecision.objects.create(
            workspace=cast.workspace, conversation=cast.claras, team=cast.team, agent=cast.ben, reason="least_busy"
        ).pk
        cls.world.rate_table = RateTable.objects.create(
            workspace=cast.workspace, effective_from="2027-01-01", source="Meta", file_name="card.csv"
        ).pk
        expires_at = timezone.now() + timedelta(days=1)
        cls.world.token = api_tokens.create_token(name="CRM", scopes=[], expires_at=expires_at, by=cast.ada)[0].pk
        webhook = OutgoingWebhook.objects.create(workspace=cast.workspace, url="https://127.0.0.1/", events=[])
        cls.world.webhook = webhook.pk
        cls.world.told = OutgoingDelivery.objects.create(webhook=webhook, event="ping", subject_id=1, state="failed").pk
        cls.world.keyword = KeywordAnswer.objects.create(workspace=cast.workspace, words={"de": ["Preise"]}).pk
        draft_text = template_drafts.edit_template(template, by=cast.ada)
        DraftFile.objects.create(
            text=draft_text, place="header", file=ContentFile(PNG, name="x.png"), file_name="x.png",
            mime_type="image/png", size=len(PNG),
        )  # fmt: skip
        cls.world.template_draft = draft_text.draft_id
        cls.world.erasure = Erasure.objects.create(workspace=cast.workspace, state="done").pk
        cls.world.person_export = str(PersonExport.objects.create(
            workspace=cast.workspace, contact=cast.dario, by=cast.ada, state="ready", expires_at=expires_at,
            file=ContentFile(b"PK", name="x"),
        ).uid)  # fmt: skip
        cls.world.factor = factories.app_factor(cast.ben)[0].pk
        cls.agents = {
            "ada": cast.ada, "lea": cast.lea, "ben": cast.ben, "otto": otto, "mallory": cast.mallory,
        }  # fmt: skip

    def setUp(self) -> None:
        _last_look.clear()
        self.signed_in: dict[str, Client] = {}

    def client_of(self, name: str, **options: Any) -> Client:
        """A fresh client with this person's session; each signs in once a test."""
        client = Client(raise_request_exception=False, REMOTE_ADDR="198.51.100.7", **options)
        if name and name not in self.signed_in:
            self.signed_in[name] = proven(self.agents[name])
        if name:
            client.cookies.update(self.signed_in[name].cookies)
        return client

    def path(self, name: str, *, missing: bool = False) -> str:
        line = MATRIX[name]
        args = list(line.missing) if missing else line.args(self.world) if line.args else []
        return reverse(name, args=args)

    def ask(self, client: Client, method: str, path: str) -> HttpResponse:
        return client.generic(method, path)


class MatrixTests(MatrixTestCase):
    def test_every_url_has_a_line_and_every_line_a_url(self) -> None:
        self.assertEqual(sorted(map(str, url_names())), sorted(MATRIX))

    def test_strangers_are_sent_to_the_sign_in_and_change_nothing(self) -> None:
        stranger, before = self.client_of(""), everything_stored()
        for name, line in MATRIX.items():
            if line.who == PUBLIC:
                continue
            for method in METHODS:
                answer = self.ask(stranger, method, self.path(name))
                self.assertIn(answer.status_code, (302, 404, 405), f"{method} {name}")
                if answer.status_code == 302:
                    self.assertTrue(answer["Location"].startswith("/accounts/login/?next="), f"{method} {name}")
        self.assertEqual(everything_stored(), before)

    def test_who_has_only_shown_the_password_is_a_stranger(self) -> None:
        halfway = self.client_of("")
        halfway.post(reverse("login"), {"email": self.agents["ben"].email, "password": factories.PASSWORD})
        before = everything_stored()
        self.assertEqual(halfway.get(reverse("second-factor")).status_code, 200)
        for name, line in MATRIX.items():
            if line.who == PUBLIC:
                continue
            for method, headers in (("GET", {}), ("GET", {"HTTP_HX_REQUEST": "true"}), ("POST", {})):
                answer = halfway.generic(method, self.path(name), **headers)
                self.assertIn(answer.status_code, (302, 404, 405), f"{method} {name}")
                if answer.status_code == 302:
                    self.assertTrue(answer["Location"].startswith("/accounts/login/?next="), f"{method} {name}")
        self.assertEqual(everything_stored(), before)

    def test_looking_changes_nothing(self) -> None:
        for agent in ("ada", "ben"):
            client, before = self.client_of(agent), self.without_audit()
            for name in MATRIX:
                for method in ("GET", "HEAD"):
                    answer = self.ask(client, method, self.path(name))
                    self.assertNotEqual(answer.status_code, 500, f"{method} {name}")
                self.assertEqual(self.without_audit(), before, f"{name} of {agent}")

    def test_functions_of_other_roles_are_refused(self) -> None:
        refused = {ADMINS: ("lea", "ben"), LEADS: ("ben",)}
        for name, line in MATRIX.items():
            for agent in refused.get(line.who, ()):
                client, before = self.client_of(agent), self.without_audit()
                for method in ("GET", "POST"):
                    answer = self.ask(client, method, self.path(name))
                    self.assertEqual(answer.status_code, 404 if line.hidden else 403, f"{method} {name} of {agent}")
                self.assertEqual(self.without_audit(), before, name)

    def without_audit(self) -> dict[str, Any]:
        return {table: mark for table, mark in everything_stored().items() if table != "accounts_auditentry"}

    def test_the_right_people_are_let_in(self) -> None:
        allowed = {EVERYBODY: ("ada", "lea", "ben"), LEADS: ("ada", "lea"), ADMINS: ("ada",)}
        for name, line in MATRIX.items():
            for agent in allowed.get(line.who, ()):
                answer = self.ask(self.client_of(agent), "GET", self.path(name))
                codes = (200, 302, 405, *line.answers) if not line.demo_only else (200, 404, 405, 502, 503)
                self.assertIn(answer.status_code, codes, f"{name} of {agent}")

    def test_what_one_may_not_see_is_the_same_as_what_is_not_there(self) -> None:
        for name, line in MATRIX.items():
            if line.args is None or line.demo_only or line.who == PUBLIC:
                continue
            for agent in line.blind:
                client, before = self.client_of(agent), self.without_audit()
                for method in METHODS:
                    hidden = self.ask(client, method, self.path(name))
                    missing = self.ask(client, method, self.path(name, missing=True))
                    label = f"{method} {name} of {agent}"
                    self.assertIn(hidden.status_code, (404, 405), label)
                    self.assertEqual(
                        (hidden.status_code, hidden.content, hidden.headers.get("Content-Type")),
                        (missing.status_code, missing.content, missing.headers.get("Content-Type")),
                        label,
                    )
                self.assertEqual(self.without_audit(), before, f"{name} of {agent}")

    def test_impossible_numbers_are_missing_too(self) -> None:
        client = self.client_of("ada")
        for name, line in MATRIX.items():
            if line.args is None or line.demo_only or line.who == PUBLIC:
                continue
            args = [10**30 if isinstance(arg, int) else "\x00" for arg in line.args(self.world)]
            for method in ("GET", "POST"):
                answer = self.ask(client, method, reverse(name, args=args))
                self.assertIn(answer.status_code, (404, 405), f"{method} {name}")

    def test_every_view_is_private_unless_the_matrix_says_public(self) -> None:
        for pattern in self.patterns():
            if MATRIX[pattern.name].who != PUBLIC:
                self.assertTrue(getattr(pattern.callback, "login_required", True), pattern.name)

    def patterns(self, resolver: URLResolver | None = None) -> Iterator[URLPattern]:
        for pattern in of_pages(resolver or get_resolver()):
            if isinstance(pattern, URLPattern):
                yield pattern
            else:
                yield from self.patterns(pattern)


class CrossSiteTests(MatrixTestCase):
    def test_no_change_without_the_token_of_the_page(self) -> None:
        before = everything_stored()
        for name, line in MATRIX.items():
            if line.demo_only:
                continue
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                answer = self.client_of("ada", enforce_csrf_checks=True).generic(
                    method, self.path(name), b"{}", content_type="text/plain", HTTP_ORIGIN="https://evil.example"
                )
                self.assertIn(answer.status_code, (403, 404, 405), f"{method} {name}")
        self.assertEqual(everything_stored(), before)
