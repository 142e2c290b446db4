"""The transaction of catalog_service."""

from typing import TypeVar
from uuid import UUID

from catalog_service.domain.events import (
    DomainEvent,
    ProductChanged,
    ProductCreated,
    ProductDeleted,
    StockRejected,
    StockReserved,
)
from catalog_service.domain.ports import Categories, Products, Reservations, Stocks
from catalog_service.domain.product import Product
from catalog_service.repositories.cache_invalidation import ChangePublisher
from catalog_service.repositories.categories import SqlCategories
from catalog_service.repositories.products import SqlProducts
from catalog_service.repositories.reservations import SqlReservations
from catalog_service.repositories.stocks import SqlStocks
from libs.contracts import catalog as contracts
from libs.database.database import Database, Transaction
from libs.outbox.notifier import OutboxNotifier
from libs.outbox.unit_of_work import SqlUnitOfWork

State = TypeVar("State", contracts.ProductCreated, contracts.ProductUpdated)


class CatalogUnitOfWork(SqlUnitOfWork[DomainEvent]):
    categories: Categories
    products: Products
    stocks: Stocks
    reservations: Reservations

    def __init__(self, transactions: Database, notifier: OutboxNotifier, changes: ChangePublisher) -> None:
        super().__init__(transactions, notifier)
        self._changes = changes
        self._changed: set[UUID] = set()
        """Products whose public answers the transaction changes."""

    async def after_commit(self) -> None:
        if self._changed:
            await self._changes.publish(self._changed)

    def open_repositories(self, transaction: Transaction) -> None:
        self.categories = SqlCategories(transaction)
        self.products = SqlProducts(transaction, self._changed)
        self.stocks = SqlStocks(transaction, self._changed)
        self.reservations = SqlReservations(transaction)

    def contract(self, fact: DomainEvent) -> contracts.ProductEvent | contracts.StockEvent:
        match fact:
            case ProductCreated(product):
                return _state(contracts.ProductCreated, product)
            case ProductChanged(product):
                return _state(contracts.ProductUpdated, product)
            case ProductDeleted(product_id, version):
                return contracts.ProductDeleted(id=product_id, version=version)
            case StockReserved(order_id, order_version):
                return contracts.StockReserved(order_id=order_id, order_version=order_version)
            case StockRejected(order_id, order_version, shortages):
                return contracts.StockRejected(
                    order_id=order_id,
                    order_version=order_version,
                    shortages=tuple(
                        contracts.Shortage(
                            product_id=shortage.product_id, wanted=shortage.wanted, available=shortage.available
                        )
                        for shortage in shortages
                    ),
                )


def _state(event: type[State], product: Product) -> State:
    return event(
        id=product.id,
        sku=product.sku,
        slug=product.slug,
        name=product.name,
        price=product.price,
        currency=product.currency,
        category_id=product.category_id,
        image_url=product.image_urls[0] if product.image_urls else None,
        is_active=product.is_active,
        version=product.version,
    )
