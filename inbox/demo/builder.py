"""Makes rows of `inbox.demo.data` and `inbox.demo.threads`, as if the day had happened here.

Rows only: nothing is sent, routed or announced. Every mark on a conversation is worked out from its steps, so that the
lists, windows, counters and cases agree with what the thread shows.
"""

import mimetypes
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone

from accounts.models import Agent, Membership, Skill, Team, WorkingHours, Workspace
from accounts.passwords import DEMO_PASSWORD
from inbox.demo import data as demo_data
from inbox.demo import thread_rows as demo_thread_rows
from inbox.demo import threads as demo_threads
from inbox.models import (
    AutomaticText,
    Consent,
    ConsentSettings,
    Contact,
    ContactIdentity,
    KeywordAnswer,
    Label,
    NumberRouting,
    OptInPage,
    RoutingRule,
    SavedReply,
    ServiceMessageCount,
)
from inbox.rules.matching import Conditions
from inbox.text import fold
from whatsapp.models import (
    AppSecret,
    BusinessAccount,
    MessageTemplate,
    MetaApp,
    PhoneNumber,
    TemplateChange,
    TemplateHeaderMedia,
)
from whatsapp.rates import load_preset
from whatsapp.sandbox import seed_templates, seeds
from whatsapp.sandbox.state import ACCESS_TOKEN, APP_ID, APP_SECRET, VERIFY_TOKEN
from whatsapp.template_filling import render
from whatsapp.template_parts import TemplateShape


class DemoWorkspace:
    """Radhaus Lindenhof at one moment: `build` makes everything, in the caller's transaction."""

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or timezone.now()
        self.teams: dict[str, Team] = {}
        self.people: dict[str, Agent] = {}
        self.labels: dict[str, Label] = {}
        self.contacts: dict[str, Contact] = {}
        self.templates: dict[str, MessageTemplate] = {}

    def at(self, ago: str) -> datetime:
        return self.now - demo_threads.span(ago)

    def build(self) -> Workspace:
        self.workspace = Workspace.objects.create(name=demo_data.WORKSPACE, is_demo=True)
        WorkingHours.objects.create(workspace=self.workspace, weekly=demo_data.WEEK, region=demo_data.REGION)
        self._make_teams()
        self._make_people()
        self._make_number()
        self._make_templates()
        load_preset()
        self._make_labels()
        self._make_rules()
        self._make_replies()
        self._make_automatic()
        for customer in demo_data.CUSTOMERS:
            self._make_contact(customer)
        for thread in demo_threads.THREADS:
            demo_thread_rows.ThreadRows(self, thread).write()
        self._make_consents()
        return self.workspace

    def _make_teams(self) -> None:
        for data in demo_data.TEAMS:
            self.teams[data.key] = Team.objects.create(
                workspace=self.workspace, name=data.name, strategy=data.strategy, is_default=data.is_default,
                handback_minutes=data.handback_minutes, first_response_minutes=data.first_response_minutes,
                next_response_minutes=data.next_response_minutes, requeues_at_target=False,
            )

    def _make_people(self) -> None:
        for data in demo_data.PEOPLE:
            person = Agent.objects.create_user(
                data.email, DEMO_PASSWORD, workspace=self.workspace, name=data.name, role=data.role,
                visibility=data.visibility, capacity=data.capacity,
            )
            self.people[data.key] = person
            for key in (*data.teams, *data.leads):
                Membership.objects.create(team=self.teams[key], agent=person, is_lead=key in data.leads)

    def _make_number(self) -> None:
        app = MetaApp.objects.create(
            workspace=self.workspace, app_id=APP_ID, verify_token=VERIFY_TOKEN
        )
        AppSecret.objects.create(meta_app=app, secret=APP_SECRET)
        self.account = BusinessAccount.objects.create(
            workspace=self.workspace, meta_app=app, waba_id=seeds.WABA_ID, portfolio_id=seeds.PORTFOLIO_ID,
            name=demo_data.WORKSPACE, access_token=ACCESS_TOKEN,
        )
        self.number = PhoneNumber.objects.create(
            workspace=self.workspace, business_account=self.account, phone_number_id=seeds.NUMBER_ID,
            display_number="4915550100100", name=demo_data.WORKSPACE, quality="GREEN",
        )
        NumberRouting.objects.create(phone_number=self.number, team=self.teams["workshop"])
        ServiceMessageCount.objects.create(
            phone_number=self.number, month=timezone.localdate(self.now).replace(day=1),
            delivered=demo_data.REPLIES_THIS_MONTH,
        )

    def _make_templates(self) -> None:
        for position, data in enumerate(seed_templates.TEMPLATES):
            template = MessageTemplate.objects.create(
                business_account=self.account, synced_at=self.now, meta_id=str(1_689_556_900_000_001 + position),
                used_count=demo_data.TEMPLATE_USES.get(data["name"], 0) if data["language"] == "de" else 0, **data,
            )
            self.templates.setdefault(template.name, template)
            self._tell_history(template)
        self.account.templates_synced_at = self.now
        self.account.save(update_fields=["templates_synced_at"])
        for name, file in demo_data.TEMPLATE_HEADERS.items():
            content = (demo_thread_rows.MEDIA / file).read_bytes()
            TemplateHeaderMedia.objects.create(
                template=self.templates[name], phone_number=self.number, file=ContentFile(content, name=file),
                file_name=file, mime_type=mimetypes.guess_type(file)[0] or "", size=len(content),
            )

    def _tell_history(self, template: MessageTemplate) -> None:
        """How the templates that cannot be sent came to that."""
        story = {
            "REJECTED": [("status", "PENDING", "REJECTED", template.rejected_reason)],
            "PAUSED": [("quality", "YELLOW", "RED", ""), ("status", "APPROVED", "PAUSED", "SECOND_PAUSE")],
            "DISABLED": [("quality", "YELLOW", "RED", ""), ("status", "PAUSED", "DISABLED", "")],
        }.get(template.status, [])
        TemplateChange.objects.bulk_create(
            TemplateChange(
                template=template, at=self.now - timedelta(days=2, hours=3 - place), what=what, before=before,
                after=after, reason=reason,
            )
            for place, (what, before, after, reason) in enumerate(story)
        )  # fmt: skip

    def template_message(self, template: MessageTemplate, values: tuple[str, ...]) -> dict[str, Any]:
        """The fields of a message that was sent with this template."""
        shape = TemplateShape.of(template)
        filled = dict(zip((variable.field for variable in shape.variables), values, strict=True))
        parts = render(shape, filled)
        data = {"name": template.name, "language": template.language, "category": template.category, "values": filled}
        return {"template": template, "text": parts["body"], "data": data | parts}

    def _make_labels(self) -> None:
        for key, (name, hue) in demo_data.LABELS.items():
            self.labels[key] = Label.objects.create(workspace=self.workspace, name=name, hue=hue)

    def _make_rules(self) -> None:
        skills = {name: Skill.objects.create(workspace=self.workspace, name=name) for name in demo_data.SKILLS}
        for name, people in demo_data.SKILLS.items():
            skills[name].agents.set(self.people[key] for key in people)
        for position, data in enumerate(demo_data.RULES, 1):
            asked = Conditions(
                teams=frozenset(self.teams[key].pk for key in data.teams),
                labels=frozenset(self.labels[key].pk for key in data.labels), **data.asks,
            )  # fmt: skip
            RoutingRule.objects.create(
                workspace=self.workspace, name=data.name, position=position, is_active=data.is_active,
                conditions=asked.stored(), target=data.target, manner=data.manner, team=self.teams.get(data.team),
                agent=self.people.get(data.agent), skill=skills.get(data.skill), changed_by=self.people["lead"],
            )

    def _make_replies(self) -> None:
        for position, data in enumerate(demo_data.REPLIES):
            scope = "team" if data.team else "personal" if data.owner else "all"
            reply = SavedReply(
                workspace=self.workspace, scope=scope, team=self.teams.get(data.team),
                owner=self.people.get(data.owner), shortcut=data.shortcut, title=data.title,
                text=data.text, used_count=data.used, last_used_at=self.now - timedelta(hours=2 + 7 * position),
                created_by=self.people[data.owner or "lead"],
            )
            reply.set_search_key()
            reply.save()

    def _make_automatic(self) -> None:
        for kind, texts in demo_data.AUTOMATIC.items():
            AutomaticText.objects.create(workspace=self.workspace, kind=kind, texts=texts)
        for words, texts in demo_data.KEYWORDS:
            KeywordAnswer.objects.create(workspace=self.workspace, words=words, texts=texts)

    def _make_contact(self, data: demo_data.Customer) -> None:
        contact = Contact.objects.create(
            workspace=self.workspace, name=data.name, profile_name=data.profile_name, username=data.username,
            name_key=fold(data.name or data.profile_name or data.phone or data.username), language=data.language,
            email=data.email,
        )
        for kind, value in (("phone", data.phone), ("bsuid", data.bsuid)):
            if value:
                ContactIdentity.objects.create(
                    workspace=self.workspace, contact=contact, portfolio=self.account.portfolio, kind=kind, value=value
                )
        self.contacts[data.key] = contact

    def _make_consents(self) -> None:
        """The ledger, each line with the message that said it where a message said it; and the page to sign up."""
        ConsentSettings.objects.create(
            workspace=self.workspace, business_name=self.workspace.name,
            privacy_url="https://radhaus.example/datenschutz", imprint_url="https://radhaus.example/impressum",
        )
        OptInPage.objects.create(workspace=self.workspace, phone_number=self.number, is_published=True)
        for data in demo_data.CUSTOMERS:
            for given, source, ago, wording, note in data.consents:
                contact = self.contacts[data.key]
                message = None
                if source == Consent.Source.KEYWORD:
                    message = demo_thread_rows.message_saying(contact, wording, self.at(ago))
                    demo_thread_rows.write_consent_line(message, given)
                Consent.objects.create(
                    workspace=self.workspace, contact=contact, state=given, source=source, wording=wording, note=note,
                    recorded_by=self.people["aylin"] if source == Consent.Source.AGENT else None, message=message,
                    occurred_at=self.at(ago), created_at=self.at(ago),
                )
