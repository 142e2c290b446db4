"""What a publisher's worker runs as a process: a relay and who looks after its bindings, to be killed."""

import asyncio
import sys
from functools import partial

from libs.broker import topology
from libs.broker.connection import BrokerAddress
from libs.outbox.binding_repair import BindingRepair
from libs.outbox.relay import Relay
from libs.tests.messaging.things import topology_named


async def main(database_url: str, amqp_url: str, ui_url: str, name: str) -> None:
    queue = topology_named(name)
    declare = partial(topology.declare, amqp_url, exchanges=[queue.exchange], queues=[queue])
    bindings = BindingRepair(database_url, BrokerAddress(amqp_url, ui_url), [queue], declare=declare)
    relay = Relay(database_url, amqp_url, queue.exchange, declare=bindings.declare)
    await asyncio.gather(bindings.run(), relay.run())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
