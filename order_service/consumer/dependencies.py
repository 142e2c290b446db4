"""What handlers are handed. The composition root has put it into the broker's context."""

from datetime import timedelta
from typing import Annotated

from libs.consumers.inject import Inject
from order_service.domain.ports import ReplicaOfProducts, UnitOfWorkFactory

Products = Annotated[ReplicaOfProducts, Inject("products")]
Uow = Annotated[UnitOfWorkFactory, Inject("uow")]
Hold = Annotated[timedelta, Inject("hold")]
