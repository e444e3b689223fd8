"""How colleagues hand work to each other, and the words with which leads ask customers to answer. For admins."""

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.audit import record_audit
from accounts.models import Agent, Workspace
from accounts.permissions import admin_required
from accounts.views.answers import done
from inbox.actions.asking_back import LONGEST_ASK, WORDS, words_in


class TeamworkForm(forms.Form):
    """`ask_<language>`: the business's own words; what is left empty is said in ours."""

    handover_note_required = forms.BooleanField(required=False)

    def __init__(self, *args: object, workspace: Workspace, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        own = dict(settings.LANGUAGES)
        for language in WORDS:
            self.fields[f"ask_{language}"] = forms.CharField(
                label=own.get(language, language), required=False, max_length=LONGEST_ASK,
                initial=words_in(workspace, language), widget=forms.Textarea(attrs={"rows": 2, "class": "input"}),
                help_text=gettext_lazy("Empty: Tresen's own words."),
            )  # fmt: skip
        self.fields["handover_note_required"].initial = workspace.handover_note_required

    @property
    def texts(self) -> list[forms.BoundField]:
        return [self[f"ask_{language}"] for language in WORDS]

    def said(self) -> dict[str, object]:
        """The values as the workspace keeps them."""
        texts = {language: self.cleaned_data[f"ask_{language}"].strip() for language in WORDS}
        own = {language: text for language, text in texts.items() if text and text != WORDS[language]}
        return {"handover_note_required": self.cleaned_data["handover_note_required"], "ask_texts": own}


@admin_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    viewer: Agent = request.user  # type: ignore[assignment]
    workspace = viewer.workspace
    form = TeamworkForm(request.POST if request.method == "POST" else None, workspace=workspace)
    if request.method == "POST" and form.is_valid():
        changed = {name: value for name, value in form.said().items() if getattr(workspace, name) != value}
        if changed:
            for name, value in changed.items():
                setattr(workspace, name, value)
            workspace.save(update_fields=list(changed))
            record_audit(workspace, viewer, "workspace.teamwork", data=changed)
        done(request, _("Saved."))
        return redirect("settings-teamwork")
    context = {"nav": "settings", "settings_page": "teamwork", "form": form}
    return render(request, "inbox/settings/teamwork.html", context, status=422 if form.errors else 200)
