"""Contents of templates for the property tests: whatever a person might type, sound or not."""

from hypothesis import strategies as st

from whatsapp.authoring import content as shapes
from whatsapp.authoring.content import ButtonDraft, Card, Content, variables

WORDS = st.sampled_from(
    ["Hallo", "dein Rad", "ist fertig", "{{1}}", "{{2}}", "{{3}}", "{{vorname}}", "{{x}", "🚲", "*fett*", "\n", "!"]
)
TEXT = st.lists(WORDS, max_size=14).map(" ".join)
LABEL = st.sampled_from(["Ja", "Nein", "Termin buchen", "", "Was wird an diesem Rad geprüft?", "Los 🚲", "{{1}}"])
URL = st.sampled_from(["https://rad.example/", "https://rad.example/t/{{1}}", "https://rad.example/{{1}}/x", "rad", ""])
SAMPLE = st.sampled_from(["Lena", "B-2201", "SOMMER", ""])
PHONE = st.sampled_from(["+49 30 901820", "030 1", ""])
BUTTON = st.builds(
    ButtonDraft, kind=st.sampled_from(shapes.BUTTON_KINDS), text=LABEL, url=URL, phone=PHONE, example=SAMPLE
)


def _with_samples(content: Content, sample: str) -> Content:
    data = content.as_data()
    data["examples"] = {field: sample for field, _name in content.gaps}
    for card in data["cards"]:
        card["examples"] = dict.fromkeys(variables(card["body"]), sample)
    return Content.of(data)


CARD = st.builds(Card, header=st.sampled_from(shapes.CARD_HEADERS), body=TEXT, buttons=st.tuples(BUTTON))
SOUND_TEXT = st.sampled_from(
    ["Hallo {{1}}, dein Rad ist bis {{2}} fertig.", "Hallo {{vorname}}, dein Rad ist fertig.", "Dein Rad ist fertig."]
)
ALL_BUTTONS = [
    ButtonDraft("url", "Verfolgen", "https://rad.example/t/{{1}}", example="B-2201"),
    ButtonDraft("url", "Ansehen", "https://rad.example/"),
    ButtonDraft("phone_number", "Anrufen", phone="+4930901820"),
    ButtonDraft("copy_code", example="RAD20"),
    ButtonDraft("quick_reply", "Ja"),
]
SOUND_BUTTONS = st.builds(lambda buttons, end: tuple(buttons[:end]), st.permutations(ALL_BUTTONS), st.integers(0, 5))
SOUND_CARDS = st.builds(
    lambda buttons, count: (Card("image", "Ein Rad", {}, buttons[:1]),) * count, SOUND_BUTTONS, st.integers(2, 3)
)
# Mostly what Meta takes.
SOUND = st.builds(
    _with_samples,
    st.builds(
        Content, layout=st.sampled_from(shapes.LAYOUTS), header=st.sampled_from(shapes.HEADERS),
        header_text=st.just("Auftrag"), body=SOUND_TEXT, footer=st.sampled_from(["", "Radhaus"]), buttons=SOUND_BUTTONS,
        cards=SOUND_CARDS, offer_text=st.just("Nur kurz"), offer_expires=st.booleans(), code_button=st.just("Kopieren"),
    ),
    st.just("Lena"),
)  # fmt: skip
CONTENT = st.builds(
    _with_samples,
    st.builds(
        Content, layout=st.sampled_from(shapes.LAYOUTS), header=st.sampled_from(shapes.HEADERS), header_text=TEXT,
        body=TEXT, footer=st.sampled_from(["", "Radhaus Lindenhof", "{{1}}", "🚲"]),
        buttons=st.lists(BUTTON, max_size=4).map(tuple), cards=st.lists(CARD, max_size=3).map(tuple),
        offer_text=st.sampled_from(["", "Nur kurz", "Viel zu lange Überschrift"]), offer_expires=st.booleans(),
        code_warns=st.booleans(), code_minutes=st.sampled_from(["", "10", "0", "91", "x"]), code_button=LABEL,
    ),
    SAMPLE,
)  # fmt: skip
