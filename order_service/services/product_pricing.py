"""What products are and cost at the moment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from order_service.domain.ports import ProductReplicaReader, ProductReplicaStore, ProductSource
from order_service.domain.products import PricedItems, Product, price_items


@dataclass(frozen=True, slots=True)
class ProductPricing:
    """Asks outside of any transaction, which would keep a connection waiting for another service."""

    products: ProductReplicaReader
    replica: ProductReplicaStore
    source: ProductSource

    async def price(self, wanted: Mapping[UUID, int]) -> PricedItems:
        return price_items(wanted, await self.known(wanted.keys()))

    async def known(self, product_ids: Collection[UUID]) -> Mapping[UUID, Product | None]:
        """The replica's products. One that it never heard of may be new, its event under way: catalog is asked."""
        known = await self.products.known(product_ids)
        unheard = [product_id for product_id in product_ids if product_id not in known]
        if not unheard:
            return known
        fetched = await self.source.fetch(unheard)
        if not fetched:
            return known
        await self.replica.apply(fetched, datetime.now(UTC))
        # Read again: meanwhile the replica may have heard of a newer version.
        return await self.products.known(product_ids)
