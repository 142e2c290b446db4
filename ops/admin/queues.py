"""The queues of the shop, as RabbitMQ's management API counts them: some seconds old."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
from yarl import URL

from libs.broker.queue_snapshot import LOCK
from libs.broker.topology import RETRY_DELAYS
from libs.contracts.topology import QUEUES
from ops.admin.addresses import Addresses
from ops.admin.errors import OperatorError

_TIMEOUT = 15.0
_COLUMNS = "name,messages_ready,messages_unacknowledged,consumers,message_stats"


@dataclass(frozen=True, slots=True)
class Depth:
    name: str
    ready: int
    unacked: int
    consumers: int
    in_per_second: float
    out_per_second: float
    retrying: int = 0
    parked: int = 0
    warnings: list[str] = field(default_factory=list)


async def queues(addresses: Addresses) -> list[Depth]:
    """Those that the shop reads, then whatever else there is."""
    counted = await _counted(addresses)
    depths = []
    for queue in QUEUES:
        retrying = [counted.pop(queue.retry(delay.name), {}) for delay in RETRY_DELAYS]
        parked = counted.pop(queue.parked, {})
        counts = counted.pop(queue.name, None)
        warnings = ["missing"] if counts is None else [] if counts.get("consumers") else ["no consumer"]
        depths.append(
            _depth(
                queue.name,
                counts or {},
                retrying=sum(map(_messages, retrying)),
                parked=_messages(parked),
                warnings=warnings,
            )
        )
    return depths + [_depth(name, counts) for name, counts in sorted(counted.items()) if not name.endswith(LOCK)]


async def _counted(addresses: Addresses) -> dict[str, dict[str, Any]]:
    broker = URL(addresses["AMQP_URL"])
    vhost = quote(broker.path.removeprefix("/") or "/", safe="")
    url = addresses["RABBITMQ_UI_URL"]
    try:
        # Not through a proxy that the environment names: it is a server of the shop.
        async with httpx.AsyncClient(
            base_url=url, auth=(broker.user or "guest", broker.password or "guest"), timeout=_TIMEOUT, trust_env=False
        ) as client:
            answer = await client.get(f"/api/queues/{vhost}", params={"columns": _COLUMNS})
            answer.raise_for_status()
            return {counts["name"]: counts for counts in answer.json()}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise OperatorError(f"RabbitMQ's management API at {url}: {str(error) or type(error).__name__}") from error


def _depth(name: str, counts: dict[str, Any], **more: Any) -> Depth:
    return Depth(
        name=name,
        ready=counts.get("messages_ready", 0),
        unacked=counts.get("messages_unacknowledged", 0),
        consumers=counts.get("consumers", 0),
        in_per_second=_rate(counts, "publish"),
        out_per_second=_rate(counts, "ack"),
        **more,
    )


def _messages(counts: dict[str, Any]) -> int:
    return int(counts.get("messages_ready", 0)) + int(counts.get("messages_unacknowledged", 0))


def _rate(counts: dict[str, Any], what: str) -> float:
    # A queue that nothing has happened in has no statistics.
    return float(counts.get("message_stats", {}).get(f"{what}_details", {}).get("rate", 0.0))
