"""A relay as a process, to be killed."""

import asyncio
import sys
from functools import partial

from libs.messaging import topology
from libs.messaging.bindings import Bindings
from libs.messaging.connection import BrokerAddress
from libs.messaging.relay import Relay
from libs.messaging.tests.things import topology_named

if __name__ == "__main__":
    database_url, amqp_url, name = sys.argv[1:]
    queue = topology_named(name)
    declare = partial(topology.declare, amqp_url, exchanges=[queue.exchange], queues=[queue])
    bindings = Bindings(database_url, BrokerAddress(amqp_url), [queue], declare=declare)
    asyncio.run(Relay(database_url, amqp_url, queue.exchange, declare=bindings.declare).run())
