"""The contacts page: find people, enter and correct them, begin a conversation with them."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import may_manage_contacts
from accounts.views.answers import done
from inbox import access
from inbox.actions import contact_book, contact_merges
from inbox.actions.contact_book import NumberTaken
from inbox.contacts import listing as contact_list
from inbox.contacts.listing import ContactFilter
from inbox.enums import ConsentState
from inbox.forms.contacts import ContactForm, NewContactForm, StartForm
from inbox.models import Conversation, Label
from inbox.views.refusals import form_refusal, refusing
from whatsapp.models import PhoneNumber
from whatsapp.phone_format import pretty


@require_http_methods(["GET", "HEAD"])
def index(request: HttpRequest) -> HttpResponse:
    """The people one may know of, by name. `?after=` is the next page of rows alone."""
    wanted = ContactFilter.of(request.GET.dict())
    after = request.GET.get("after", "")
    page = contact_list.contact_page(
        request.user, wanted, after=int(after) if after.isdecimal() and len(after) < 19 else None
    )
    context: dict[str, Any] = {"page": page, "filter": wanted, "numbers": _numbers(request)}
    if after:
        return render(request, "inbox/contacts/_rows.html", context)
    context |= {
        "nav": "contacts",
        "manages": may_manage_contacts(request.user),
        "consents": ConsentState.choices,
        "languages": settings.LANGUAGES,
        "labels": list(Label.objects.filter(workspace=request.user.workspace_id).order_by("name")),
    }
    return render(request, "inbox/contacts/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter a person; their empty thread opens, in which the first message is a template."""
    form = NewContactForm(request.POST or None, by=request.user, initial={"phone": request.GET.get("phone", "")[:40]})
    known = None
    if request.method == "POST" and form.is_valid():
        try:
            conversation = contact_book.create_contact(
                number=form.cleaned_data["number"], phone=form.cleaned_data["digits"], by=request.user, **form.said
            )
            return redirect("conversation", conversation.pk)
        except NumberTaken as taken:
            form.add_error("phone", str(taken.sentence))
            known = _thread_of(request, taken)
    context = {"nav": "contacts", "form": form, "known": known}
    return render(request, "inbox/contacts/edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what we know of a person. `?from=` is the conversation to come back to."""
    try:
        contact = access.get_contact(request.user, pk)
    except Http404:
        if request.method == "POST" or (became := access.merged_into(request.user, pk)) is None:
            raise
        return redirect("contact-edit", became.pk)
    form = ContactForm(request.POST or None, workspace_id=request.user.workspace_id, contact=contact)
    back = _conversation_asked_for(request, pk)
    if request.method == "POST" and form.is_valid():
        contact_book.change_contact(contact, by=request.user, **form.said)
        done(request, _("%(name)s is saved.") % {"name": access.get_contact(request.user, pk).display_name})
        return redirect("conversation", back.pk) if back else redirect("contacts")
    manages = may_manage_contacts(request.user)
    context = {
        "nav": "contacts", "form": form, "contact": contact, "back": back, "manages": manages,
        "phone": pretty(contact.phone) if contact.phone else "",
        "merge": contact_merges.undoable_merge(contact) if manages else None,
    }  # fmt: skip
    return render(request, "inbox/contacts/edit.html", context, status=422 if form.errors else 200)


@require_POST
@refusing
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Open the thread of this person with one of our numbers; begun when there was none."""
    contact = access.get_contact(request.user, pk)
    form = StartForm(request.POST, by=request.user)
    if not form.is_valid():
        return form_refusal(request, form.errors)
    conversation = contact_book.start_conversation(contact, number=form.cleaned_data["number"], by=request.user)
    return redirect("conversation", conversation.pk)


def _numbers(request: HttpRequest) -> list[PhoneNumber]:
    return list(PhoneNumber.objects.connected().filter(workspace=request.user.workspace_id).order_by("id"))


def _thread_of(request: HttpRequest, taken: NumberTaken) -> Conversation | None:
    """Where the person who has the number can be answered."""
    if taken.contact is None:
        return None
    seen = Conversation.objects.visible_to(request.user).filter(contact=taken.contact)
    return seen.order_by("-last_message_at").first()


def _conversation_asked_for(request: HttpRequest, contact_pk: int) -> Conversation | None:
    asked = request.GET.get("from", "")
    if not (asked.isdecimal() and len(asked) < 19):
        return None
    return Conversation.objects.visible_to(request.user).filter(pk=int(asked), contact=contact_pk).first()
