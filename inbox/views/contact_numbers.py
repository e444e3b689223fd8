"""Another number for a contact, with what that means."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import may_manage_contacts
from accounts.views.answers import done
from inbox import access
from inbox.actions import contact_numbers
from inbox.actions.contact_book import NumberTaken
from inbox.errors import InboxRuleViolation
from inbox.forms.contacts import NumberForm


@require_http_methods(["GET", "HEAD", "POST"])
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    contact = access.get_contact(request.user, pk)
    form = NumberForm(request.POST or None, by=request.user)
    taken = None
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            changed = contact_numbers.change_number(
                contact, number=said["number"], phone=said["digits"], by=request.user
            )
            if changed:
                done(request, _("The number is changed. The first message to it is a template."))
            return redirect("contact-edit", contact.pk)
        except NumberTaken as violation:
            form.add_error("phone", str(violation.sentence))
            taken = violation.contact if may_manage_contacts(request.user) else None
        except InboxRuleViolation as violation:
            form.add_error("phone", str(violation.sentence))
    context = {"nav": "contacts", "contact": contact, "form": form, "taken": taken}
    return render(request, "inbox/contacts/number.html", context, status=422 if form.errors else 200)
