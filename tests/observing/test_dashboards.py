"""A real Prometheus reads a running shop: each panel shows something, and each alert is a right expression."""

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from libs.testing.ports import free_port
from libs.testing.wait import until
from ops.stack import child
from ops.stack.paths import REPOSITORY
from ops.stack.prometheus import ALERTS, Prometheus, command, write_configuration
from ops.stack.prometheus_install import Installation, NoPrometheusError, find_or_fetch
from tests.observing.shop import PATIENCE, Shop

pytestmark = pytest.mark.xdist_group("observing")

DASHBOARDS = REPOSITORY / "deploy" / "grafana" / "dashboards"
# What somebody may choose on a dashboard, and what Grafana makes of the width of the screen.
SERVICES = ("auth", "catalog", "order")
RATE_INTERVAL = "1m"
# Seconds. What the database counts it counts the more rarely the slower the machine is.
PATIENCE_FOR_ALL = 240


@dataclass(frozen=True)
class Panel:
    dashboard: str
    title: str
    query: str
    service: str

    @property
    def expression(self) -> str:
        return self.query.replace("$__rate_interval", RATE_INTERVAL).replace("$service", self.service)


def panels() -> Iterator[Panel]:
    for file in sorted(DASHBOARDS.glob("*.json")):
        dashboard = json.loads(file.read_text())
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                for service in SERVICES if "$service" in target["expr"] else SERVICES[:1]:
                    yield Panel(dashboard["title"], panel["title"], target["expr"], service)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    try:
        return find_or_fetch(tmp_path_factory.mktemp("fetch") / "fetch.log")
    except NoPrometheusError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
async def prometheus(
    shop: Shop, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("prometheus")
    server = Prometheus(free_port())
    write_configuration(folder / "prometheus.yml", shop.ports)
    process = await child.start(
        command(installation, server, folder / "prometheus.yml"), env={}, cwd=folder, log=folder / "prometheus.log"
    )
    try:
        async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", trust_env=False, timeout=30) as client:
            yield client
    finally:
        process.terminate()
        await process.wait()


async def ask(prometheus: httpx.AsyncClient, expression: str) -> list[float]:
    """The values of what there is; of what nobody did in that time a quantile is no number."""
    answer = (await prometheus.get("/query", params={"query": expression})).raise_for_status().json()
    assert answer["status"] == "success", f"{expression}: {answer}"
    return [float(series["value"][1]) for series in answer["data"]["result"]]


async def test_each_panel_shows_something(shop: Shop, prometheus: httpx.AsyncClient) -> None:
    async def all_are_up() -> bool:
        try:
            return sum(await ask(prometheus, 'up{job="shop"}')) == len(shop.processes)
        except httpx.HTTPError:
            return False

    await until(all_are_up, timeout=PATIENCE, every=0.5)
    wanted = list(panels())
    assert len(wanted) > len(list(DASHBOARDS.glob("*.json")))
    admin = await shop.admin()

    async def each_shows_something() -> bool:
        """A rate needs two looks with something between them."""
        await shop.buy(await shop.person(), await shop.product(admin))
        empty = []
        for panel in wanted:
            values = await ask(prometheus, panel.expression)
            if all(math.isnan(value) for value in values):
                empty.append(f"{panel.dashboard} / {panel.title} ({panel.service}): {panel.expression} gave {values}")
        assert empty == []
        return True

    await until(each_shows_something, timeout=PATIENCE_FOR_ALL, every=2)


def test_a_dashboard_names_only_what_is_measured_and_its_own_datasource() -> None:
    for file in DASHBOARDS.glob("*.json"):
        dashboard = json.loads(file.read_text())
        sources = {panel["datasource"]["uid"] for panel in dashboard["panels"]}
        assert sources == {"prometheus"}
        assert dashboard["uid"] == file.stem
        assert [panel["title"] for panel in dashboard["panels"] if not panel["title"]] == []


async def test_alerts_are_known_and_none_fires_in_a_shop_that_is_well(
    shop: Shop, prometheus: httpx.AsyncClient
) -> None:
    async def rules() -> list[Any]:
        answer = (await prometheus.get("/rules")).json()["data"]["groups"]
        found = [rule for group in answer for rule in group["rules"]]
        return found if all(rule["health"] == "ok" for rule in found) else []

    found = await until(rules, timeout=PATIENCE, every=0.5)
    assert {rule["name"] for rule in found} >= {"MessagesParked", "OutboxLate", "ReplicationLate", "ConsumersMissing"}
    down = {"ProcessDown", "ServiceAbsent", "ConsumersMissing", "OrdersUnanswered", "OutboxLate"}
    down |= {"RelayDisconnected", "RelayWithoutDatabase"}

    async def none_of_them() -> bool:
        """Before Prometheus has asked each process once, some seem to be absent."""
        assert [rule["name"] for rule in await rules() if rule["name"] in down and rule["state"] != "inactive"] == []
        return True

    await until(none_of_them, timeout=PATIENCE, every=0.5)
    assert shop.processes


async def test_each_alert_fires_when_it_should(installation: Installation) -> None:
    tests = ALERTS.with_name("alerts.test.yml")
    tried = {
        name for names in re.findall(r'alertname(?:: |=~?")([\w.*|]+)', tests.read_text()) for name in names.split("|")
    }
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text())
    assert alerts
    assert [alert for alert in alerts if not any(re.fullmatch(each, alert) for each in tried)] == []
    process = await asyncio.create_subprocess_exec(
        installation.tool,
        *("test", "rules", tests),
        cwd=ALERTS.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()


def test_an_alert_says_what_to_do_in_words_that_exist() -> None:
    commands = set(re.findall(r"\./shop ([a-z]+)", ALERTS.read_text()))
    assert commands == {"parked", "outbox", "queues", "trace"}
