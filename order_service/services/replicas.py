"""Following what the other services own. Any number of news costs as much as one."""

from datetime import UTC, datetime

from order_service.domain.ports import ProductReplicaStore, UnitOfWorkFactory
from order_service.domain.products import Product
from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica


async def apply_product_events(replica: ProductReplicaStore, *news: Product | Tombstone) -> None:
    await replica.apply(news, datetime.now(UTC))


async def apply_user_events(uow: UnitOfWorkFactory, *news: UserReplica | Tombstone) -> None:
    async with uow() as work:
        await work.users.apply(news, datetime.now(UTC))
        gone = [each.id for each in news if isinstance(each, Tombstone)]
        if gone:
            await work.carts.forget(gone)
