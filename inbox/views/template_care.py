"""Settings: what an admin decides about one template: alarms seen, whose it is, what fills it; testing, deleting."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.audit import record_audit
from accounts.models import Agent, Team
from accounts.permissions import admin_desk_required
from accounts.views.answers import done
from inbox.actions import template_care, template_tests
from inbox.errors import InboxRuleViolation, TemplateValuesInvalid
from inbox.forms.templates import TestSendForm
from inbox.template_desk.pages import TemplatePage
from inbox.template_desk.uses import uses_of
from inbox.views.template_settings import PAGE, found_template, mapping_form, template_page
from whatsapp import errors
from whatsapp.errors import DeliveryProblem
from whatsapp.models import MessageTemplate
from whatsapp.phone_format import pretty
from whatsapp.template_parts import TemplateShape
from whatsapp.template_removal import removable, remove


@admin_desk_required
@require_POST
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """What Meta did to it is known now."""
    agent: Agent = request.user  # type: ignore[assignment]
    template_care.see_alarms(found_template(agent, pk), by=agent)
    return redirect("settings-template", pk=pk)


@admin_desk_required
@require_POST
def teams(request: HttpRequest, pk: int) -> HttpResponse:
    """Whose it is: the teams that were ticked, or everybody's."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    ticked = [each for each in request.POST.getlist("team") if each.isdecimal() and len(each) < 19]
    chosen = Team.objects.filter(workspace=agent.workspace_id, pk__in=ticked)
    template_care.restrict_to(template, chosen, by=agent)
    done(request, _("Saved."))
    return redirect("settings-template", pk=pk)


@admin_desk_required
@require_POST
def favourite(request: HttpRequest, pk: int) -> HttpResponse:
    """Whether it stands first in one's own picker; answers with its button."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    on = request.POST.get("on") == "1"
    template_care.set_favourite(template, by=agent, on=on)
    if not request.htmx:
        return redirect("settings-template", pk=pk)
    return render(request, "whatsapp/_favourite.html", {"template": template, "is_favourite": on})


@admin_desk_required
@require_POST
def variables(request: HttpRequest, pk: int) -> HttpResponse:
    """What fills its gaps by itself."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    form = mapping_form(request.POST, template, agent)
    if not form.is_valid():
        return template_page(request, template, form, status=422)
    template_care.map_variables(
        template, form.sources, by=agent, all_languages=form.cleaned_data["all_languages"]
    )
    done(request, _("Saved. The next message with this template begins with it."))
    return redirect("settings-template", pk=pk)


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def test(request: HttpRequest, pk: int) -> HttpResponse:
    """Send it to oneself, by all the rules of sending."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    shape = TemplateShape.of(template)
    samples = {variable.field: variable.example for variable in shape.variables}
    phone = template_tests.own_phone_of(agent)
    form = TestSendForm(
        request.POST or None, by=agent, template=template, shape=shape, values=samples,
        initial={"phone": pretty(phone) if phone else ""},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            template_tests.send_test(
                template, number=said["number"], phone=said["digits"], by=agent, values=form.values, uid=said["uid"],
                known=said["known"],
            )  # fmt: skip
        except TemplateValuesInvalid as refused:
            form.refuse(refused.fields)
        except template_tests.SomebodysNumber as refused:
            form.ask_whether(refused.contact)
            form.add_error("phone", str(refused.sentence))
        except InboxRuleViolation as refused:
            form.add_error(None, str(refused.sentence))
        else:
            done(request, _("On its way to %(phone)s. It stands in the inbox too.") % {"phone": pretty(said["digits"])})
            return redirect("settings-template", pk=pk)
    context = PAGE | {"template": template, "page": TemplatePage(template, agent), "form": form}
    return render(request, "whatsapp/template_test.html", context, status=422 if form.errors else 200)


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def deletion(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: what counts on it. POST: delete this language at Meta, or with `all` every one."""
    agent: Agent = request.user  # type: ignore[assignment]
    template = found_template(agent, pk)
    page = TemplatePage(template, agent)
    alive = [each.template for each in page.languages if each.template.removed_at is None]
    if template not in alive:
        raise Http404
    if request.method == "POST":
        problem = _delete(template, alive, by=agent, everything=request.POST.get("all") == "1")
        if not problem:
            done(request, _("Deleted at WhatsApp: %(template)s.") % {"template": template.name})
            return redirect("settings-templates")
        messages.error(request, problem)
        return redirect("settings-template-deletion", pk=pk)
    context = PAGE | {
        "template": template, "page": page, "alive": alive, "uses": uses_of([template], agent.workspace_id),
        "uses_of_all": uses_of(alive, agent.workspace_id) if len(alive) > 1 else None,
        "one_removable": removable([template]), "all_removable": removable(alive),
    }  # fmt: skip
    return render(request, "whatsapp/template_deletion.html", context)


def _delete(template: MessageTemplate, alive: list[MessageTemplate], *, by: Agent, everything: bool) -> str:
    """Why it was not deleted, or ""."""
    if not removable(alive if everything else [template]):
        return _("WhatsApp keeps templates that it has switched off.")
    try:
        with template_care.telling_alarms(template.business_account):
            gone = remove(template, all_languages=everything)
    except DeliveryProblem as problem:
        return _("Nothing was deleted. %(reason)s") % {"reason": errors.sentence(problem.code)}
    record_audit(by.workspace, by, "template.deleted", template.name, {"languages": [each.language for each in gone]})
    return ""
