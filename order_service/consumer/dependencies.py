"""What handlers are handed. The composition root has put it into the broker's context."""

from datetime import timedelta
from typing import Annotated

from faststream import Context

from order_service.domain.notices import Letters
from order_service.domain.ports import UnitOfWorkFactory

Uow = Annotated[UnitOfWorkFactory, Context("uow")]
Hold = Annotated[timedelta, Context("hold")]
TheLetters = Annotated[Letters, Context("letters")]
