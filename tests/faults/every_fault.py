"""All faults by name: what the tests go through one by one, and a soak throws dice over."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from random import Random
from typing import Final

from tests.faults import message_faults, network_faults, process_faults, server_faults
from tests.faults.cluster import Cluster
from tests.faults.load import Load

Fault = Callable[[Cluster, Load, Random], Awaitable[None]]

OF_DEATHS: Final[Mapping[str, Fault]] = {
    **{
        f"the API of {service} dies, commit {step}": partial(process_faults.api_dies, service, step)
        for service in ("auth", "catalog", "order")
        for step in ("begun", "done")
    },
    **{
        f"the worker of {service} dies at {step}": partial(process_faults.worker_dies, service, step)
        for service, step in (
            ("auth", "relay.taken"),
            ("auth", "relay.confirmed"),
            ("catalog", "relay.settled"),
            ("catalog", "commit.begun"),
            ("order", "commit.done"),
            ("order", "handler.done"),
        )
    },
}
OF_PROCESSES: Final[Mapping[str, Fault]] = {
    "a relay dies, half of its batch confirmed": process_faults.relay_dies_half_confirmed,
    "a worker freezes while another runs": process_faults.worker_freezes_while_another_runs,
    "a consumer dies ten times": process_faults.consumer_dies_ten_times,
    "a consumer freezes": process_faults.consumer_freezes,
}
OF_SERVERS: Final[Mapping[str, Fault]] = {
    "the broker dies": server_faults.broker_dies,
    "the broker freezes": server_faults.broker_freezes,
    "the broker has no memory": server_faults.broker_has_no_memory,
    "a publisher's way is half open": partial(network_faults.way_is_half_open, "auth"),
    "a consumer's way is half open": partial(network_faults.way_is_half_open, "order"),
    "a consumer's way is cut": partial(network_faults.way_is_cut, "catalog"),
    "a binding is deleted": network_faults.binding_is_deleted,
    "the database dies while relaying": server_faults.database_dies_while_relaying,
    "the database dies while handling": server_faults.database_dies_while_handling,
    "connections are exhausted": server_faults.connections_are_exhausted,
}
OF_MESSAGES: Final[Mapping[str, Fault]] = {
    "everything comes thrice": message_faults.everything_comes_thrice,
    "a consumer joins late": message_faults.consumer_joins_late,
}
FAULTS: Final[Mapping[str, Fault]] = {**OF_DEATHS, **OF_PROCESSES, **OF_SERVERS, **OF_MESSAGES}
