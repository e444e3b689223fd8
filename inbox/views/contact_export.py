"""Take the contacts away as a file: those that the list shows to this agent now."""

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.audit import record_audit
from accounts.permissions import contact_manager_required
from inbox import contact_export, contact_list
from inbox.contact_list import ContactFilter

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


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
    response: HttpResponseBase
    if form == "xlsx":
        response = HttpResponse(contact_export.workbook(agent, wanted), content_type=XLSX)
    else:
        parts = contact_export.csv_parts(agent, wanted)
        # Under ASGI a plain iterator would be read into memory as a whole.
        streamed = _async(parts) if isinstance(request, ASGIRequest) else parts
        response = StreamingHttpResponse(streamed, content_type="text/csv; charset=utf-8")
    name = slugify(_("Contacts"))
    response["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate()}.{form}"'
    response["Cache-Control"] = "no-store"
    return response


async def _async(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (part := await sync_to_async(next)(parts, None)) is not None:
        yield part
