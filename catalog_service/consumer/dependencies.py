"""What handlers are handed. The composition root has put it into the broker's context."""

from typing import Annotated

from faststream import Context

from catalog_service.domain.ports import UnitOfWorkFactory

Uow = Annotated[UnitOfWorkFactory, Context("uow")]
