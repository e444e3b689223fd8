"""Look-ups that are permissions: what is not visible is answered like what does not exist."""

import logging

import pytest
from django.http import Http404

from accounts.models import Visibility
from inbox import access
from inbox.models import Attachment
from tests import factories
from tests.cast import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def photo(cast):
    message = factories.inbound_message(cast.claras, kind="image")
    return Attachment.objects.create(message=message, kind="image")


def test_a_colleague_gets_conversation_message_file_and_customer(cast, photo):
    assert access.get_conversation(cast.ben, cast.claras.pk) == cast.claras
    assert access.get_message(cast.ben, photo.message_id) == photo.message
    assert access.get_attachment(cast.ben, photo.token) == photo
    assert access.get_contact(cast.ben, cast.clara.pk) == cast.clara


@pytest.mark.parametrize("look_up", ["conversation", "message", "attachment", "contact"])
def test_strangers_and_colleagues_of_other_teams_get_what_a_wrong_id_gets(cast, photo, look_up):
    otto = factories.agent(cast.workspace, "Otto Ost", teams=[cast.other_team])
    function = getattr(access, f"get_{look_up}")
    existing = {
        "conversation": cast.claras.pk, "message": photo.message_id, "attachment": photo.token, "contact": cast.clara.pk
    }[look_up]
    nowhere = "no-such-token" if look_up == "attachment" else 2**62

    answers = []
    for agent, wanted in ((cast.mallory, existing), (otto, existing), (cast.ben, nowhere)):
        with pytest.raises(Http404) as refused:
            function(agent, wanted)
        answers.append(refused.value.args)

    assert answers == [(), (), ()]


def test_only_the_log_tells_a_refusal_from_a_wrong_id(cast, caplog):
    caplog.set_level(logging.WARNING, "inbox.access")
    for pk in (cast.claras.pk, 2**62):
        with pytest.raises(Http404):
            access.get_conversation(cast.mallory, pk)

    assert [record.getMessage() for record in caplog.records] == [
        f"authz_denied agent={cast.mallory.pk} object=conversation:{cast.claras.pk}"
    ]


def test_a_conversation_that_moved_away_is_gone_at_the_next_look(cast):
    cast.ben.visibility = Visibility.OWN
    cast.ben.save()
    assert access.get_conversation(cast.ben, cast.claras.pk)

    cast.claras.assignee = cast.lea
    cast.claras.save()

    with pytest.raises(Http404):
        access.get_conversation(cast.ben, cast.claras.pk)
    with pytest.raises(Http404):
        access.get_contact(cast.ben, cast.clara.pk)


def test_a_conversation_comes_with_what_its_head_shows_in_a_fixed_number_of_queries(
    cast, django_assert_num_queries
):
    with django_assert_num_queries(3):
        conversation = access.get_conversation(cast.ben, cast.claras.pk)
        assert conversation.contact.display_name and conversation.team.name and conversation.contact.phone
        assert conversation.service_window and conversation.phone_number.business_account.waba_id


def test_those_who_see_a_conversation_are_those_who_can_be_mentioned(cast):
    factories.agent(cast.workspace, "Otto Ost", teams=[cast.other_team])
    factories.agent(cast.workspace, "Weg Gegangen", teams=[cast.team], is_active=False)

    assert access.agents_who_see(cast.claras) == [cast.ada, cast.ben, cast.lea]
