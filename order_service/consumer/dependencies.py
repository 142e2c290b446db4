"""What handlers are handed. The composition root has put it into the broker's context."""

from datetime import timedelta
from typing import Annotated

from libs.messaging.given import Given
from order_service.domain.notices import Letters
from order_service.domain.ports import ReplicaOfProducts, UnitOfWorkFactory

Products = Annotated[ReplicaOfProducts, Given("products")]
Uow = Annotated[UnitOfWorkFactory, Given("uow")]
Hold = Annotated[timedelta, Given("hold")]
TheLetters = Annotated[Letters, Given("letters")]
