"""What handlers are handed. The composition root has put it into the broker's context."""

from typing import Annotated

from catalog_service.domain.ports import ReplicaOfUsers, UnitOfWorkFactory
from libs.consumers.inject import Inject

Users = Annotated[ReplicaOfUsers, Inject("users")]
Uow = Annotated[UnitOfWorkFactory, Inject("uow")]
