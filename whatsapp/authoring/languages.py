"""The language codes that Meta takes for templates. German is only `de`; `en`, `en_US` and `en_GB` are three."""

from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

CODES = (
    "af", "sq", "ar", "az", "bn", "bg", "ca", "zh_CN", "zh_HK", "zh_TW", "hr", "cs", "da", "nl", "en", "en_GB",
    "en_US", "et", "fil", "fi", "fr", "ka", "de", "el", "gu", "ha", "he", "hi", "hu", "id", "ga", "it", "ja", "kn",
    "kk", "rw_RW", "ko", "ky_KG", "lo", "lv", "lt", "mk", "ms", "ml", "mr", "nb", "fa", "pl", "pt_BR", "pt_PT",
    "pa", "ro", "ru", "sr", "sk", "sl", "es", "es_AR", "es_ES", "es_MX", "sw", "sv", "ta", "te", "th", "tr", "uk",
    "ur", "uz", "vi", "zu",
)  # fmt: skip
FIRST = ("de", "en", "en_GB", "en_US", "fr", "it", "tr", "pl", "es", "nl", "uk", "ar")


def language_name(code: str) -> str:
    """ "German", "English (GB)"; the code where nobody here has a word for it."""
    base, _sep, region = code.partition("_")
    try:
        name = str(_(get_language_info(base)["name"]))
    except KeyError:
        return code
    return f"{name} ({region})" if region else name


def choices() -> list[tuple[str, str]]:
    """Every code with its name: those that shops here need first, the others by name."""
    rest = sorted((code for code in CODES if code not in FIRST), key=language_name)
    return [(code, f"{language_name(code)} ({code})") for code in (*FIRST, *rest)]
