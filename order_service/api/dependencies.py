"""What endpoints are handed. The composition root has put it on the app."""

from typing import Annotated

from fastapi import Depends, Request

from libs.http.security import CurrentUser
from order_service.domain.actor import Actor
from order_service.domain.ports import CartReads, OrderReads, UnitOfWorkFactory
from order_service.domain.provider import ProviderMessages
from order_service.services.following import Following
from order_service.services.paying import Paying
from order_service.services.placing import Placing
from order_service.services.pricing import Pricing
from order_service.services.settling import Settling


async def _uow(request: Request) -> UnitOfWorkFactory:
    uow: UnitOfWorkFactory = request.app.state.uow
    return uow


async def _reads(request: Request) -> OrderReads:
    reads: OrderReads = request.app.state.reads
    return reads


async def _carts(request: Request) -> CartReads:
    carts: CartReads = request.app.state.carts
    return carts


async def _placing(request: Request) -> Placing:
    placing: Placing = request.app.state.placing
    return placing


async def _pricing(request: Request) -> Pricing:
    pricing: Pricing = request.app.state.pricing
    return pricing


async def _paying(request: Request) -> Paying:
    paying: Paying = request.app.state.paying
    return paying


async def _settling(request: Request) -> Settling:
    settling: Settling = request.app.state.settling
    return settling


async def _following(request: Request) -> Following:
    following: Following = request.app.state.following
    return following


async def _messages(request: Request) -> ProviderMessages:
    messages: ProviderMessages = request.app.state.messages
    return messages


async def _actor(user: CurrentUser) -> Actor:
    return Actor(user.user_id, user.username, user.is_admin)


Uow = Annotated[UnitOfWorkFactory, Depends(_uow)]
Reads = Annotated[OrderReads, Depends(_reads)]
Carts = Annotated[CartReads, Depends(_carts)]
PlacingOrders = Annotated[Placing, Depends(_placing)]
CurrentActor = Annotated[Actor, Depends(_actor)]
Prices = Annotated[Pricing, Depends(_pricing)]
PayingOrders = Annotated[Paying, Depends(_paying)]
Settlements = Annotated[Settling, Depends(_settling)]
FollowingOrders = Annotated[Following, Depends(_following)]
Messages = Annotated[ProviderMessages, Depends(_messages)]
