"""Prometheus beside the shop: it asks all processes how they are, and knows when somebody should hear of it."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.stack.paths import REPOSITORY, StackPaths
from ops.stack.ports import HOST
from ops.stack.process import Spec, Tier
from ops.stack.prometheus_install import Installation
from ops.stack.readiness import listens

NAME = "prometheus"
ALERTS = REPOSITORY / "deploy" / "prometheus" / "alerts.yml"
# Often, as whoever looks at a shop of their own waits for what they have just done.
EVERY = "2s"


@dataclass(frozen=True)
class Prometheus:
    port: int

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"


def write_configuration(path: Path, ports: Mapping[tuple[str, str], int]) -> None:
    """`ports` are by service and part, "api" or "worker"."""
    targets = [
        {"targets": [f"{HOST}:{port}"], "labels": {"service": service, "part": part}}
        for (service, part), port in ports.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    configuration = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(ALERTS)],
        "scrape_configs": [{"job_name": "shop", "static_configs": targets}],
    }
    path.write_text(json.dumps(configuration, indent=1))


def command(installation: Installation, server: Prometheus, configuration: Path) -> tuple[str, ...]:
    return (
        str(installation.server),
        f"--config.file={configuration}",
        f"--storage.tsdb.path={configuration.parent / 'data'}",
        "--storage.tsdb.retention.time=7d",
        f"--web.listen-address={HOST}:{server.port}",
        *installation.options,
    )


def prometheus(
    layout: StackPaths, server: Prometheus, installation: Installation, ports: Mapping[tuple[str, str], int]
) -> Spec:
    configuration = layout.prometheus / "prometheus.yml"
    write_configuration(configuration, ports)
    return Spec(
        name=NAME,
        command=command(installation, server, configuration),
        env=os.environ,
        log=layout.log(NAME),
        ready=listens(server.port),
        tier=Tier.SERVERS,
        port=server.port,
    )
