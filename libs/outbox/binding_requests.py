"""What the consumer of a dynamic queue asks the publishers to bind.

A request is the key of a binding that no message uses, `wanted.<since>.<pattern>`, at the exchange in question. The
publisher's worker, which looks at the bindings of its exchange anyway, binds the pattern, tells the queue again what
has happened since then, and looks after the binding like after any other; it unbinds what nobody asks for any more.
So an event from between the request and the binding is not lost, nor one whose binding was. See
docs/decisions/0017-consumers-request-bindings.md.
"""

import time
from collections.abc import Collection, Mapping
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import Final

from libs.broker import topology
from libs.broker.connection import BROKER_ERRORS, BrokerAddress
from libs.broker.connectivity import Connectivity
from libs.broker.management import MANAGEMENT_ERRORS, Management
from libs.broker.topology import Binding
from libs.contracts.topology import DynamicQueue, Exchange
from libs.outbox.binding_markers import BEGINNING

WANTED: Final = "wanted."
# Seconds after which it looks whether the requests are still there.
EVERY: Final = 5.0

Requests = Mapping[Exchange, Mapping[str, datetime]]
"""For each exchange the patterns, and since when events of these are owed to the queue."""


def requested(queue: DynamicQueue, seen: Collection[Binding]) -> dict[str, datetime]:
    """The patterns that are asked for, by the bindings of an exchange. Of several requests the earliest counts."""
    found: dict[str, datetime] = {}
    for each in seen:
        if each.queue == queue.name and each.key.startswith(WANTED):
            since, _, pattern = each.key.removeprefix(WANTED).partition(".")
            # What a person has made by hand must not stop a worker.
            with suppress(ValueError, OverflowError):
                at = datetime.fromtimestamp(int(since), UTC)
                if pattern and at >= BEGINNING:
                    found[pattern] = min(at, found.get(pattern, at))
    return found


class BindingRequests:
    """Of one queue. Any number of workers may ask at once, whose requests may differ for a moment.

    Where RABBITMQ_UI_URL is not set publishers cannot see requests, and bind everything.
    """

    def __init__(self, broker: BrokerAddress, queue: DynamicQueue) -> None:
        self._broker = broker
        self._queue = queue
        self._link = Connectivity(f"requests for {queue.name}")
        self._made: Requests | None = None
        self._looked_at = float("-inf")

    async def make(self, wanted: Requests) -> None:
        """For a timer. Where the broker is away there is a next time."""
        if not self._broker.ui_url or (wanted == self._made and time.monotonic() - self._looked_at < EVERY):
            return
        try:
            async with aclosing(Management(self._broker)) as management:
                for exchange, patterns in wanted.items():
                    await self._make(management, exchange, patterns)
        except (*BROKER_ERRORS, *MANAGEMENT_ERRORS) as error:
            self._link.down(error)
            return
        self._link.up()
        self._made, self._looked_at = wanted, time.monotonic()

    async def _make(self, management: Management, exchange: Exchange, patterns: Mapping[str, datetime]) -> None:
        bindings = await management.bindings(exchange)
        there = {each for each in bindings if each.queue == self._queue.name and each.key.startswith(WANTED)}
        wanted = {
            Binding(self._queue.name, f"{WANTED}{int(since.timestamp())}.{pattern}")
            for pattern, since in patterns.items()
        }
        # New ones first: a pattern whose time has changed is asked for at every moment.
        for old, new in (((), wanted - there), (there - wanted, ())):
            if old or new:
                await topology.rebind(self._broker.amqp_url, exchange, old=old, new=new)
