"""Contact cards that customers send: keeping the person in them, and writing to them."""

import pytest

from inbox import rendering
from inbox.actions import cards
from inbox.errors import InboxRuleViolation
from inbox.models import Contact, ContactIdentity, Conversation
from tests import factories
from tests.cast import make_cast

pytestmark = pytest.mark.django_db
JULE = {
    "name": "Jule Hoffmann", "emails": [{"email": "jule@hoffmann.example"}],
    "phones": [{"phone": "0176 0406 9077"}, {"phone": "+49 176 04069078", "wa_id": "4917604069078"}],
}  # fmt: skip


@pytest.fixture
def cast():
    return make_cast()


def card(cast, *contacts):
    return factories.inbound_message(cast.claras, "", kind="contacts", data={"contacts": list(contacts) or [JULE]})


def test_a_card_becomes_a_contact_under_the_number_whatsapp_names(cast):
    contact = cards.save_contact(card(cast), 0, by=cast.ben)

    assert (contact.display_name, contact.phone, contact.email) == (
        "Jule Hoffmann", "4917604069078", "jule@hoffmann.example"
    )  # fmt: skip
    assert Conversation.objects.get(contact=contact).assignee == cast.ben


def test_saving_twice_or_somebody_known_makes_nobody_new(cast):
    known = factories.contact(cast.number, "Jule H.", phone="4917604069078")
    factories.conversation(cast.number, known)
    Contact.objects.filter(pk=known.pk).update(name="Frau Hoffmann")
    message = card(cast)

    assert {cards.save_contact(message, 0, by=cast.ben) for _ in range(2)} == {known}
    known.refresh_from_db()
    assert (known.name, known.email) == ("Frau Hoffmann", "jule@hoffmann.example")


def test_writing_to_somebody_new_begins_a_conversation_that_is_mine_and_waits_for_a_template(cast, client):
    client.force_login(cast.ben)
    message = card(cast)

    answer = client.post(f"/messages/{message.pk}/cards/0/", {"do": "write"}).json()

    conversation = Conversation.objects.get(contact__name="Jule Hoffmann")
    assert answer == {"url": f"/conversations/{conversation.pk}/"}
    assert (conversation.assignee, conversation.service_window.closes_at) == (cast.ben, None)
    page = client.get(answer["url"]).content.decode()
    assert 'data-mode="locked"' in page


def test_writing_to_somebody_known_opens_what_there_is(cast):
    clara = ContactIdentity.objects.get(contact=cast.dario, kind="phone").value
    message = card(cast, {"name": "Dario", "phones": [{"phone": f"+{clara}", "wa_id": clara}]})

    assert cards.write_to(message, 0, by=cast.ben) == cast.darios


def test_what_another_team_looks_after_is_not_opened(cast):
    factories.inbound_message(
        factories.conversation(
            cast.number, factories.contact(cast.number, "Gil", phone="4917604069078"), team=cast.other_team
        ),
        "Hallo",
    )  # fmt: skip

    for act in (cards.write_to, cards.save_contact):
        with pytest.raises(InboxRuleViolation):
            act(card(cast), 0, by=cast.ben)
    assert Contact.objects.get(identities__value="4917604069078").name == ""


@pytest.mark.parametrize("contact", [{"name": "Ohne"}, {"name": "Unsinn", "phones": [{"phone": "xyz"}, "nix"]}])
def test_a_card_without_a_usable_number_says_so(cast, contact):
    with pytest.raises(InboxRuleViolation):
        cards.write_to(card(cast, contact), 0, by=cast.ben)

    assert Contact.objects.filter(workspace=cast.workspace).count() == 2


def test_a_card_that_is_not_there_and_strangers_find_nothing(cast, client):
    message = card(cast)
    client.force_login(cast.mallory)
    assert client.post(f"/messages/{message.pk}/cards/0/").status_code == 404
    client.force_login(cast.ben)
    assert client.post(f"/messages/{message.pk}/cards/7/").status_code == 422


def test_only_cards_of_customers_with_a_number_offer_it(cast):
    def offers(message) -> bool:
        return 'data-do="write"' in rendering.render_message(message, "de")

    assert offers(card(cast))
    assert not offers(card(cast, {"name": "Ohne Nummer"}))
    assert not offers(factories.outbound_message(cast.claras, "", kind="contacts", data={"contacts": [JULE]}))
