"""Show a WhatsApp number as people write it. wa_ids are stored as Meta gives them and never "corrected"."""

import phonenumbers

SHORTEST = 10  # digits of a number in a range that is not known; a town's old numbers may be shorter


def pretty(digits: str) -> str:
    """`4917212345678` → `+49 172 12345678`; anything unparsable comes back with a plus sign."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def digits_of(typed: str, country: str) -> str:
    """A number as people type it (0172 …, 0049 172 …, +49 172 …) as Meta's digits; "" when it cannot be one.

    `country` is the ISO code of the country it belongs to when it names none.
    """
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return ""
    digits = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164).lstrip("+")
    return digits if len(digits) >= SHORTEST or phonenumbers.is_valid_number(number) else ""


def digits_in_table(typed: str, country: str) -> str:
    """`digits_of` for what spreadsheets make of numbers: 491721234567 without its plus is not one of the town 0491."""
    bare = "".join(char for char in typed if char.isdigit())
    if country and typed.strip()[:1] not in ("+", "0", "("):
        code = str(phonenumbers.country_code_for_region(country))
        if bare.startswith(code) and len(bare) > 10:
            with_code = digits_of(f"+{bare}", "")
            if with_code and phonenumbers.is_valid_number(phonenumbers.parse(f"+{with_code}")):
                return with_code
    return digits_of(typed, country)


def country_of(digits: str) -> str:
    """ISO code of the number's country ("DE"), or "" when unknown."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{digits}")) or ""
    except phonenumbers.NumberParseException:
        return ""
