"""Following what the other services own."""

from datetime import UTC, datetime
from uuid import UUID

from order_service.domain.people import Person
from order_service.domain.ports import UnitOfWorkFactory
from order_service.domain.products import Product


async def learn_product(uow: UnitOfWorkFactory, product: Product) -> None:
    async with uow() as work:
        await work.products.learn(product)


async def forget_product(uow: UnitOfWorkFactory, product_id: UUID, version: int) -> None:
    async with uow() as work:
        await work.products.forget(product_id, version, datetime.now(UTC))


async def learn_user(uow: UnitOfWorkFactory, person: Person) -> None:
    async with uow() as work:
        await work.users.learn(person)


async def forget_user(uow: UnitOfWorkFactory, user_id: UUID, version: int) -> None:
    async with uow() as work:
        await work.users.forget(user_id, version, datetime.now(UTC))
        await work.carts.forget(user_id)
