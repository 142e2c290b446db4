"""A relay as a process, to be killed."""

import asyncio
import sys
from functools import partial

from libs.messaging import topology
from libs.messaging.relay import Relay
from libs.messaging.tests.things import topology_named

if __name__ == "__main__":
    database_url, amqp_url, name = sys.argv[1:]
    queue = topology_named(name)
    declare = partial(topology.declare, amqp_url, exchanges=[queue.exchange], queues=[queue])
    asyncio.run(Relay(database_url, amqp_url, queue.exchange, declare=declare).run())
