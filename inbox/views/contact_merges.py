"""Two contacts are one person: find the other, see what the merge means, do it, take it back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import contact_manager_required
from accounts.views.answers import done
from inbox import access
from inbox.actions import contact_merges
from inbox.contacts import listing as contact_list
from inbox.contacts.listing import ContactFilter
from inbox.errors import InboxRuleViolation
from inbox.models import Contact

MOST_OFFERED = 20


@contact_manager_required
@require_http_methods(["GET", "HEAD", "POST"])
def resource(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: look for the other one, and with `?with=` what the merge means. POST: merge them."""
    keep = access.get_contact(request.user, pk)
    asked = (request.POST if request.method == "POST" else request.GET).get("with", "")
    if not (asked.isdecimal() and len(asked) < 19):
        return _search(request, keep)
    gone = access.get_contact(request.user, int(asked))
    try:
        if request.method == "POST":
            contact_merges.merge(
                keep, gone, by=request.user, choices=request.POST.dict(), uses=request.POST.get("uses", "keep")
            )
            done(request, _("%(name)s and %(other)s are one contact now.") % {
                "name": keep.display_name, "other": gone.display_name
            })  # fmt: skip
            return redirect("contact-edit", keep.pk)
        preview = contact_merges.preview_merge(keep, gone, by=request.user)
    except InboxRuleViolation as violation:
        return _search(request, keep, str(violation.sentence))
    context = {"nav": "contacts", "contact": keep, "other": gone, "preview": preview}
    return render(request, "inbox/contacts/merge.html", context)


@contact_manager_required
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Part the two again."""
    contact = access.get_contact(request.user, pk)
    found = contact_merges.undoable_merge(contact)
    try:
        if found is None:
            raise InboxRuleViolation(_("It is too late to take this back."))
        back = contact_merges.undo_merge(found, by=request.user)
        done(request, _("%(name)s is a contact of their own again.") % {"name": back.display_name})
    except InboxRuleViolation as violation:
        messages.error(request, str(violation.sentence))
    return redirect("contact-edit", contact.pk)


def _search(request: HttpRequest, keep: Contact, problem: str = "") -> HttpResponse:
    """Who else it could be: whoever is looked for, at first those of the same name or address."""
    words = request.GET.get("q", "").strip()
    found = contact_list.matching(request.user, ContactFilter.of({"q": words or keep.name_key}))
    if not words and not keep.name_key:
        found = found.none()
    others = list(found.exclude(pk=keep.pk).order_by("name_key", "pk").prefetch_related("identities")[:MOST_OFFERED])
    context = {
        "nav": "contacts", "contact": keep, "words": words, "problem": problem,
        "rows": contact_list.rows_of(request.user, others),
    }  # fmt: skip
    return render(request, "inbox/contacts/merge_search.html", context, status=422 if problem else 200)
