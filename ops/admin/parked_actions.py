"""Looking at parked messages, putting them back into their queue, and dropping them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from libs.broker.confirmed_channel import ConfirmedChannel
from libs.broker.queue_snapshot import HeldQueue, hold_queue
from libs.consumers.retry import FAILURE_HEADERS, copy_properties
from libs.contracts.topology import Queue
from libs.process.failpoints import failpoint
from ops.admin.action_log import ActionLog, action_log, consumer_of
from ops.admin.addresses import Addresses
from ops.admin.broker import broker
from ops.admin.operator_identity import OperatorIdentity
from ops.admin.parked import Parked

# Confirms are waited for together, so that a thousand messages do not wait a thousand times.
BATCH_SIZE = 200

Wanted = Callable[[Parked], bool]


@dataclass
class Outcome:
    done: list[Parked] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Why a message is still parked."""


@dataclass(frozen=True)
class ParkedAction:
    action: str
    account: OperatorIdentity
    prepare: Callable[[Parked], Awaitable[None]]
    """Done before a message leaves those that are parked."""


async def list_(addresses: Addresses, queues: Sequence[Queue], wanted: Wanted) -> list[Parked]:
    """Oldest first in each queue. Nothing is changed."""
    found: list[Parked] = []
    async with broker(addresses["AMQP_URL"]) as connection:
        for queue in queues:
            async with hold_queue(connection, queue.parked) as hand:
                found += _chosen(queue, hand, wanted)
    return found


async def redrive(addresses: Addresses, account: OperatorIdentity, queues: Sequence[Queue], wanted: Wanted) -> Outcome:
    """Each goes to its own queue alone. A crash in the middle doubles messages, and readers do not mind."""
    async with aclosing(ConfirmedChannel(addresses["AMQP_URL"], _nothing)) as publisher:

        async def put_back(parked: Parked) -> None:
            message = parked.message
            await publisher.send(parked.queue, message.body, copy_properties(message, {}, without=FAILURE_HEADERS))

        return await _intervene(addresses, ParkedAction("redrive", account, put_back), queues, wanted)


async def drop(addresses: Addresses, account: OperatorIdentity, queues: Sequence[Queue], wanted: Wanted) -> Outcome:
    async def nothing(_: Parked) -> None:
        pass

    return await _intervene(addresses, ParkedAction("drop", account, nothing), queues, wanted)


async def _intervene(
    addresses: Addresses, intervention: ParkedAction, queues: Sequence[Queue], wanted: Wanted
) -> Outcome:
    outcome = Outcome()
    async with broker(addresses["AMQP_URL"]) as connection:
        for queue in queues:
            async with hold_queue(connection, queue.parked) as hand:
                if chosen := _chosen(queue, hand, wanted):
                    async with action_log(addresses, consumer_of(queue)) as record:
                        for begin in range(0, len(chosen), BATCH_SIZE):
                            await _some(intervention, chosen[begin : begin + BATCH_SIZE], hand, record, outcome)
                            if outcome.failures:
                                return outcome
    return outcome


async def _some(
    intervention: ParkedAction, messages: Sequence[Parked], hand: HeldQueue, record: ActionLog, outcome: Outcome
) -> None:
    ids = await record.begin(intervention.action, intervention.account, messages)
    results = await asyncio.gather(*(intervention.prepare(each) for each in messages), return_exceptions=True)
    failpoint("operator.put_back")
    done = [each for each, result in zip(messages, results, strict=True) if result is None]
    await hand.ack(each.message for each in done)
    failpoint("operator.let_go")
    await record.finish(number for number, result in zip(ids, results, strict=True) if result is None)
    outcome.done += done
    outcome.failures += [
        f"{each.queue} {each.id}: {str(result) or type(result).__name__}"
        for each, result in zip(messages, results, strict=True)
        if result is not None
    ]


def _chosen(queue: Queue, hand: HeldQueue, wanted: Wanted) -> list[Parked]:
    return [parked for message in hand.messages if wanted(parked := Parked.read(queue, message))]


async def _nothing() -> None:
    """No topology is declared by who only looks after it."""
