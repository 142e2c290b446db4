"""What handlers are handed. The composition root has put it into the broker's context."""

from datetime import timedelta
from typing import Annotated

from libs.consumers.inject import Inject
from order_service.domain.ports import ProductReplicaStore, UnitOfWorkFactory

ProductsDep = Annotated[ProductReplicaStore, Inject("products")]
UowDep = Annotated[UnitOfWorkFactory, Inject("uow")]
HoldDep = Annotated[timedelta, Inject("hold")]
