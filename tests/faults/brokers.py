"""One RabbitMQ, or several that are one cluster."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from ops.stack import rabbitmq
from ops.stack.credentials import Credentials
from ops.stack.paths import StackPaths
from ops.stack.ports import PortReservations
from ops.stack.process import Spec
from ops.stack.rabbitmq import RabbitMQ
from ops.stack.rabbitmq_install import Installation
from tests.faults.network import Host
from tests.faults.server import Server

# One scheduler each: there are three of them, and few processors. Silence of a peer is noticed after so many seconds.
SMALL: Final = "+S 1:1 -kernel net_ticktime 20"


@dataclass(frozen=True)
class Brokers:
    """Those of one cluster are found by names which are addresses, so that no DNS is asked."""

    plans: Sequence[RabbitMQ]
    name_servers: Sequence[Server]
    """One a host."""
    nodes: Sequence[Server]
    layouts: Sequence[StackPaths]
    """Where they keep their things."""

    @classmethod
    def on(
        cls,
        hosts: Sequence[Host],
        folder: Path,
        credentials: Credentials,
        ports: PortReservations,
        first_port: int,
        installation: Installation,
    ) -> Self:
        names = ports.take(first_port)
        plans = [
            RabbitMQ(
                port=ports.take(first_port + 1),
                ui_port=ports.take(first_port + 2),
                distribution_port=ports.take(first_port + 3),
                epmd_port=names,
                password=credentials.rabbitmq,
                cookie=credentials.erlang_cookie,
                host=host.address,
                peer_host=host.peer_address,
            )
            for host in hosts
        ]
        if len(plans) > 1:
            plans = [replace(plan, node=f"shop{number}@{plan.peer_host}") for number, plan in enumerate(plans, 1)]
        name_servers: dict[Host, Server] = {}
        nodes = []
        layouts = [StackPaths(folder / plan.node) for plan in plans]
        for host, plan, layout in zip(hosts, plans, layouts, strict=True):
            layout.make()
            if host not in name_servers:
                name_servers[host] = Server(_on(host, rabbitmq.epmd(layout, plan, installation)))
            spec = _on(host, rabbitmq.broker(layout, plan, installation, scratch=True))
            nodes.append(Server(_member(spec, plans) if len(plans) > 1 else spec))
        return cls(plans, list(name_servers.values()), nodes, layouts)


def _on(host: Host, spec: Spec) -> Spec:
    return replace(spec, command=(*host.inside, *spec.command))


def _member(spec: Spec, plans: Sequence[RabbitMQ]) -> Spec:
    lines = [
        "cluster_formation.peer_discovery_backend = classic_config",
        *(f"cluster_formation.classic_config.nodes.{number} = {plan.node}" for number, plan in enumerate(plans, 1)),
        "cluster_partition_handling = pause_minority",
    ]
    with Path(spec.env["RABBITMQ_CONFIG_FILE"]).open("a") as configuration:
        configuration.writelines(f"{line}\n" for line in lines)
    flags = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"
    # Names that are addresses are what Erlang calls long names.
    own = {"RABBITMQ_USE_LONGNAME": "true", flags: f"{spec.env[flags]} {SMALL}"}
    return replace(spec, env={**spec.env, **own})
