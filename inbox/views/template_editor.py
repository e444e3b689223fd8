"""The template editor, for admins: every pause in typing is saved, looked at by the lint and shown on the phone."""

import re
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Agent
from accounts.permissions import admin_desk_required
from inbox.actions import template_drafts, template_submitting
from inbox.errors import InboxRuleViolation
from inbox.forms.template_editor import read_content, reshaped
from inbox.models import DraftText
from inbox.template_desk.editor_page import Page
from inbox.templatetags.inbox import category_words
from whatsapp.header_media import HeaderFileInvalid
from whatsapp.models import BusinessAccount, MessageTemplate
from whatsapp.sealing import seal


@admin_desk_required
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """A new, empty draft."""
    account = BusinessAccount.objects.filter(workspace_id=_agent(request).workspace_id).order_by("pk").first()
    if account is None:
        messages.error(request, _("Connect a number first: templates belong to its business account."))
        return redirect("settings-templates")
    return _to_draft(template_drafts.begin_draft, request, account)


@admin_desk_required
@require_POST
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft in which a template of Meta's is changed."""
    return _to_draft(template_drafts.edit_template, request, _template(request, pk))


@admin_desk_required
@require_POST
def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
    """A copy under another name."""
    return _to_draft(template_drafts.duplicate_template, request, _template(request, pk))


def _to_draft(action: Any, request: HttpRequest, of: Any) -> HttpResponse:
    try:
        made = action(of, by=_agent(request))
    except InboxRuleViolation as refusal:
        messages.error(request, str(refusal.sentence))
        back = ("settings-template", of.pk) if isinstance(of, MessageTemplate) else ("settings-templates",)
        return redirect(*back)
    return _to(made) if isinstance(made, DraftText) else redirect("settings-template-draft", pk=made.pk)


@admin_desk_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the editor. POST: what is typed, and with `act` one of the form's buttons."""
    text = _text(request, pk)
    if request.method == "POST":
        return _saved(request, text)
    return _page(request, Page(text))


def _saved(request: HttpRequest, text: DraftText) -> HttpResponse:
    agent, post, act = _agent(request), request.POST, request.POST.get("act", "")
    before = Page(text)
    shape, gaps = _shape(before), [name for name, *_rest in before.samples]
    seen = post.get("seen", "")
    try:
        template_drafts.save_text(
            text, reshaped(read_content(post), act), name=post.get("name", text.draft.name),
            category=post.get("category", ""), seen=int(seen) if re.fullmatch("[0-9]{1,9}", seen) else 0,
            by=agent, force=act == "overwrite",
        )  # fmt: skip
        problem = _files(request, text.pk)
    except template_drafts.ChangedByOther as clash:
        return _clash(request, before, clash)
    text = _text(request, text.draft_id, text.language)
    try:
        if act == "language":
            return _to(template_drafts.add_language(text, post.get("new_language", ""), by=agent))
        if act == "drop-language":
            template_drafts.drop_language(text, by=agent)
            return redirect("settings-template-draft", pk=text.draft_id)
        if act in ("submit", "submit-all"):
            return _submitted(request, text, everything=act == "submit-all")
    except InboxRuleViolation as refusal:
        return _page(request, Page(text), problem=refusal.sentence, status=refusal.status)
    page = Page(text, focus=_focus(act, text))
    if not getattr(request, "htmx", False):
        return _page(request, page, problem=problem, status=422) if problem else _to(text)
    if problem or request.FILES or _shape(page) != shape:
        response = render(request, "inbox/template_editor/_editor.html", {"page": page, "problem": problem})
        response["HX-Retarget"], response["HX-Reswap"] = "#template-editor", "outerHTML"
        return response
    context = {"page": page, "is_part": True, "has_new_gaps": gaps != [name for name, *_rest in page.samples]}
    return render(request, "inbox/template_editor/_side.html", context)


def _shape(page: Page) -> tuple[object, ...]:
    """What the form's fields depend on: when it changes, the form is drawn anew."""
    content = page.content
    buttons = [[button.kind for button in each.buttons] for each in (content, *content.cards)]
    dynamic = [button.is_dynamic for each in (content, *content.cards) for button in each.buttons]
    gaps = [row.samples for row in page.cards]
    return (
        page.draft.category, content.layout, content.header, page.card_header, buttons, dynamic,
        [[name for name, *_rest in each] for each in gaps],
    )  # fmt: skip


def _files(request: HttpRequest, pk: int) -> str:
    """Keep the chosen sample files; the sentence about one that does not fit."""
    text = DraftText.objects.get(pk=pk)
    for name, file in request.FILES.items():
        place = name.removeprefix("file-")
        if isinstance(file, UploadedFile) and place in text.typed.file_places:
            try:
                template_drafts.keep_file(text, place, file)
            except HeaderFileInvalid as problem:
                return str(problem.sentence)
    return ""


def _focus(act: str, text: DraftText) -> str:
    """Where to go on after one of the form's buttons."""
    if act == "add-button":
        return f"button-{len(text.typed.buttons) - 1}-kind"
    if act == "add-card":
        return f"card-{len(text.typed.cards) - 1}-body"
    if act.startswith(("add-card-", "remove-card-")) and "-button" in act:
        return f"card-{act.split('-')[2]}-add"
    return {"remove-button": "add-button", "remove-card": "add-card"}.get(act.rpartition("-")[0], "")


def _clash(request: HttpRequest, page: Page, clash: template_drafts.ChangedByOther) -> HttpResponse:
    context = {"page": page, "clash": clash.sentence}
    if not getattr(request, "htmx", False):
        return _page(request, page, problem=clash.sentence, status=clash.status)
    response = render(request, "inbox/template_editor/_clash.html", context, status=409)
    response["HX-Retarget"], response["HX-Reswap"] = "#template-clash", "innerHTML"
    return response


def _submitted(request: HttpRequest, text: DraftText, *, everything: bool) -> HttpResponse:
    """Hand in this language, or all that have changes; the first one that is not taken is shown with its reason."""
    draft, agent = text.draft, _agent(request)
    texts = [text]
    if everything:
        changed = draft.texts.filter(is_changed=True).select_related("template", "draft__business_account__meta_app")
        texts = list(changed.order_by("pk"))
    for each in texts:
        try:
            template_submitting.submit(each, by=agent)
        except template_submitting.RefusedByMeta:
            return _to(each)
        except InboxRuleViolation as refusal:
            is_unsound = isinstance(refusal, template_submitting.NotReady)
            return _page(request, Page(each), problem=refusal.sentence, status=refusal.status, is_submitted=is_unsound)
        if (template := each.template) is not None and template.category != draft.category:
            words = _("WhatsApp counts %(name)s as %(category)s; the price is that of this category.")
            messages.warning(request, words % {"name": template, "category": category_words(template.category)})
    messages.success(request, _("Submitted. WhatsApp usually decides within minutes, at most within 24 hours."))
    return _to(text)


@admin_desk_required
@require_safe
def status(request: HttpRequest, pk: int) -> HttpResponse:
    """Asked again and again while WhatsApp reviews: the state, and the page anew once it has decided."""
    page = Page(_text(request, pk))
    if page.is_pending:
        return render(request, "inbox/template_editor/_state.html", {"page": page})
    response = HttpResponse(status=204)
    response["HX-Refresh"] = "true"
    return response


@admin_desk_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Throw the draft away; templates at Meta stay."""
    draft = template_drafts.drafts_of(_agent(request)).filter(pk=pk).first() if pk < 2**63 else None
    if draft is None:
        raise Http404
    template_drafts.delete_draft(draft, by=_agent(request))
    messages.success(request, _("The draft is gone. What WhatsApp has stays there."))
    return redirect("settings-templates")


@admin_desk_required
@require_safe
def picture(request: HttpRequest, pk: int, place: str) -> HttpResponse:
    """A sample image, for the phone."""
    text = _text(request, pk)
    file = text.files.filter(place=place).first() if place in text.typed.file_places else None
    if file is None or not file.is_image:
        raise Http404
    with file.file.open("rb") as opened:
        response = HttpResponse(opened.read(), content_type=file.mime_type)
    return seal(response)


def _agent(request: HttpRequest) -> Agent:
    return request.user  # type: ignore[return-value]


def _template(request: HttpRequest, pk: int) -> MessageTemplate:
    found = MessageTemplate.objects.filter(
        business_account__workspace_id=_agent(request).workspace_id, pk=pk, removed_at=None
    ).select_related("business_account")
    template = found.first() if pk < 2**63 else None
    if template is None:
        raise Http404
    return template


def _text(request: HttpRequest, pk: int, language: str = "") -> DraftText:
    """The language that is asked for, else the draft's first."""
    if pk >= 2**63:
        raise Http404
    drafts = template_drafts.drafts_of(_agent(request)).filter(pk=pk)
    texts = DraftText.objects.filter(draft__in=drafts).select_related(
        "template", "draft__saved_by", "draft__business_account__meta_app"
    )
    wanted = (language or request.POST.get("language") or request.GET.get("language") or "")[:16]
    text = (texts.filter(language=wanted) if wanted else texts.order_by("pk")).first()
    if text is None:
        raise Http404
    return text


def _to(text: DraftText) -> HttpResponse:
    return redirect(f"{reverse('settings-template-draft', args=[text.draft_id])}?language={text.language}")


def _page(
    request: HttpRequest, page: Page, *, problem: Any = "", status: int = 200, is_submitted: bool = False
) -> HttpResponse:
    """`problem` is the sentence above the form; with `is_submitted` what has to be put right follows it."""
    context = {
        "nav": "settings", "settings_page": "templates", "page": page, "problem": problem, "is_submitted": is_submitted
    }  # fmt: skip
    return render(request, "inbox/template_editor/show.html", context, status=status)
