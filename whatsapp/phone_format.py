"""Show a WhatsApp number as people write it. wa_ids are stored as Meta gives them and never "corrected"."""

import phonenumbers


def pretty(digits: str) -> str:
    """`4917212345678` → `+49 172 12345678`; anything unparsable comes back with a plus sign."""
    try:
        number = phonenumbers.parse(f"+{digits}")
    except phonenumbers.NumberParseException:
        return f"+{digits}"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def country_of(digits: str) -> str:
    """ISO code of the number's country ("DE"), or "" when unknown."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(f"+{digits}")) or ""
    except phonenumbers.NumberParseException:
        return ""
