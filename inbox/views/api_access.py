"""Settings: the API. Which tokens there are, and which webhooks; the documentation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import api_tokens, interrupted
from accounts.models import ApiToken
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from accounts.views.second_factor import fresh_required
from inbox.api import description, problems
from inbox.forms.api import TokenForm
from inbox.models import OutgoingWebhook

MOST = 100


def _page() -> str:
    return reverse("settings-api")


def _one(pk: int) -> str:
    return _page()


@admin_desk_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    tokens = ApiToken.objects.filter(workspace=request.user.workspace_id, revoked_at=None).select_related("owner")
    webhooks = OutgoingWebhook.objects.filter(workspace=request.user.workspace_id).order_by("pk")
    webhooks = webhooks.prefetch_related("numbers")
    context = {
        "nav": "settings", "settings_page": "api", "webhooks": webhooks,
        "tokens": tokens.prefetch_related("teams").order_by("-pk")[:MOST],
    }  # fmt: skip
    return render(request, "inbox/settings/api.html", context)


@admin_desk_required
@never_cache
@fresh_required(back=lambda: reverse("settings-api-token-new"))
@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show it, this once: the page is not kept, and there is no address to come back to it."""
    form = TokenForm(request.POST or interrupted.words(request, request.path), workspace_id=request.user.workspace_id)
    context = {"nav": "settings", "settings_page": "api", "form": form}
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        token, text = api_tokens.create_token(
            name=said["name"], scopes=said["scopes"], expires_at=form.expires_at, by=request.user,
            teams=said["teams"] or None,
        )  # fmt: skip
        return render(request, "inbox/settings/api_token_made.html", context | {"token": token, "text": text})
    return render(request, "inbox/settings/api_token.html", context, status=422 if request.method == "POST" else 200)


@admin_desk_required
@require_POST
def revocation(request: HttpRequest, pk: int) -> HttpResponse:
    token = _token(request, pk)
    api_tokens.revoke_token(token, by=request.user)
    done(request, _("“%(name)s” is revoked and opens nothing any more.") % {"name": token.name})
    return redirect("settings-api")


@admin_desk_required
@require_POST
@fresh_required(back=_one)
def take_over(request: HttpRequest, pk: int) -> HttpResponse:
    """From now on this admin answers for it."""
    token = _token(request, pk)
    if token.revoked_at is not None:
        messages.error(request, _("This token is revoked."))
    else:
        api_tokens.take_over(token, by=request.user)
        done(request, _("You answer for “%(name)s” now.") % {"name": token.name})
    return redirect("settings-api")


@admin_desk_required
@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """Made of the same document that programs get."""
    context = {
        "nav": "settings", "settings_page": "api", "groups": description.operations(), "shapes": description.shapes(),
        "codes": problems.CODES, "base": request.build_absolute_uri("/api/v1"),
    }  # fmt: skip
    return render(request, "inbox/settings/api_docs.html", context)


@admin_desk_required
@require_safe
def document(request: HttpRequest) -> HttpResponse:
    return JsonResponse(description.document(), json_dumps_params={"indent": 2})


def _token(request: HttpRequest, pk: int) -> ApiToken:
    found = ApiToken.objects.select_related("workspace", "owner")
    return get_object_or_404(found, pk=pk, workspace_id=request.user.workspace_id)
