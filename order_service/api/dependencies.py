"""What endpoints are handed. The composition root has put it on the app."""

from typing import Annotated

from fastapi import Depends, Request

from libs.http.security import CurrentUser
from order_service.domain.actor import Actor
from order_service.domain.ports import CartReads, OrderReads, UnitOfWorkFactory
from order_service.domain.provider import CallbackVerifier
from order_service.services.follow_order import FollowOrder
from order_service.services.pay_order import PayOrder
from order_service.services.place_order import PlaceOrder
from order_service.services.product_pricing import ProductPricing
from order_service.services.reconcile_payments import PaymentReconciler


async def _uow(request: Request) -> UnitOfWorkFactory:
    uow: UnitOfWorkFactory = request.app.state.uow
    return uow


async def _reads(request: Request) -> OrderReads:
    reads: OrderReads = request.app.state.reads
    return reads


async def _carts(request: Request) -> CartReads:
    carts: CartReads = request.app.state.carts
    return carts


async def _placing(request: Request) -> PlaceOrder:
    placing: PlaceOrder = request.app.state.placing
    return placing


async def _pricing(request: Request) -> ProductPricing:
    pricing: ProductPricing = request.app.state.pricing
    return pricing


async def _paying(request: Request) -> PayOrder:
    paying: PayOrder = request.app.state.paying
    return paying


async def _settling(request: Request) -> PaymentReconciler:
    settling: PaymentReconciler = request.app.state.settling
    return settling


async def _following(request: Request) -> FollowOrder:
    following: FollowOrder = request.app.state.following
    return following


async def _messages(request: Request) -> CallbackVerifier:
    messages: CallbackVerifier = request.app.state.messages
    return messages


async def _actor(user: CurrentUser) -> Actor:
    return Actor(user.user_id, user.username, user.is_admin)


UowDep = Annotated[UnitOfWorkFactory, Depends(_uow)]
OrderQueriesDep = Annotated[OrderReads, Depends(_reads)]
CartQueriesDep = Annotated[CartReads, Depends(_carts)]
PlaceOrderDep = Annotated[PlaceOrder, Depends(_placing)]
ActorDep = Annotated[Actor, Depends(_actor)]
ProductPricingDep = Annotated[ProductPricing, Depends(_pricing)]
PayOrderDep = Annotated[PayOrder, Depends(_paying)]
PaymentReconcilerDep = Annotated[PaymentReconciler, Depends(_settling)]
FollowOrderDep = Annotated[FollowOrder, Depends(_following)]
CallbackVerifierDep = Annotated[CallbackVerifier, Depends(_messages)]
