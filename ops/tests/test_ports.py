import socket
from collections.abc import Iterator

import pytest

from ops.stack.ports import HOST, NoFreePortError, PortReservations


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.fixture
def ports() -> Iterator[PortReservations]:
    ports = PortReservations()
    yield ports
    ports.release()


other_ports = ports


def test_a_busy_port_is_replaced(busy: int, ports: PortReservations) -> None:
    chosen = ports.take(busy)
    assert chosen != busy
    with socket.socket() as server:
        server.bind((HOST, chosen))


def test_two_stacks_that_start_at_once_choose_different_ports(
    ports: PortReservations, other_ports: PortReservations
) -> None:
    assert ports.take(23000) != other_ports.take(23000)


def test_a_reservation_ends_with_its_stack(ports: PortReservations, other_ports: PortReservations) -> None:
    port = ports.take(23500)
    ports.release()
    assert other_ports.take(port) == port


def test_there_is_an_end_to_the_search(busy: int, ports: PortReservations, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ops.stack.ports._TRIES", 1)
    with pytest.raises(NoFreePortError):
        ports.take(busy)
