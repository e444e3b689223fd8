"""The delivery loop's steps by hand, without threads: claim, attempt, store."""

from inbox.actions import delivery, delivery_claims, delivery_results
from inbox.actions.delivery import Outcome
from whatsapp.client import CloudAPI
from whatsapp.models import PhoneNumber


def deliver_now(limit: int = 100) -> list[Outcome]:
    """Send what is due, once round; what became of each."""
    outcomes = []
    for number in delivery_claims.due_numbers():
        if number.is_stopped:
            continue
        api = CloudAPI(PhoneNumber.objects.get(pk=number.id))
        claim = delivery_claims.claim(number, limit)
        outcomes += claim.refusals + [delivery.attempt(message, api) for message in claim.messages]
    delivery_results.store(outcomes)
    return outcomes
