"""Fast-forward: moves a customer's history, or everybody's, into the past."""

from whatsapp.sandbox.limits import Limits
from whatsapp.sandbox.state import Customer, State


def advance_customer(state: State, limits: Limits, customer: Customer, seconds: float) -> None:
    """For this customer `seconds` pass: window, messages, ad clicks, files and the pair limit."""
    for times in (customer.inbound_at, customer.phone_used_at, customer.free_entry_until, customer.ad_clicked_at):
        for number_id in times:
            times[number_id] -= seconds
    customer.created_at -= seconds
    state.save_customer(customer)
    for message in state.chat(customer):
        message.at -= seconds
        message.times = {name: at - seconds for name, at in message.times.items()}
        state.save_message(message)
        media = state.media.get(str(message.content.get("id"))) if message.direction == "in" else None
        if media:
            media.created_at -= seconds
            state.touch("media", media.id, media)
    limits.shift(customer.key, seconds)


def advance_everything(state: State, limits: Limits, seconds: float) -> None:
    """For everybody, and for the business's own uploads (which live 30 days)."""
    for customer in list(state.customers.values()):
        advance_customer(state, limits, customer, seconds)
    for media in state.media.values():
        if not media.inbound:
            media.created_at -= seconds
            state.touch("media", media.id, media)
