"""catalog_service's products, for the replica."""

from faststream.rabbit import RabbitRouter

from libs.consumers.subscriber import subscriber
from libs.contracts.catalog import ProductDeleted, ProductEvent
from libs.contracts.topology import ORDER_PRODUCTS
from order_service.consumer.dependencies import ProductsDep
from order_service.domain.products import Product
from order_service.domain.tombstone import Tombstone
from order_service.services.replicas import apply_product_events

router = RabbitRouter()


@subscriber(router, ORDER_PRODUCTS, ProductEvent)
async def products_changed(events: list[ProductEvent], products: ProductsDep) -> None:
    await apply_product_events(products, *map(_news, events))


def _news(event: ProductEvent) -> Product | Tombstone:
    if isinstance(event, ProductDeleted):
        return Tombstone(event.id, event.version)
    return Product(event.id, event.name, event.price, event.currency, event.is_active, event.version)
