"""Where the shop sends events to, and where it does not: its own network, and what else only it can reach."""

import asyncio
import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpx

from order_service.webhooks.exceptions import WebhookUrlRefused
from order_service.webhooks.resolver import Resolver
from order_service.webhooks.settings import WebhookSettings

RESOLVE_TIMEOUT = 2.0
"""Seconds that an admin waits for a name to be looked up."""

DEFAULT_PORTS = {"http": 80, "https": 443}

MAX_PORT = 65535
# Names in other scripts are written in punycode, so that what looks like one host and is another stays out.
WELL_FORMED = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9_.-]*)|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-\[\]-~]*)?"
)
# Whatever else there is in IPv6 stands for an address of IPv4, for this machine or for a part of its network.
GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
REFUSED = tuple(
    ipaddress.ip_network(each)
    for each in (
        # Some clouds' servers hear of their secrets here.
        "168.63.129.16",
        "192.0.0.0/24",
        # Tunnels to what lies behind.
        "192.88.99.0/24",
        "2001::/32",
        "2002::/16",
        # Of examples alone, which Python 3.11 does not know yet.
        "3fff::/20",
    )
)


def check_url(url: str, *, http_allowed: bool) -> None:
    """Raises `WebhookUrlRefused`, by the looks of it alone."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise WebhookUrlRefused("It is no URL.") from error
    if parts.scheme.lower() not in ({"https", "http"} if http_allowed else {"https"}):
        raise WebhookUrlRefused("It must begin with https://.")
    if "@" in parts.netloc:
        raise WebhookUrlRefused("It must not name a user or a password.")
    if "#" in url:
        raise WebhookUrlRefused("It must not have a fragment.")
    found = WELL_FORMED.fullmatch(url)
    if found is None:
        raise WebhookUrlRefused("It is no URL in plain ASCII, with a host.")
    if found["port"] is not None and not 1 <= int(found["port"]) <= MAX_PORT:
        raise WebhookUrlRefused("It has no such port.")


def is_public(address: str) -> bool:
    """True if it belongs to the world outside."""
    found = ipaddress.ip_address(address)
    if found.version == 6 and found not in GLOBAL_V6:  # noqa: PLR2004 - of IP.
        return False
    return found.is_global and not found.is_multicast and not any(found in network for network in REFUSED)


class ForbiddenAddressError(Exception):
    """Nothing is sent there."""


class UrlPolicy:
    def __init__(self, settings: WebhookSettings, resolver: Resolver | None = None) -> None:
        self._settings = settings
        self._resolver = resolver or Resolver()

    async def check(self, url: str) -> None:
        """A name that cannot be resolved yet passes: what counts is where it leads when something is sent."""
        check_url(url, http_allowed=self._settings.webhooks_allow_http)
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT):
                await self.addresses(httpx.URL(url))
        except (httpx.InvalidURL, UnicodeError) as error:
            raise WebhookUrlRefused("Its host is no name and no address.") from error
        except ForbiddenAddressError as error:
            raise WebhookUrlRefused("It leads into a network that is not public.") from error
        except OSError:
            pass

    async def addresses(self, url: httpx.URL) -> Sequence[str]:
        """To be connected to as they are: asking again may give others.

        Raises OSError or UnicodeError where there are none, and `ForbiddenAddressError` if any is not to be reached:
        a name that is public in one moment and private in the next does not get a second chance.
        """
        if url.scheme == "http" and not self._settings.webhooks_allow_http:
            raise ForbiddenAddressError("http is not allowed")
        # As it was registered, and as certificates have it: written out, "xn--strae-oqa" is looked up as "strasse".
        host = url.raw_host.decode("ascii")
        found = await self._resolver.resolve(host, url.port or DEFAULT_PORTS[url.scheme])
        if not self._settings.webhooks_allow_private and not all(is_public(address) for address in found):
            raise ForbiddenAddressError("it leads into a network that is not public")
        return found
