"""Where a request comes from."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address as our own proxies saw it; what the client itself claims is ignored."""
    direct = request.META.get("REMOTE_ADDR", "") or ""
    if not settings.TRUSTED_PROXY_COUNT:
        return direct
    chain = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if len(chain) < settings.TRUSTED_PROXY_COUNT:
        return direct
    return chain[-settings.TRUSTED_PROXY_COUNT]


def client_network(request: HttpRequest) -> str:
    """The network that counts as one for throttles: an IPv4 address, or the /64 of an IPv6 one."""
    raw = client_address(request)
    try:
        address = ipaddress.ip_address(raw.strip("[]").split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_loopback(request: HttpRequest) -> bool:
    """From this machine itself, not through a proxy on it."""
    if request.META.get("HTTP_X_FORWARDED_FOR") or request.META.get("HTTP_FORWARDED"):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
