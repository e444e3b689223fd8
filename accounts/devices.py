"""How a session is called in a list: browser, system and network, no more than is needed to know it again."""

import ipaddress
import re

from django.http import HttpRequest

from accounts.network import client_address

# First match wins: nearly every browser also claims to be others.
_BROWSERS = [
    ("Edge", r"\bEdg(e|A|iOS)?/"), ("Opera", r"\b(OPR|Opera)/"), ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Vivaldi", r"\bVivaldi/"), ("Firefox", r"\b(Firefox|FxiOS)/"), ("Chrome", r"(Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bVersion/.*Safari/"),
]  # fmt: skip
_SYSTEMS = [
    ("iPhone", r"\biPhone\b"), ("iPad", r"\biPad\b"), ("Android", r"\bAndroid\b"), ("ChromeOS", r"\bCrOS\b"),
    ("Windows", r"\bWindows\b"), ("Mac", r"\bMacintosh\b"), ("Linux", r"\bLinux\b"),
]  # fmt: skip


def device_words(request: HttpRequest) -> str:
    """ "Firefox · Linux"; empty if the browser does not say."""
    agent = request.META.get("HTTP_USER_AGENT", "")[:400]
    found = (next((name for name, sign in signs if re.search(sign, agent)), "") for signs in (_BROWSERS, _SYSTEMS))
    return " · ".join(filter(None, found))


def network_words(request: HttpRequest) -> str:
    """The address without its last part: enough to tell the shop from home."""
    try:
        address = ipaddress.ip_address(client_address(request).strip("[]").split("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, ipaddress.IPv4Address):
        return f"{str(address).rsplit('.', 1)[0]}.…"
    return f"{ipaddress.ip_network((address, 48), strict=False).network_address}…"
