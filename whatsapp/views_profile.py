"""Settings page for admins: what customers see of a number in WhatsApp, as Meta has it, and how it will look."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Agent
from accounts.permissions import admin_required
from accounts.schedules import workspace_hours
from accounts.views.answers import done
from whatsapp import profiles, qr_codes
from whatsapp.business_profile import FIELDS, LABELS, VERTICALS, Automation, Merge, Profile, merged
from whatsapp.errors import DeliveryProblem
from whatsapp.models import BusinessProfile, NumberHealth, PhoneNumber
from whatsapp.opening_words import opening_words
from whatsapp.profile_forms import AutomationForm, PictureForm, ProfileForm, as_text
from whatsapp.sealing import seal


@admin_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The profile of the first number, or that there is none."""
    agent: Agent = request.user  # type: ignore[assignment]
    first = PhoneNumber.objects.connected().filter(workspace_id=agent.workspace_id).order_by("pk").first()
    if first is not None:
        return redirect("settings-profile", pk=first.pk)
    return render(request, "whatsapp/no_profile.html", {"nav": "settings", "settings_page": "business-profile"})


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: the profile as Meta has it now. POST: what would change; with `reviewed`, saves it."""
    number = _number(request, pk)
    if request.method == "POST":
        return _save(request, number)
    row, trouble = _read(number)
    known = Profile.of(row.facts)
    return _page(request, number, row, ProfileForm.filled_with(known, seen=known), trouble=trouble)


def _save(request: HttpRequest, number: PhoneNumber) -> HttpResponse:
    row = profiles.row_of(number)
    form = ProfileForm(request.POST, known=Profile.of(row.facts))
    if not form.is_valid():
        return _page(request, number, row, form, status=422)
    seen, typed = form.baseline, form.typed
    try:
        if request.POST.get("reviewed") == as_text(typed):
            look, words = _outcome(profiles.save_profile(number, seen=seen, typed=typed, by=_agent(request)))
            (messages.success if look == "good" else messages.warning)(request, words)
            return redirect("settings-profile", pk=number.pk)
        row = profiles.read(number)
    except profiles.ChangedMeanwhile as meanwhile:
        row = profiles.row_of(number)
        row.facts = meanwhile.current.as_data()
    except profiles.ProfileRefused as refusal:
        return _page(request, number, row, form, trouble=refusal.sentence, status=409)
    except DeliveryProblem as problem:
        return _page(request, number, row, form, trouble=profiles.trouble_in_words(problem), status=422)
    current = Profile.of(row.facts)
    merge = merged(seen, typed, current)
    if not merge.changes:
        done(request, _("WhatsApp has all of this already: nothing to save."))
        return redirect("settings-profile", pk=number.pk)
    again = ProfileForm.filled_with(merge.wanted, seen=current)
    return _page(request, number, row, again, merge=merge, current=current)


def _outcome(saved: profiles.Saved) -> tuple[str, str]:
    """What to say of a save: the look of the banner and its sentence."""
    if not saved.is_seen:
        return "warn", _("Saved, but WhatsApp does not say yet how it looks now.")
    if saved.otherwise:
        names = ", ".join(str(LABELS[name]) for name in saved.otherwise)
        return "warn", _("Saved, but WhatsApp shows this differently: %(names)s.") % {"names": names}
    return "good", _("Saved. This is what WhatsApp shows now.")


@admin_required
@require_POST
def automation(request: HttpRequest, pk: int) -> HttpResponse:
    """Save ice breakers and commands."""
    number = _number(request, pk)
    form = AutomationForm(request.POST, known=Automation.of(profiles.row_of(number).automation))
    if not form.is_valid():
        return _automation(request, number, form, status=422)
    try:
        saved = profiles.save_automation(number, seen=form.baseline, wanted=form.wanted, by=_agent(request))
    except profiles.ProfileRefused as refusal:
        return _automation(request, number, form, ("bad", refusal.sentence), status=409)
    except DeliveryProblem as problem:
        return _automation(request, number, form, ("bad", profiles.trouble_in_words(problem)), status=422)
    now = AutomationForm(known=Automation.of(profiles.row_of(number).automation))
    return _automation(request, number, now if saved.is_seen else form, _outcome(saved))


def _automation(
    request: HttpRequest, number: PhoneNumber, form: AutomationForm, said: tuple[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {"number": number, "automation": form, "said": said}
    return render(request, "whatsapp/_automation.html", context, status=status)


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def picture(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: our copy of the profile picture. POST: another one."""
    number = _number(request, pk)
    if request.method == "POST":
        return _choose_picture(request, number)
    row = profiles.row_of(number)
    if not row.picture:
        raise Http404
    with row.picture.open("rb") as file:
        response = HttpResponse(file.read(), content_type="image/jpeg")
    return seal(response)


def _choose_picture(request: HttpRequest, number: PhoneNumber) -> HttpResponse:
    form = PictureForm(request.POST, request.FILES)
    said: tuple[str, Any] = ("good", _("This is the profile picture now."))
    try:
        if not form.is_valid():
            raise profiles.ProfileRefused(_("Choose a picture first."))
        profiles.save_picture(number, form.cleaned_data["picture"], square=form.square, by=_agent(request))
    except profiles.ProfileRefused as refusal:
        said = ("bad", refusal.sentence)
    except DeliveryProblem as problem:
        said = ("bad", profiles.trouble_in_words(problem))
    context = {"number": number, "row": profiles.row_of(number), "said": said}
    return render(request, "whatsapp/_picture_changed.html", context, status=200 if said[0] == "good" else 422)


@admin_required
@require_safe
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """The link to a chat with us and its code, with the words of `?text=`."""
    return render(request, "whatsapp/_chat_link.html", _link_context(request, _number(request, pk)))


@admin_required
@require_safe
def qr_code(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The QR code as a picture, to be shown or (`?download=1`) kept."""
    number = _number(request, pk)
    if form not in qr_codes.MIME_TYPES:
        raise Http404
    address = qr_codes.chat_link(number.display_number, _prefill(request))
    response = HttpResponse(qr_codes.qr_code(address, form), content_type=qr_codes.MIME_TYPES[form])
    kept = "attachment" if request.GET.get("download") else "inline"
    response["Content-Disposition"] = f'{kept}; filename="whatsapp-{number.display_number}.{form}"'
    return seal(response, is_kept=True)


# --- the page ---------------------------------------------------------------------------------------------------------


def _agent(request: HttpRequest) -> Agent:
    return request.user  # type: ignore[return-value]


def _number(request: HttpRequest, pk: int) -> PhoneNumber:
    """One of this admin's workspace, or 404."""
    numbers = PhoneNumber.objects.select_related("business_account__meta_app", "workspace")
    return get_object_or_404(numbers, pk=pk, workspace_id=_agent(request).workspace_id)


def _read(number: PhoneNumber) -> tuple[BusinessProfile, Any]:
    """What Meta has now; when it does not say, what it had the last time, and why."""
    try:
        return profiles.read(number), ""
    except DeliveryProblem as problem:
        return profiles.row_of(number), profiles.trouble_in_words(problem)


def _page(
    request: HttpRequest, number: PhoneNumber, row: BusinessProfile, form: ProfileForm, *, trouble: Any = "",
    merge: Merge | None = None, current: Profile | None = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    health = NumberHealth.objects.filter(phone_number=number).first()
    context = {
        "nav": "settings", "settings_page": "business-profile", "number": number, "row": row, "form": form,
        "numbers": PhoneNumber.objects.filter(workspace_id=number.workspace_id).order_by("pk"),
        "automation": AutomationForm(known=Automation.of(row.automation)), "trouble": trouble,
        "hours": opening_words(workspace_hours(number.workspace), timezone.now()),
        "name_status": health.facts.get("name_status") if health else "", **_link_context(request, number),
    }  # fmt: skip
    if merge is not None and current is not None:
        context |= {"changes": _changes(merge, current), "reviewed": as_text(merge.wanted), "merge": merge,
                    "somebody": row.saved_by if row.saved_by != request.user else None}  # fmt: skip
    return render(request, "whatsapp/profile.html", context, status=status)


def _changes(merge: Merge, current: Profile) -> list[dict[str, Any]]:
    """Field by field: what Meta has, what it would get, and whether somebody else changed it too."""
    return [
        {
            "label": LABELS[name], "before": _in_words(name, getattr(current, name)),
            "after": _in_words(name, getattr(merge.wanted, name)), "clash": name in merge.clashes,
        }
        for name in FIELDS if name in merge.changes
    ]  # fmt: skip


def _in_words(name: str, value: Any) -> str:
    if name == "vertical":
        return str(VERTICALS.get(value, value))
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def _prefill(request: HttpRequest) -> str:
    return " ".join(request.GET.get("text", "").replace("\x00", "").split())[: qr_codes.PREFILL_LIMIT]


def _link_context(request: HttpRequest, number: PhoneNumber) -> dict[str, Any]:
    prefill = _prefill(request)
    return {"number": number, "prefill": prefill, "address": qr_codes.chat_link(number.display_number, prefill)}

