"""Take the contacts away as a file: those that the list shows to this agent now."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.audit import record_audit
from accounts.permissions import contact_manager_required
from accounts.views import downloads
from inbox.contacts import export as contact_export
from inbox.contacts import listing as contact_list
from inbox.contacts.listing import ContactFilter


@contact_manager_required
@require_POST
def download(request: HttpRequest) -> HttpResponseBase:
    """CSV or a workbook. Too many for one file is said, not cut off; the activity log keeps who took how many."""
    agent, wanted = request.user, ContactFilter.of(request.POST.dict())
    form = "xlsx" if request.POST.get("format") == "xlsx" else "csv"
    count = contact_list.matching(agent, wanted).count()
    if count > contact_export.MOST[form]:
        messages.error(request, _("These are more than %(most)s contacts. Filter the list first, or take CSV.") % {
            "most": contact_export.MOST[form]
        })  # fmt: skip
        return redirect("contacts")
    record_audit(
        agent.workspace, agent, "contacts.exported", subject=f"{count} · {form.upper()}",
        data={"count": count, "format": form, "filter": sorted(wanted.parameters)},
    )  # fmt: skip
    if form == "xlsx":
        return downloads.workbook_file(contact_export.workbook(agent, wanted), _("Contacts"))
    return downloads.csv_file(request, contact_export.csv_parts(agent, wanted), _("Contacts"))
