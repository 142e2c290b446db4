"""Which addresses a webhook's URL leads to, and whether anything may be sent there."""

import asyncio
from collections.abc import Sequence

import httpx

from order_service.core.settings import WebhookSettings
from order_service.domain.receivers import check_url, is_public
from order_service.exceptions import WebhookUrlRefused
from order_service.gateways.lookups import Lookups

PATIENCE = 2.0
"""Seconds that an admin waits for a name to be looked up."""

DEFAULT_PORTS = {"http": 80, "https": 443}


class ForbiddenAddressError(Exception):
    """Nothing is sent there."""


class HttpReceivers:
    def __init__(self, settings: WebhookSettings, lookups: Lookups | None = None) -> None:
        self._settings = settings
        self._lookups = lookups or Lookups()

    async def check(self, url: str) -> None:
        """A name that nobody knows yet passes: what counts is where it leads to when something is sent."""
        check_url(url, http_allowed=self._settings.webhooks_allow_http)
        try:
            async with asyncio.timeout(PATIENCE):
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
        found = await self._lookups.addresses(host, url.port or DEFAULT_PORTS[url.scheme])
        if not self._settings.webhooks_allow_private and not all(is_public(address) for address in found):
            raise ForbiddenAddressError("it leads into a network that is not public")
        return found
