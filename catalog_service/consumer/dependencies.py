"""What handlers are handed. The composition root has put it into the broker's context."""

from typing import Annotated

from catalog_service.domain.ports import UnitOfWorkFactory, UserReplicaStore
from libs.consumers.inject import Inject

UsersDep = Annotated[UserReplicaStore, Inject("users")]
UowDep = Annotated[UnitOfWorkFactory, Inject("uow")]
