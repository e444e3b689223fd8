"""What a system needs to know of the business: its own token, the numbers, the templates."""

from typing import Annotated, Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from ninja import Path, Query, Router

from accounts.models import ApiToken, Scope
from inbox import text as words
from inbox.actions.template_care import not_theirs
from inbox.api import rendering, shapes
from inbox.api.door import needs
from inbox.api.paging import MOST, cursor_of, values_of
from whatsapp.models import BusinessAccount, MessageTemplate, PhoneNumber

router = Router()


@router.get("/token", response=shapes.Me, **needs(), url_name="token", tags=["Business"],
            summary="The token that asks")  # fmt: skip
def me(request: HttpRequest) -> dict[str, Any]:
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    teams = None if token.all_teams else sorted(team.name for team in token.teams.all())
    return {
        "name": token.name, "workspace": token.workspace.name, "scopes": token.scopes, "teams": teams,
        "expires_at": token.expires_at,
    }  # fmt: skip


@router.get("/numbers", response=list[shapes.Number], **needs(), url_name="numbers", tags=["Business"],
            summary="Our WhatsApp numbers")  # fmt: skip
def numbers(request: HttpRequest) -> list[dict[str, Any]]:
    token: ApiToken = request.auth  # type: ignore[attr-defined]
    found = PhoneNumber.objects.connected().filter(workspace=token.workspace_id).order_by("pk")[:MOST]
    return [rendering.number_of(number) for number in found]


@router.get("/templates", response=shapes.Page[shapes.Template], **needs(Scope.TEMPLATES_READ),
            url_name="templates", tags=["Templates"], summary="List templates")  # fmt: skip
def list_templates(
    request: HttpRequest,
    name: Annotated[str, Query(max_length=512, description="Exactly this name, in all its languages.")] = "",
    cursor: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=MOST)] = 50,
) -> dict[str, Any]:
    found = _templates(request.auth).order_by("pk")  # type: ignore[attr-defined]
    if name:
        found = found.filter(name=words.clean(name))
    if cursor:
        found = found.filter(pk__gt=values_of(cursor, int)[0])
    rows = list(found[: limit + 1])
    following = cursor_of(rows[limit - 1].pk) if len(rows) > limit else None
    return {"items": [rendering.template_of(row) for row in rows[:limit]], "next": following}


@router.get("/templates/{template_id}", response=shapes.Template, **needs(Scope.TEMPLATES_READ),
            url_name="template", tags=["Templates"], summary="One template")  # fmt: skip
def show_template(request: HttpRequest, template_id: Path[shapes.Id]) -> dict[str, Any]:
    found = _templates(request.auth).filter(pk=template_id).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return rendering.template_of(found)


def _templates(token: ApiToken) -> QuerySet[MessageTemplate]:
    """What this token may send; what is other teams' alone is as little listed here as in their picker."""
    ours = MessageTemplate.objects.filter(business_account__workspace=token.workspace_id, removed_at=None)
    if not token.all_teams:
        for account in BusinessAccount.objects.filter(workspace=token.workspace_id):
            ours = ours.exclude(business_account=account, name__in=not_theirs(token, account))
    return ours.select_related("business_account")
