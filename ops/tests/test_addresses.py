"""Where an operator's commands find the servers."""

from pathlib import Path

import pytest

from ops.admin.addresses import NAMES, find_addresses
from ops.admin.errors import OperatorError
from ops.stack.paths import StackPaths
from ops.stack.process_id import ProcessId
from ops.stack.state import Phase, State

HERE = {name: f"here://{name}" for name in NAMES}


@pytest.fixture
def layout(tmp_path: Path) -> StackPaths:
    """With a shop that is up."""
    layout = StackPaths(tmp_path)
    layout.make()
    State(Phase.READY, ProcessId.own(), addresses={**HERE, "ADMIN_EMAIL": "admin@example.com"}).write(layout.state)
    return layout


def test_the_shop_that_runs_here(layout: StackPaths) -> None:
    found = find_addresses(layout, {})
    assert {name: found[name] for name in NAMES} == HERE


def test_the_environment_comes_first(layout: StackPaths) -> None:
    there = {name: f"there://{name}" for name in NAMES}
    found = find_addresses(layout, there)
    assert {name: found[name] for name in NAMES} == there


def test_what_the_shop_here_has_printed_is_that_shop(layout: StackPaths) -> None:
    """`eval "$(./shop env)"`, or a broker that it was told to use."""
    assert find_addresses(layout, {"AMQP_URL": HERE["AMQP_URL"]})["ORDER_DATABASE_URL"] == HERE["ORDER_DATABASE_URL"]


def test_two_shops_are_never_mixed(layout: StackPaths) -> None:
    found = find_addresses(layout, {"AMQP_URL": "there://AMQP_URL"})
    assert found["AMQP_URL"] == "there://AMQP_URL"
    with pytest.raises(OperatorError, match=r"ORDER_DATABASE_URL is not set: .* another shop .*AMQP_URL"):
        found["ORDER_DATABASE_URL"]


def test_a_shop_that_is_down(layout: StackPaths) -> None:
    State(Phase.DOWN, addresses=HERE).write(layout.state)
    with pytest.raises(OperatorError, match=r"AMQP_URL is not set, and the shop of this clone is not up: \./shop up"):
        find_addresses(layout, {})["AMQP_URL"]


def test_a_server_that_the_shop_here_does_not_have(layout: StackPaths) -> None:
    State(Phase.READY, ProcessId.own(), addresses={**HERE, "RABBITMQ_UI_URL": ""}).write(layout.state)
    with pytest.raises(OperatorError, match=r"^RABBITMQ_UI_URL is not set$"):
        find_addresses(layout, {})["RABBITMQ_UI_URL"]
