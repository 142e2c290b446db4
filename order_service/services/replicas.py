"""Following what the other services own. Any number of news costs as much as one."""

from datetime import UTC, datetime

from order_service.domain.gone import Gone
from order_service.domain.people import Person
from order_service.domain.ports import ReplicaOfProducts, UnitOfWorkFactory
from order_service.domain.products import Product


async def learn_products(replica: ReplicaOfProducts, *news: Product | Gone) -> None:
    await replica.learn(news, datetime.now(UTC))


async def learn_users(uow: UnitOfWorkFactory, *news: Person | Gone) -> None:
    async with uow() as work:
        await work.users.learn(news, datetime.now(UTC))
        gone = [each.id for each in news if isinstance(each, Gone)]
        if gone:
            await work.carts.forget(gone)
