"""Prometheus beside the shop: whom it asks, and what a person is told where there is none."""

import json
import re
from pathlib import Path

import pytest

from ops.stack.credentials import Credentials
from ops.stack.options import StackOptions
from ops.stack.paths import REPOSITORY
from ops.stack.plan import make_plan
from ops.stack.ports import PortReservations
from ops.stack.prometheus import ALERTS, write_configuration
from ops.stack.prometheus_install import NoPrometheusError, find_or_fetch
from ops.stack.services import SERVICES

COMPOSE = (REPOSITORY / "docker-compose.yml").read_text()


def test_it_runs_where_somebody_asks_for_it() -> None:
    ports = PortReservations()
    try:
        asked = make_plan(StackOptions(scratch=True, observe=True), Credentials(), ports)
        assert asked.prometheus is not None
        assert asked.addresses["PROMETHEUS_URL"] == asked.prometheus.url
        assert any("docker compose --profile observe" in note for note in asked.notes)
        assert make_plan(StackOptions(scratch=True), Credentials(), ports).prometheus is None
    finally:
        ports.release()


def test_it_asks_each_process_and_names_it(tmp_path: Path) -> None:
    write_configuration(tmp_path / "prometheus" / "p.yml", {("auth", "api"): 8000, ("auth", "worker"): 8100})
    written = json.loads((tmp_path / "prometheus" / "p.yml").read_text())
    assert written["scrape_configs"][0]["static_configs"] == [
        {"targets": ["127.0.0.1:8000"], "labels": {"service": "auth", "part": "api"}},
        {"targets": ["127.0.0.1:8100"], "labels": {"service": "auth", "part": "worker"}},
    ]
    assert written["rule_files"] == [str(ALERTS)]
    assert ALERTS.is_file()


def test_that_of_compose_asks_each_process_of_compose() -> None:
    asked = dict(
        re.findall(r"names: \[([a-z-]+)\], type: A, port: (\d+)", ALERTS.with_name("prometheus.yml").read_text())
    )
    expected = {service.name: str(service.api_port) for service in SERVICES}
    expected |= {f"{service.name}-worker": str(service.worker_port) for service in SERVICES}
    assert asked == expected
    assert {name for name in asked if re.search(rf"^  {name}:$", COMPOSE, re.MULTILINE)} == asked.keys()


def test_images_are_pinned() -> None:
    images = re.findall(r"image: (\S+)", COMPOSE)
    assert [image for image in images if not image.startswith("shop/") and ":" not in image] == []


def test_where_none_can_be_had_a_person_is_told_who_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(NoPrometheusError, match="docker compose --profile observe up has one"):
        find_or_fetch(tmp_path / "fetch.log")
