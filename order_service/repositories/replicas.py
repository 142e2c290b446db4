"""Replicas behind the version guard."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.messaging.guard import apply_if_newer
from order_service.domain.people import Person
from order_service.domain.products import Product
from order_service.models.replicas import products, users


class SqlReplicaOfProducts:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def learn(self, product: Product) -> None:
        row = {
            "id": product.id,
            "name": product.name,
            "price": product.price,
            "currency": product.currency,
            "is_active": product.is_active,
            "version": product.version,
            "deleted_at": None,
        }
        await apply_if_newer(self._connection, products, row)

    async def forget(self, product_id: UUID, version: int, now: datetime) -> None:
        row = {
            "id": product_id,
            "name": None,
            "price": None,
            "currency": None,
            "is_active": None,
            "version": version,
            "deleted_at": now,
        }
        await apply_if_newer(self._connection, products, row)


class SqlReplicaOfUsers:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def learn(self, person: Person) -> None:
        row = {
            "id": person.id,
            "username": person.username,
            "email": person.email,
            "role": person.role,
            "is_active": person.is_active,
            "version": person.version,
            "deleted_at": None,
            "erase_at": None,
        }
        await apply_if_newer(self._connection, users, row)

    async def forget(self, user_id: UUID, version: int, now: datetime) -> None:
        row = {
            "id": user_id,
            "username": None,
            "email": None,
            "role": None,
            "is_active": None,
            "version": version,
            "deleted_at": now,
            "erase_at": now,
        }
        await apply_if_newer(self._connection, users, row)
