"""What endpoints are handed. The composition root has put it on the app."""

from typing import Annotated

from fastapi import Depends, Request

from libs.http.security import CurrentUser
from order_service.domain.actor import Actor
from order_service.domain.ports import OrderReads, UnitOfWorkFactory
from order_service.services.placing import Placing


async def _uow(request: Request) -> UnitOfWorkFactory:
    uow: UnitOfWorkFactory = request.app.state.uow
    return uow


async def _reads(request: Request) -> OrderReads:
    reads: OrderReads = request.app.state.reads
    return reads


async def _placing(request: Request) -> Placing:
    placing: Placing = request.app.state.placing
    return placing


async def _actor(user: CurrentUser) -> Actor:
    return Actor(user.user_id, user.username, user.is_admin)


Uow = Annotated[UnitOfWorkFactory, Depends(_uow)]
Reads = Annotated[OrderReads, Depends(_reads)]
PlacingOrders = Annotated[Placing, Depends(_placing)]
CurrentActor = Annotated[Actor, Depends(_actor)]
