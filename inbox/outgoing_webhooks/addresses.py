"""Where an outgoing webhook may connect to: the public internet, and what the operator has allowed besides.

The name is resolved here, every address of it must be allowed, and the connection goes to the address that was judged,
so that a name which answers differently a moment later (DNS rebinding) changes nothing. Allowed besides are the entries
of OUTGOING_WEBHOOK_ALLOW: "host:port" (a name of the operator's, also by http) and networks ("10.1.0.0/16", any port).
Link-local addresses, where clouds keep their secrets, are never allowed.
"""

import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

PORTS = (443, 8443)
_HOST = re.compile(r"[a-z0-9.:_-]{1,253}")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressRefused(Exception):
    """`code` is one of inbox.outgoing_webhooks.words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Target:
    """An address that was judged: connect to `ip`, speak to `host`."""

    is_https: bool
    host: str
    port: int
    ip: str
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_https else 80) else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """Parse, resolve and judge; raises AddressRefused."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode() if parts.hostname else ""
    except (ValueError, UnicodeError):
        raise AddressRefused("address")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or parts.username is not None:
        raise AddressRefused("address")
    if any(char <= " " or char == "\x7f" for char in url) or parts.fragment:
        raise AddressRefused("address")
    is_https = parts.scheme == "https"
    port = port if port is not None else (443 if is_https else 80)
    found = _resolved(host, port)
    is_named = f"{host}:{port}" in settings.OUTGOING_WEBHOOK_ALLOW
    for ip in found:
        _judge(ip, is_named=is_named, is_plain=not is_https, port=port)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(is_https, host, port, str(found[0]), path)


def is_public(ip: Address) -> bool:
    """Whether it is an address of the public internet, whatever it is wrapped in."""
    return all(
        each.is_global and not (each.is_multicast or each.is_reserved or each.is_unspecified or each.is_loopback)
        and not (isinstance(each, ipaddress.IPv6Address) and each.is_site_local)  # fec0::, from before fd00::
        for each in _inside(ip)
    )


def _judge(ip: Address, *, is_named: bool, is_plain: bool, port: int) -> None:
    if any(each.is_link_local or each.is_multicast or each.is_unspecified for each in _inside(ip)):
        raise AddressRefused("private")
    if is_named or any(ip in network for network in _allowed_networks() if network.version == ip.version):
        return
    if not is_public(ip):
        raise AddressRefused("private")
    if is_plain:
        raise AddressRefused("plain")
    if port not in PORTS:
        raise AddressRefused("port")


def _inside(ip: Address) -> Iterator[Address]:
    """The address, and the IPv4 address that an IPv6 one leads to."""
    yield ip
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            yield ip.ipv4_mapped
        if ip.sixtofour:
            yield ip.sixtofour
        if ip.teredo:
            yield ip.teredo[1]
        if ip in _NAT64 or int(ip) >> 32 == 0:
            yield ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)


def _resolved(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AddressRefused("unknown_host")
    return [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]


def _allowed_networks() -> Iterator[Network]:
    for entry in settings.OUTGOING_WEBHOOK_ALLOW:
        try:
            yield ipaddress.ip_network(entry, strict=False)
        except ValueError:
            pass  # a name
