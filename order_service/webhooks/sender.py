"""Events to webhooks over HTTP."""

import asyncio
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import standardwebhooks
from prometheus_client import Counter, Gauge

from libs.broker.cloudevents import CONTENT_TYPE
from order_service.webhooks.delivery import MAX_RESPONSE_BYTES, AttemptResult, DeliveryAttempt, DeliveryBacklog
from order_service.webhooks.url_policy import ForbiddenAddressError, UrlPolicy
from order_service.webhooks.webhook import Secret

ATTEMPT_TIMEOUT = 10.0
"""Seconds for all that one attempt takes, from resolving the name to the end of what is read of the response."""

CONNECT_TIMEOUT = 4.0
"""Of these, for one address, as a name may have several."""

MAX_ERROR_LENGTH = 300
USER_AGENT = "shop-webhooks/1"

OUTCOMES = Counter("webhook_attempts_total", "Attempts at deliveries to webhooks", ["outcome"])
PENDING = Gauge(
    "webhook_pending", "Deliveries that wait for a webhook that is switched on", multiprocess_mode="mostrecent"
)
OLDEST = Gauge("webhook_oldest_seconds", "Age of the delivery that waits the longest", multiprocess_mode="mostrecent")


@dataclass(slots=True)
class _PartialResponse:
    """What has been received so far."""

    status: int | None = None
    body: bytes = b""


class _Connection:
    """Closed at the end in any case: httpcore leaves one open whose TLS handshake was cut off by a timeout."""

    def __init__(self) -> None:
        self._stream: Any = None

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpcore at each of its steps."""
        if event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]

    async def close(self) -> None:
        if self._stream is not None:
            await self._stream.aclose()


class HttpSender:
    """Each attempt has a connection of its own, to an address that was checked for it.

    It bypasses httpx's client, whose cookies, redirects and proxies have no place here. A connection that is kept
    would be known by its address alone, and may be of another receiver behind the same one.
    """

    def __init__(self, policy: UrlPolicy, tls: ssl.SSLContext | None = None) -> None:
        self._policy = policy
        self._transport = httpx.AsyncHTTPTransport(
            verify=tls or True,
            trust_env=False,
            # Or receivers would wait for one another.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def send(self, attempt: DeliveryAttempt) -> AttemptResult:
        body = attempt.body.encode()
        headers = {
            "Content-Type": f"{CONTENT_TYPE}; charset=UTF-8",
            "User-Agent": USER_AGENT,
            # What is kept of the answer is read as it comes, and nothing is unpacked.
            "Accept-Encoding": "identity",
            **signed_headers(str(attempt.event_id), attempt.secrets, attempt.body, datetime.now(UTC)),
        }
        partial = _PartialResponse()
        error = None
        started = time.perf_counter()
        try:
            async with asyncio.timeout(ATTEMPT_TIMEOUT):
                await self._post(httpx.URL(attempt.url), headers, body, partial)
        except TimeoutError:
            error = f"no answer within {ATTEMPT_TIMEOUT:g} s"
        except Exception as problem:  # noqa: BLE001 - whatever a receiver has done to us concerns its deliveries alone.
            error = _describe(problem)
        seconds = time.perf_counter() - started
        if partial.status is None:
            return AttemptResult(None, error, None, seconds)
        # Once it has said what it means, it does not matter how it goes on.
        return AttemptResult(
            partial.status, None, partial.body.decode(errors="replace").replace("\0", "\ufffd"), seconds
        )

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes, partial: _PartialResponse) -> None:
        addresses = await self._policy.addresses(url)
        for index, address in enumerate(addresses):
            connection = _Connection()
            request = httpx.Request(
                "POST",
                url.copy_with(host=address),
                headers={"Host": url.netloc.decode("ascii"), "Connection": "close", **headers},
                content=body,
                extensions={
                    "timeout": httpx.Timeout(None, connect=CONNECT_TIMEOUT).as_dict(),
                    "sni_hostname": url.raw_host.decode("ascii"),
                    "trace": connection.note,
                },
            )
            try:
                response = await self._transport.handle_async_request(request)
                await _read(response, partial)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                # Nothing was sent.
                if index == len(addresses) - 1:
                    raise
            else:
                return
            finally:
                await connection.close()


def signed_headers(event_id: str, secrets: Sequence[Secret], body: str, at: datetime) -> dict[str, str]:
    """The id is the same for each attempt, so that a receiver recognises a second copy."""
    signing = (standardwebhooks.Webhook(secret.value) for secret in secrets if secret.is_valid_at(at))
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(each.sign(event_id, at, body) for each in signing),
    }


async def _read(response: httpx.Response, partial: _PartialResponse) -> None:
    partial.status = response.status_code
    try:
        async for chunk in response.aiter_raw():
            partial.body = (partial.body + chunk)[:MAX_RESPONSE_BYTES]
            if len(partial.body) == MAX_RESPONSE_BYTES:
                return
    finally:
        await response.aclose()


def _describe(problem: Exception) -> str:
    """In few words. What the receiver has a part in may hold anything."""
    if isinstance(problem, ForbiddenAddressError):
        return f"not sent: {problem}"
    if isinstance(problem, OSError | UnicodeError):
        kind = "cannot be looked up"
    elif isinstance(problem, httpx.ConnectTimeout):
        kind = "cannot connect in time"
    elif isinstance(problem, httpx.ConnectError):
        kind = "cannot connect"
    elif isinstance(problem, httpx.RemoteProtocolError):
        kind = "no proper answer"
    else:
        kind = "broken off"
    said = f"{kind}: {str(problem) or type(problem).__name__}"[:MAX_ERROR_LENGTH]
    return said.encode(errors="backslashreplace").decode().replace("\0", "")


class PrometheusDeliveryMetrics:
    def count_attempt(self, outcome: str) -> None:
        OUTCOMES.labels(outcome).inc()

    def set_backlog(self, backlog: DeliveryBacklog) -> None:
        PENDING.set(backlog.pending)
        OLDEST.set(backlog.oldest_seconds)
