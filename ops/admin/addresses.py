"""Where the shop's servers are: what the environment names, else those of the stack that runs in this clone."""

import os
from collections.abc import Mapping

from ops.admin.errors import OperatorError
from ops.stack.paths import CLONE, StackPaths
from ops.stack.services import SERVICES
from ops.stack.state import current

NAMES = (*(service.database_variable for service in SERVICES), "AMQP_URL", "RABBITMQ_UI_URL")


class Addresses:
    def __init__(self, known: Mapping[str, str], hint: str) -> None:
        self._known = known
        self._hint = hint

    def __getitem__(self, name: str) -> str:
        if not (value := self._known.get(name)):
            raise OperatorError(f"{name} is not set{self._hint}")
        return value


def find_addresses(layout: StackPaths = CLONE, environment: Mapping[str, str] = os.environ) -> Addresses:
    """Never some of one shop and some of another: an intervention would be recorded where it did not happen."""
    named = {name: environment[name] for name in NAMES if environment.get(name)}
    state = current(layout)
    if not state.supervised:
        return Addresses(named, ", and the shop of this clone is not up: ./shop up")
    others = [name for name, value in named.items() if state.addresses.get(name) != value]
    if others:
        return Addresses(named, f": the environment names another shop than this clone's ({', '.join(others)})")
    return Addresses({name: state.addresses.get(name, "") for name in NAMES}, "")
