"""A relay as a process, to be killed."""

import asyncio
import sys
from functools import partial

from libs.broker import topology
from libs.broker.connection import BrokerAddress
from libs.outbox.binding_repair import BindingRepair
from libs.outbox.relay import Relay
from libs.tests.messaging.things import topology_named

if __name__ == "__main__":
    database_url, amqp_url, name = sys.argv[1:]
    queue = topology_named(name)
    declare = partial(topology.declare, amqp_url, exchanges=[queue.exchange], queues=[queue])
    bindings = BindingRepair(database_url, BrokerAddress(amqp_url), [queue], declare=declare)
    asyncio.run(Relay(database_url, amqp_url, queue.exchange, declare=bindings.declare).run())
