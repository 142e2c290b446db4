"""What handlers are handed. The composition root has put it into the broker's context."""

from typing import Annotated

from catalog_service.domain.ports import ReplicaOfUsers, UnitOfWorkFactory
from libs.messaging.given import Given

Users = Annotated[ReplicaOfUsers, Given("users")]
Uow = Annotated[UnitOfWorkFactory, Given("uow")]
