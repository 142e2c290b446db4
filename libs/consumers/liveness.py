"""Whether a process is reading the queues that it should read, asked of both sides."""

import contextlib
from collections.abc import Sequence
from typing import Final, cast

from aiormq import Channel
from faststream.rabbit import RabbitBroker
from faststream.rabbit.subscriber import RabbitSubscriber
from prometheus_client import Gauge

from libs.broker.connection import BROKER_ERRORS, broker_timeout

PROBE_TIMEOUT: Final = 2.0

CONNECTED = Gauge("consumers_connected", "Processes that read the queue", ["queue"], multiprocess_mode="livesum")


class ConsumerLiveness:
    """FastStream and aio-pika tell nobody when a consumer is gone: because its queue was deleted, for example."""

    def __init__(self, broker: RabbitBroker) -> None:
        self._broker = broker
        self._probe: Channel | None = None

    @property
    def _subscribers(self) -> Sequence[RabbitSubscriber]:
        return cast(Sequence[RabbitSubscriber], self._broker.subscribers)

    async def missing(self) -> list[str]:
        """The queues that are not read, which may also mean that the broker does not answer."""
        absent = []
        for subscriber in self._subscribers:
            name = subscriber.queue.name
            read = await self._reads(subscriber)
            CONNECTED.labels(name).set(read)
            if not read:
                absent.append(name)
        return absent

    async def _reads(self, subscriber: RabbitSubscriber) -> bool:
        # There is no public way to these two, and the name of a queue is not enough: others may read it as well.
        queue, tag = subscriber._queue_obj, subscriber._consumer_tag  # noqa: SLF001
        if queue is None or tag is None:
            return False
        try:
            async with broker_timeout(PROBE_TIMEOUT):
                channel = cast(Channel, await queue.channel.get_underlay_channel())
                if channel.is_closed or tag not in channel.consumers:
                    return False
                if self._probe is None or self._probe.is_closed or self._probe.connection is not channel.connection:
                    self._probe = cast(Channel, await channel.connection.channel(publisher_confirms=False))
                # The broker may have forgotten a consumer that believes it is one, and its answer shows that the
                # connection is alive, long before heartbeats would.
                found = await self._probe.queue_declare(queue.name, passive=True)
        except BROKER_ERRORS:
            self._probe = None
            return False
        return bool(found.consumer_count)

    async def abandon(self) -> None:
        """Ends the connection without waiting for a broker that may not answer."""
        for subscriber in self._subscribers:
            if (queue := subscriber._queue_obj) is not None:  # noqa: SLF001 - as above.
                with contextlib.suppress(*BROKER_ERRORS):
                    async with broker_timeout(PROBE_TIMEOUT):
                        channel = await queue.channel.get_underlay_channel()
                        await channel.connection.close(ConnectionError("abandoned"))
                return
