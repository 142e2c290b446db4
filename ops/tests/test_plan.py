"""Where a stack can be reached, given what the environment names and which ports are free."""

import socket
from collections.abc import Iterator

import pytest

from ops.stack.credentials import Credentials
from ops.stack.options import StackOptions
from ops.stack.plan import Plan, make_plan
from ops.stack.ports import HOST, PortReservations
from ops.stack.services import AUTH


@pytest.fixture(autouse=True)
def no_servers_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AMQP_URL", "RABBITMQ_UI_URL", "AUTH_DATABASE_URL", "CATALOG_DATABASE_URL", "ORDER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def ports() -> Iterator[PortReservations]:
    ports = PortReservations()
    yield ports
    ports.release()


def planned(ports: PortReservations) -> Plan:
    return make_plan(StackOptions(scratch=True), Credentials(), ports)


def test_it_names_all_that_a_person_or_a_test_needs(ports: PortReservations) -> None:
    plan = planned(ports)
    assert set(plan.addresses) == {
        *("AUTH_URL", "CATALOG_URL", "ORDER_URL", "AMQP_URL", "RABBITMQ_UI_URL", "ADMIN_EMAIL", "ADMIN_PASSWORD"),
        *("AUTH_DATABASE_URL", "CATALOG_DATABASE_URL", "ORDER_DATABASE_URL", "PAYMENT_WEBHOOK_SECRET"),
        *("MAIL_URL", "WEBHOOK_RECEIVER_HOST"),
    }


def test_servers_that_the_environment_names_are_used(ports: PortReservations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://elsewhere")
    monkeypatch.setenv("AUTH_DATABASE_URL", "postgresql://elsewhere/auth")
    plan = planned(ports)
    assert plan.rabbitmq is None
    assert plan.database_url(AUTH) == "postgresql://elsewhere/auth"
    assert plan.postgres is not None  # for the other two
    assert "AUTH_DATABASE_URL is the environment's" in plan.notes


def test_a_port_that_is_not_the_usual_one_is_said(ports: PortReservations) -> None:
    usual = planned(ports).api_ports[AUTH]
    with socket.socket() as busy:
        # As servers do it, and before anybody else may take it.
        busy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        busy.bind((HOST, usual))
        busy.listen()
        ports.release()
        plan = planned(ports)
    assert plan.api_ports[AUTH] != usual
    assert plan.addresses["AUTH_URL"] == f"http://{HOST}:{plan.api_ports[AUTH]}"
    assert any(f"auth-api is on {plan.api_ports[AUTH]}" in note for note in plan.notes)
