"""Fragments speak the language they are asked for, whatever language the one who caused them reads."""

import json
from html import escape

import pytest
from django.template import Context, Engine, engines
from django.utils import timezone, translation

from inbox import rendering, rows
from inbox.actions.activity import add_activity
from inbox.enums import ConversationStatus, MessageKind, MessageStatus
from inbox.row_markup import row_html
from tests import factories
from tests.cast import Cast, make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast() -> Cast:
    return make_cast()


@pytest.mark.parametrize("reader", ["de", "en"])
def test_a_line_in_the_thread_has_the_words_of_its_readers(cast, reader):
    activity = add_activity(cast.claras, "window_closed")
    with translation.override(reader):
        german, english = (rendering.render_activity(activity, language) for language in ("de", "en"))

    assert "Das 24-Stunden-Fenster ist zu" in german and "The 24-hour window closed" not in german
    assert "The 24-hour window closed" in english and "Das 24-Stunden-Fenster ist zu" not in english


@pytest.mark.parametrize("reader", ["de", "en"])
def test_rows_and_failed_bubbles_do_not_mix_languages(cast, reader):
    failed = factories.outbound_message(cast.claras, by=cast.ben, status=MessageStatus.FAILED, error_code=131026)
    factories.inbound_message(cast.claras, "", kind=MessageKind.LOCATION, data={"latitude": 52.5, "longitude": 13.4})
    with translation.override(reader):
        german, english = (
            rendering.render_message(failed, language) + rendering.render_row(cast.claras, language)
            for language in ("de", "en")
        )

    assert "Nummer nicht bei WhatsApp" in german and "Number is not on WhatsApp" not in german
    assert "Number is not on WhatsApp" in english and "Nummer nicht bei WhatsApp" not in english
    assert "Standort" in german and "Location" in english


HOSTILE = """<img src=x onerror='alert(1)'>"&amp;{name}%(name)s"""


def test_nothing_that_somebody_wrote_becomes_markup_in_a_row(cast):
    conversation = cast.claras
    conversation.assignee = cast.ben
    conversation.labels.create(workspace=cast.workspace, name=HOSTILE[:40], hue=2)
    conversation.contact.name = cast.ben.name = HOSTILE
    conversation.preview = {"kind": "text", "text": HOSTILE, "direction": "out", "status": "read", "uid": HOSTILE}

    for status in ConversationStatus.values:
        conversation.status, conversation.snoozed_until = status, timezone.now()
        html = row_html(rows.row_of(conversation, unread=3, drafters=[{"id": 1, "name": HOSTILE}]))

        # The name as words and for the checkbox, the owner as words and as title, the text and its uid.
        assert html.count(escape(HOSTILE)) == 6
        assert escape(HOSTILE[:40]) in html and escape(json.dumps(HOSTILE)) in html
        assert "<img" not in html and "'" not in html


@pytest.mark.parametrize("language", ["de", "en"])
def test_quick_tags_say_what_djangos_own_say(language):
    templates = [
        '{% translate "Reply to this" %}', "{% translate 'Closed' %}", '{% translate "Create “%(name)s”" %}',
        '{% translate "Closed" as words %}{{ words }}', "{% translate words %}",
        '{% url "inbox" %}', '{% url "conversation" 12 %}', '{% url "conversation" pk %}?x=1',
        '{% url "rendition-page" "ab" "page" 3 %}', '{% url "conversation" pk=pk %}',
        '{% url "conversation" pk as address %}{{ address }}', '{% url "nowhere" as address %}{{ address }}',
    ]  # fmt: skip
    django = Engine(libraries={"i18n": "django.templatetags.i18n"}, builtins=["django.templatetags.i18n"])
    for source in templates:
        context = {"pk": 7, "words": "Closed & <open>"}
        with translation.override(language):
            assert engines["django"].from_string(source).render(context) == django.from_string(source).render(
                Context(context)
            )
