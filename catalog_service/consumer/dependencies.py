"""What handlers are handed. The composition root has put it into the broker's context."""

from typing import Annotated

from catalog_service.domain.ports import UnitOfWorkFactory
from libs.messaging.given import Given

Uow = Annotated[UnitOfWorkFactory, Given("uow")]
