"""Order's worker, ended by a product with a deadly name: `uvicorn tests.faults.crashing_handler:app`."""

import os
import signal

from fastapi import FastAPI

from order_service import worker
from order_service.consumer import products
from order_service.domain.ports import ProductReplicaStore
from order_service.domain.products import Product
from order_service.domain.tombstone import Tombstone
from order_service.services.replicas import apply_product_events

NAME = "deadly"


async def apply_or_crash(replica: ProductReplicaStore, *news: Product | Tombstone) -> None:
    if any(isinstance(each, Product) and each.name == NAME for each in news):
        os.kill(os.getpid(), signal.SIGKILL)
    await apply_product_events(replica, *news)


products.apply_product_events = apply_or_crash  # type: ignore[attr-defined] # what a bug would do that nobody has written


def __getattr__(name: str) -> FastAPI:
    app: FastAPI = getattr(worker, name)
    return app
