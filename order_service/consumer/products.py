"""catalog_service's products, for the replica."""

from faststream.rabbit import RabbitRouter

from libs.contracts.catalog import ProductDeleted, ProductEvent
from libs.contracts.topology import ORDER_PRODUCTS
from libs.messaging.consumer import subscriber
from order_service.consumer.dependencies import Uow
from order_service.domain.products import Product
from order_service.services.replicas import forget_product, learn_product

router = RabbitRouter()


@subscriber(router, ORDER_PRODUCTS, ProductEvent)
async def product_changed(event: ProductEvent, uow: Uow) -> None:
    if isinstance(event, ProductDeleted):
        await forget_product(uow, event.id, event.version)
    else:
        product = Product(event.id, event.name, event.price, event.currency, event.is_active, event.version)
        await learn_product(uow, product)
