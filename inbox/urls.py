"""The inbox."""

from django.urls import path

from inbox.views import (
    assignments,
    attachments,
    availability,
    closures,
    contacts,
    conversations,
    drafts,
    messages,
    notes,
    numbers,
    reading,
    sending,
    template_picker,
    template_settings,
)

urlpatterns = [
    path("", conversations.index, name="inbox"),
    path("counts/", conversations.counts, name="view-counts"),
    path("availability/", availability.change, name="availability"),
    path("conversations/<int:pk>/", conversations.show, name="conversation"),
    path("conversations/<int:pk>/contact/", conversations.contact, name="conversation-contact"),
    path("conversations/<int:pk>/row/", conversations.row, name="conversation-row"),
    path("conversations/<int:pk>/head/", conversations.head, name="conversation-head"),
    path("conversations/<int:pk>/composer/", conversations.composer, name="conversation-composer"),
    path("conversations/<int:pk>/messages/", messages.collection, name="conversation-messages"),
    path("conversations/<int:pk>/notes/", notes.collection, name="conversation-notes"),
    path("conversations/<int:pk>/templates/", template_picker.collection, name="conversation-templates"),
    path(
        "conversations/<int:pk>/templates/<int:template_pk>/header/",
        template_picker.header,
        name="conversation-header-file",
    ),
    path("conversations/<int:pk>/draft/", drafts.keep, name="conversation-draft"),
    path("conversations/<int:pk>/assignment/", assignments.resource, name="conversation-assignment"),
    path("conversations/<int:pk>/closure/", closures.closure, name="conversation-closure"),
    path("conversations/<int:pk>/snooze/", closures.snooze, name="conversation-snooze"),
    path("conversations/<int:pk>/labels/", contacts.labels, name="conversation-labels"),
    path("conversations/<int:pk>/read/", reading.resource, name="conversation-read"),
    path("conversations/<int:pk>/consent/", contacts.record_consent, name="conversation-consent"),
    path("media/<str:token>/", attachments.show, name="attachment"),
    path("settings/numbers/", numbers.numbers, name="settings-number"),
    path("settings/numbers/<int:pk>/team/", numbers.team, name="settings-number-team"),
    path("settings/numbers/<int:pk>/resume/", sending.resume, name="settings-number-resume"),
    path("settings/templates/", template_settings.index, name="settings-templates"),
    path("settings/templates/sync/", template_settings.sync, name="settings-templates-sync"),
    path("settings/templates/<int:pk>/", template_settings.show, name="settings-template"),
    path(
        "settings/templates/<int:pk>/header/<int:number>/", template_settings.header, name="settings-template-header"
    ),
    path("messages/<int:pk>/resend/", messages.resend, name="message-resend"),
    path("messages/<int:pk>/held/", messages.held, name="message-held"),
]
