"""Meta's two rates."""

from tests.phone_fixture import NUMBER_ID, PracticePhone


def test_the_pair_limit_lets_a_burst_through_and_then_asks_for_patience(practice_phone: PracticePhone) -> None:
    practice_phone.settings(pair_burst=3)

    codes = [practice_phone.send().status_code for _ in range(3)]
    refused = practice_phone.send()
    other = practice_phone.send(to="+4917604069011")

    assert codes == [200, 200, 200]
    assert refused.json()["error"]["code"] == 131056
    assert other.status_code == 200


def test_after_the_pair_has_rested_it_may_send_again(practice_phone: PracticePhone) -> None:
    practice_phone.settings(pair_burst=1)
    practice_phone.wamid()
    assert practice_phone.send().status_code == 400

    practice_phone.advance(6, "lena")

    assert practice_phone.send().status_code == 200


def test_a_number_never_takes_more_than_its_throughput_in_a_second(practice_phone: PracticePhone) -> None:
    practice_phone.settings(enforce_pair=False)
    practice_phone.control("POST", f"numbers/{NUMBER_ID}", {"throughput": 5})

    answers = [practice_phone.send(to=f"+4915100{position:06d}") for position in range(12)]

    refused = [answer.json()["error"]["code"] for answer in answers if answer.status_code == 400]
    ledger = practice_phone.ledger()
    assert refused and set(refused) == {130429}
    assert ledger["peak_per_second"] == 5 and ledger["refused"]["130429"] == len(refused)


def test_a_refused_send_is_not_in_the_ledger(practice_phone: PracticePhone) -> None:
    practice_phone.settings(pair_burst=1)
    practice_phone.send(biz_opaque_callback_data="inbox:1")
    practice_phone.send(biz_opaque_callback_data="inbox:2")

    assert practice_phone.ledger()["by_callback"] == {"inbox:1": 1}
