"""Every event of the shop."""

from typing import Final, get_args

from libs.contracts.auth import UserEvent
from libs.contracts.base import Event
from libs.contracts.catalog import ProductEvent, StockEvent
from libs.contracts.orders import OrderEvent

EVENTS: Final[tuple[type[Event], ...]] = get_args(UserEvent | ProductEvent | StockEvent | OrderEvent)
