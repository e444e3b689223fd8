"""Templates over the wire: list, one, create, edit, delete, unpause; and their reviews, told by webhook."""

import asyncio
import base64
import json
import time
from typing import Any

from whatsapp.sandbox.errors import GraphError, unknown_object
from whatsapp.sandbox.event_log import EventLog
from whatsapp.sandbox.http import Request, Response, json_response
from whatsapp.sandbox.media_api import MediaStore
from whatsapp.sandbox.sending import read_json
from whatsapp.sandbox.state import DAY, Number, State, Template, new_id
from whatsapp.sandbox.template_rules import check_components, check_name, handles_of
from whatsapp.sandbox.webhooks import Outbox, Update

DEFAULT_FIELDS = "name,parameter_format,components,language,status,category,id"
LIST_LIMIT = 250
CREATIONS_PER_HOUR = 100
PAUSES = ["FIRST_PAUSE", "SECOND_PAUSE"]
PAUSE_WORDS = {"FIRST_PAUSE": "3 hours", "SECOND_PAUSE": "6 hours"}
Body = dict[str, Any]


class Templates:
    def __init__(self, state: State, outbox: Outbox, events: EventLog, media: MediaStore) -> None:
        self.state = state
        self.media = media
        self.outbox = outbox
        self.events = events
        self.created: list[float] = []

    # --- reading -----------------------------------------------------------------------------------------------------
    def page(self, waba_id: str, request: Request) -> Response:
        params = request.params
        found = [template for template in self._of(waba_id) if _matches(template, params)]
        limit = min(int(params.get("limit", "25") or 25), LIST_LIMIT) if params.get("limit", "25").isdigit() else 25
        start = _cursor_position(params.get("after", ""))
        page = found[start : start + limit]
        fields = params.get("fields", DEFAULT_FIELDS).split(",")
        answer: Body = {"data": [shown(template, fields) for template in page]}
        if page:
            cursors = {"before": _cursor(start), "after": _cursor(start + len(page))}
            answer["paging"] = {"cursors": cursors}
            if start + limit < len(found):
                query = "&".join(f"{name}={value}" for name, value in params.items() if name != "after")
                host = request.headers.get("host", "127.0.0.1")
                answer["paging"]["next"] = f"http://{host}{request.path}?{query}&after={cursors['after']}"
        return json_response(answer)

    def get(self, template: Template, request: Request) -> Response:
        return json_response(shown(template, request.params.get("fields", DEFAULT_FIELDS).split(",")))

    def _of(self, waba_id: str) -> list[Template]:
        return sorted(
            (one for one in self.state.templates.values() if one.waba_id == waba_id),
            key=lambda one: (-one.created_at, one.id),
        )

    # --- writing -----------------------------------------------------------------------------------------------------
    def create(self, waba_id: str, request: Request) -> Response:
        body = read_json(request)
        now = time.time()
        self.created = [at for at in self.created if at > now - 3600]
        if len(self.created) >= CREATIONS_PER_HOUR:
            raise GraphError(80007)
        check_name(body.get("name"), body.get("language"), body.get("category"))
        named = str(body.get("parameter_format", "POSITIONAL")).upper() == "NAMED"
        check_components(body.get("components"), named, body["category"])
        self._check_files(body["components"])
        siblings = self._of(waba_id)
        if any(one.name == body["name"] and one.language == body["language"] for one in siblings):
            raise GraphError(
                100, message="Invalid parameter", subcode=2388024, user_title="Content in This Language Already Exists",
                user_message=f"There is already {body['language']} content for this template.",
            )  # fmt: skip
        template = Template(
            id=new_id(), waba_id=waba_id, name=body["name"], language=body["language"], category=body["category"],
            status="PENDING", components=body["components"], parameter_format="NAMED" if named else "POSITIONAL",
            ttl=body.get("message_send_ttl_seconds"), created_at=now,
        )  # fmt: skip
        self.created.append(now)
        self.state.add("template", template)
        self.events.add("review", name=template.name, language=template.language, event="PENDING")
        self._review_later(template)
        return json_response({"id": template.id, "status": template.status, "category": template.category})

    def edit(self, template: Template, request: Request) -> Response:
        body = read_json(request)
        now = time.time()
        if template.status not in {"APPROVED", "REJECTED", "PAUSED"}:
            raise GraphError(100, message="(#100) Only approved, rejected and paused templates can be edited.")
        if template.status == "APPROVED":
            if "category" in body and body["category"] != template.category:
                raise GraphError(100, message="(#100) The category of an approved template can't be edited.")
            recent = [at for at in template.edited_at if at > now - 30 * DAY]
            if len(recent) >= 10 or any(at > now - DAY for at in recent):
                raise GraphError(
                    100, message="(#100) An approved template can be edited once a day and 10 times in 30."
                )
            template.edited_at = [*recent, now]
        if "components" in body:
            category = body.get("category", template.category)
            check_components(body["components"], template.parameter_format == "NAMED", category)
            self._check_files(body["components"])
            template.components = body["components"]
        template.category = body.get("category", template.category)
        template.ttl = body.get("message_send_ttl_seconds", template.ttl)
        template.status = "PENDING"
        self.state.touch("template", template.id, template)
        self._review_later(template)
        return json_response({"success": True})

    def _check_files(self, components: list[Body]) -> None:
        """A sample file is named by the handle of a finished upload."""
        for handle in handles_of(components):
            if self.media.uploaded(handle) is None:
                raise GraphError(
                    100, message="Invalid parameter", user_title="Sample file missing",
                    user_message="The header's sample file cannot be read. Upload it again.",
                )  # fmt: skip

    def delete(self, waba_id: str, request: Request) -> Response:
        name, hsm_id = request.params.get("name", ""), request.params.get("hsm_id", "")
        if not name and not hsm_id:
            raise GraphError(100, message="(#100) The parameter name is required.")
        found = [
            one for one in self._of(waba_id) if (not name or one.name == name) and (not hsm_id or one.id == hsm_id)
        ]
        if not found:
            raise unknown_object("DELETE", hsm_id or name)
        if any(one.status == "DISABLED" for one in found):
            raise GraphError(100, message="(#100) Disabled templates can't be deleted.")
        for template in found:
            self.state.forget("template", template.id)
            self._tell(template, "message_template_status_update", self._status_value(template, "PENDING_DELETION"))
        return json_response({"success": True})

    # --- review ------------------------------------------------------------------------------------------------------
    def review(self, template: Template, decision: str, reason: str = "", explanation: str = "") -> None:
        """Decide: APPROVED, REJECTED, PAUSED, UNPAUSED, DISABLED, or what else Meta's `event` may be.

        The third pause switches it off for good.
        """
        if decision == "PAUSED" and template.pauses >= len(PAUSES):
            decision = "DISABLED"
        value = self._status_value(template, "APPROVED" if decision == "UNPAUSED" else decision)
        template.rejected_reason = "NONE"
        if decision == "REJECTED":
            template.rejected_reason = value["reason"] = reason or "INVALID_FORMAT"
            value["rejection_info"] = {
                "reason": explanation or reason,
                "recommendation": "Change the text and submit again.",
            }
        elif decision == "PAUSED":
            title = PAUSES[min(template.pauses, 1)]
            template.pauses += 1
            words = f"Your template was paused for {PAUSE_WORDS[title]} because of low quality."
            value["other_info"] = {"title": title, "description": words}
        elif decision == "UNPAUSED":
            value["other_info"] = {"title": "UNPAUSE", "description": "Your template is active again."}
        elif decision == "DISABLED":
            value["disable_info"] = {"disable_date": int(time.time())}
        template.status = "APPROVED" if decision == "UNPAUSED" else decision
        self.state.touch("template", template.id, template)
        self._tell(template, "message_template_status_update", value)

    def rate(self, template: Template, quality: str) -> None:
        """A new quality score."""
        value = {"previous_quality_score": template.quality, "new_quality_score": quality} | _naming(template)
        template.quality = quality
        self.state.touch("template", template.id, template)
        self._tell(template, "message_template_quality_update", value)

    def recategorise(self, template: Template, category: str, announced_for: int | None = None) -> None:
        """Meta finds the template belongs elsewhere: announced with a date, or done."""
        if announced_for:
            value = {
                "new_category": template.category, "correct_category": category,
                "category_update_timestamp": announced_for,
            }  # fmt: skip
        else:
            value = {"previous_category": template.category, "new_category": category}
            template.previous_category, template.category = template.category, category
            self.state.touch("template", template.id, template)
        self._tell(template, "template_category_update", value | _naming(template))

    def _review_later(self, template: Template) -> None:
        if self.state.settings.review_after is not None:
            asyncio.get_running_loop().call_later(self.state.settings.review_after, self.review, template, "APPROVED")

    def _status_value(self, template: Template, event: str) -> Body:
        return {"event": event, **_naming(template), "reason": "NONE", "message_template_category": template.category}

    def _tell(self, template: Template, field: str, value: Body) -> None:
        number: Number | None = self.state.number_of_waba(template.waba_id)
        if number:
            event = value.get("event") or value.get("new_quality_score") or value.get("new_category")
            self.events.add("review", name=template.name, language=template.language, event=event)
            self.outbox.put(Update(number, field, "", value, note=f"template {event}"))


def _naming(template: Template) -> Body:
    return {
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
    }


def shown(template: Template, fields: list[str]) -> Body:
    """The template node with these fields; `id` is always there."""
    values: Body = {
        "name": template.name, "language": template.language, "status": template.status, "category": template.category,
        "components": template.components, "parameter_format": template.parameter_format,
        "quality_score": {"score": template.quality, "date": int(template.created_at)},
        "rejected_reason": template.rejected_reason, "previous_category": template.previous_category or None,
        "message_send_ttl_seconds": template.ttl,
    }  # fmt: skip
    chosen = {name.strip(): values[name.strip()] for name in fields if values.get(name.strip()) is not None}
    return chosen | {"id": template.id}


def _matches(template: Template, params: dict[str, str]) -> bool:
    text = params.get("name_or_content", "").lower()
    return (
        params.get("name", "") in template.name
        and (not text or text in template.name or text in json.dumps(template.components, ensure_ascii=False).lower())
        and all(
            params.get(field, "") in {"", value}
            for field, value in (
                ("status", template.status), ("category", template.category), ("language", template.language),
                ("quality_score", template.quality),
            )
        )
    )  # fmt: skip


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"c{position}".encode()).decode().rstrip("=")


def _cursor_position(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        return max(0, int(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()[1:]))
    except ValueError:
        raise GraphError(100, message="(#100) The after cursor specified is invalid.") from None
