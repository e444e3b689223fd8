"""Settings: the business's own fields of its contacts. For admins."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.permissions import admin_required
from accounts.views.answers import done
from inbox.actions import contact_fields
from inbox.forms.contacts import ContactFieldForm
from inbox.models import ContactField


@admin_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    fields = ContactField.objects.filter(workspace=request.user.workspace_id)
    context = {"nav": "settings", "settings_page": "contact-fields", "fields": list(fields)}
    return render(request, "inbox/settings/contact_fields.html", context)


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    return _edited(request, ContactField(workspace=request.user.workspace))


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edited(request, _field(request, pk))


@admin_required
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """One place up."""
    contact_fields.move_up(_field(request, pk))
    return redirect("settings-contact-fields")


@admin_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    field = _field(request, pk)
    contact_fields.remove_field(field, by=request.user)
    done(request, _("%(name)s is removed.") % {"name": field.name})
    return redirect("settings-contact-fields")


def _edited(request: HttpRequest, field: ContactField) -> HttpResponse:
    form = ContactFieldForm(request.POST or None, instance=field)
    if request.method == "POST" and form.is_valid():
        contact_fields.save_field(form.instance, by=request.user)
        done(request, _("%(name)s is saved.") % {"name": form.instance.name})
        return redirect("settings-contact-fields")
    context = {"nav": "settings", "settings_page": "contact-fields", "form": form, "field": field}
    return render(request, "inbox/settings/contact_field.html", context, status=422 if form.errors else 200)


def _field(request: HttpRequest, pk: int) -> ContactField:
    return get_object_or_404(ContactField, pk=pk, workspace_id=request.user.workspace_id)
