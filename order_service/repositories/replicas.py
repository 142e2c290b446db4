"""Replicas behind the version guard."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from libs.consumers.version_guard import upsert_if_newer
from libs.database.database import Transaction
from libs.database.executor import Executor
from order_service.domain.products import Product
from order_service.domain.tombstone import Tombstone
from order_service.domain.user_replica import UserReplica
from order_service.models.replicas import products, users

# What a replica says of something that is gone: nothing but that.
EMPTY_PRODUCT = dict.fromkeys(("name", "price", "currency", "is_active"))
EMPTY_USER = dict.fromkeys(("username", "email", "role", "is_active"))


class SqlProductReplicaStore:
    """Learns in one statement, so it needs no transaction around it."""

    def __init__(self, statements: Executor) -> None:
        self._statements = statements

    async def apply(self, news: Sequence[Product | Tombstone], now: datetime) -> None:
        await upsert_if_newer(self._statements, products, [_product(each, now) for each in news])


class SqlUserReplicaStore:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def apply(self, news: Sequence[UserReplica | Tombstone], now: datetime) -> None:
        await upsert_if_newer(self._transaction, users, [_person(each, now) for each in news])


def _product(news: Product | Tombstone, now: datetime) -> dict[str, Any]:
    if isinstance(news, Tombstone):
        return {**EMPTY_PRODUCT, "id": news.id, "version": news.version, "deleted_at": now}
    return {
        "name": news.name,
        "price": news.price,
        "currency": news.currency,
        "is_active": news.is_active,
        "id": news.id,
        "version": news.version,
        "deleted_at": None,
    }


def _person(news: UserReplica | Tombstone, now: datetime) -> dict[str, Any]:
    if isinstance(news, Tombstone):
        return {**EMPTY_USER, "id": news.id, "version": news.version, "deleted_at": now, "erase_at": now}
    return {
        "username": news.username,
        "email": news.email,
        "role": news.role,
        "is_active": news.is_active,
        "id": news.id,
        "version": news.version,
        "deleted_at": None,
        "erase_at": None,
    }
