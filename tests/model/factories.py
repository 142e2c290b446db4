"""What is sold in the model, at prices that stay."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from order_service.domain.products import Product
from order_service.domain.tombstone import Tombstone

STOCK: Mapping[UUID, int] = {UUID(int=1): 6, UUID(int=2): 4, UUID(int=3): 3}
PRODUCTS = list(STOCK)
KNOWN = {
    product_id: Product(product_id, f"Thing {place}", Decimal("1.25") * place, "EUR", is_active=True, version=1)
    for place, product_id in enumerate(PRODUCTS, 1)
}


class ProductReplica:
    """As the replica knows them, which learns nothing, and the catalog, which is never asked."""

    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        return {product_id: KNOWN[product_id] for product_id in product_ids}

    async def fetch(self, product_ids: Collection[UUID]) -> Sequence[Product]:
        raise AssertionError(product_ids)

    async def apply(self, news: Sequence[Product | Tombstone], now: datetime) -> None:
        raise AssertionError(news, now)
