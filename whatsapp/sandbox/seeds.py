"""What the phone knows on its first start: the demo business's numbers, its customers, its templates.

Where no demo is made, number and templates are nobody's yet (`neutral_seeds`); the wizard names the number.
"""

import time
from dataclasses import replace

from whatsapp.sandbox import neutral_seeds
from whatsapp.sandbox.seed_templates import TEMPLATES
from whatsapp.sandbox.state import Customer, Number, State, Template

NUMBER_ID = "109876543210001"
WABA_ID = "208765432100001"
PORTFOLIO_ID = "305566770001111"
SECOND_NUMBER_ID = "109876543210002"
SECOND_WABA_ID = "208765432100002"

# key, name, phone, username, BSUID where the demo workspace knows one. Magic numbers (`faults`) are avoided.
CUSTOMERS = [
    ("lena", "Lena Hoffmann", "491729925904", "", ""),
    ("tobias", "Tobias Krämer", "4917604069011", "", ""),
    ("ralf", "Ralf Seidel", "4917604069012", "", ""),
    ("oezdemir", "Familie Özdemir", "4917604069013", "", ""),
    ("paul", "Paul Lindner", "4917604069014", "", ""),
    ("oliver", "Oliver Braun", "4917604069015", "", ""),
    ("miriam", "Miriam Schäfer", "4917604069016", "", ""),
    ("georg", "Georg Albrecht", "491713920041", "", ""),
    ("annika", "Annika", "4917604069041", "annika.bergmann", ""),  # the business never sees these two's phones
    ("kaya", "Kaya ✨", "4917604069042", "kaya.rides", "DE.83104417729954012266"),
    ("sam", "Sam Miller", "4917604069058", "", ""),  # writes English
    ("hannah", "Hannah Weiß", "4917604069043", "", ""),  # has never written
]


def seed(state: State, *, neutral: bool = False) -> None:
    """Fill an empty phone."""
    now = time.time()
    for number in _neutral_numbers() if neutral else _numbers():
        state.add("number", number)
    for key, name, phone, username, bsuid in CUSTOMERS:
        if key in state.customers or phone in state.by_phone:
            continue  # from a past that was put into the tables (`history`)
        bsuids = {PORTFOLIO_ID: bsuid} if bsuid else {}
        customer = Customer(key=key, name=name, phone=phone, username=username, bsuids=bsuids, created_at=now)
        state.add("customer", customer)
    for position, data in enumerate(neutral_seeds.TEMPLATES if neutral else TEMPLATES):
        template = Template(
            id=str(1_689_556_900_000_001 + position), waba_id=WABA_ID, created_at=now - 3600 * (position + 1), **data
        )
        state.add("template", template)
    second = neutral_seeds.TEMPLATES[0] if neutral else TEMPLATES[0]
    other = Template(id="1689556900000901", waba_id=SECOND_WABA_ID, created_at=now, **second)
    state.add("template", other)


def _neutral_numbers() -> list[Number]:
    return [replace(number, name=neutral_seeds.NAME, profile=dict(neutral_seeds.PROFILE)) for number in _numbers()]


def _numbers() -> list[Number]:
    return [
        Number(
            id=NUMBER_ID, waba_id=WABA_ID, portfolio_id=PORTFOLIO_ID, display="4915550100100",
            name="Radhaus Lindenhof",
            profile={
                "about": "Fahrräder, E-Bikes, Werkstatt", "address": "Lindenallee 4, 10115 Berlin",
                "description": "Dein Radhaus im Kiez: Verkauf, Werkstatt, Leasing.", "email": "hallo@radhaus.example",
                "websites": ["https://radhaus.example/"], "vertical": "RETAIL",
            },
        ),
        Number(
            id=SECOND_NUMBER_ID, waba_id=SECOND_WABA_ID, portfolio_id="305566770002222", display="4915550100200",
            name="Blumenhaus Sonnenschein",
        ),
    ]  # fmt: skip
