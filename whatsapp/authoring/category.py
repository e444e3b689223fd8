"""Signs that Meta will count a utility template as marketing, and so charge more for it. Pure.

Meta decides by the whole text; these are the words and forms that its guidelines name, in German and English. A sign
is a hint for the author, never a reason to refuse.
"""

import re

from whatsapp.authoring.content import Content
from whatsapp.template_parts import HOLE

_OFFERS = re.compile(
    r"\b(?:rabatt\w*|gutschein\w*|sonder(?:angebot|preis|aktion)\w*|angebot(?:e|en)?|schnäppchen|aktionspreis\w*|gratis"
    r"|spar(?:e|en|t|st)|reduziert\w*|nur (?:heute|noch heute|kurze zeit)|jetzt (?:kaufen|sichern|bestellen|zugreifen)"
    r"|newsletter|neu(?:e|er|es) (?:kollektion|produkte?|modelle?|angebote?)|sale|exklusiv\w*|verlosung|gewinnspiel"
    r"|empfiehl\w*|weiterempfehl\w*|geschenk\w*|black friday|cyber monday|(?:sommer|winter|schluss)verkauf"
    r"|discount\w*|coupon\w*|voucher\w*|special offer|offers?|deals?|save (?:up to|\d)|free (?:gift|shipping|trial)"
    r"|shop now|buy (?:now|one)|order now|limited time|hurry|new (?:arrivals?|collection)|exclusive\w*|giveaway"
    r"|refer a friend|promo(?:tion|code)?s?|best price|don.t miss)\b",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"[-–]?\b\d{1,2} ?%")
# What ties a message to something the customer ordered, booked or asked for.
_OCCASION = re.compile(
    r"bestell|auftrag|termin|liefer|rechnung|zahlung|konto|buchung|reservier|abhol|fertig|reparatur|versand|paket|anfrage"
    r"|rückfrage|erinner|vertrag|ticket|kunden?nummer|status|bestätig|storn|retoure|rückgabe|mahnung|quittung|beleg"
    r"|order|appointment|deliver|invoice|payment|account|booking|reserv|pick.?up|ready|repair|ship|parcel|request"
    r"|question|remind|contract|confirm|cancel|return|receipt|schedul|update",
    re.IGNORECASE,
)


def marketing_signs(content: Content) -> list[str]:
    """The words that sound like advertising, as they stand in the text; each once, in their order."""
    texts = [content.header_text if content.has_header_text else "", content.body, content.offer_text]
    texts += [content.footer if content.has_footer else "", *(button.text for button in content.shown_buttons)]
    texts += [card.body for card in content.cards]
    whole = HOLE.sub(" ", "\n".join(texts))
    found = [*_OFFERS.findall(whole), *(each.strip() for each in _PERCENT.findall(whole))]
    return list({word.casefold(): word for word in reversed(found)}.values())[::-1]


def has_occasion(content: Content) -> bool:
    """Does the text name an order, an appointment or another reason of the customer's own?"""
    return bool(_OCCASION.search(content.body)) or bool(content.gaps)
