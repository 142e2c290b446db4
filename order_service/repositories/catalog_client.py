"""Products asked of catalog_service over HTTP."""

import asyncio
from collections.abc import Collection, Sequence
from http import HTTPStatus
from uuid import UUID

import httpx
import structlog
from pydantic import BaseModel

from libs.contracts.base import Currency, Text, Version
from libs.http.fields import Amount
from libs.observability.context import correlation_id, trace_of, traceparent
from order_service.domain.products import Product
from order_service.exceptions import CatalogUnavailable

log = structlog.stdlib.get_logger(__name__)

# Seconds, for all that a request misses together: the customer is waiting.
PATIENCE = 1.0
# What catalog says of a product that is not there; any other 404 comes from somewhere else on the way.
GONE = "product_not_found"


class _Problem(BaseModel):
    code: str


class _Answer(BaseModel):
    """What this service reads of catalog's product; the rest is none of its business."""

    id: UUID
    name: Text
    price: Amount
    currency: Currency
    is_active: bool
    version: Version


class HttpProductSource:
    def __init__(self, url: str, client: httpx.AsyncClient) -> None:
        self._url = url.rstrip("/")
        self._client = client

    async def fetch(self, product_ids: Collection[UUID]) -> Sequence[Product]:
        try:
            async with asyncio.timeout(PATIENCE):
                answers = await asyncio.gather(*(self._ask(product_id) for product_id in product_ids))
        except (httpx.HTTPError, ValueError, TimeoutError) as error:
            log.warning("catalog_unavailable", error=repr(error))
            raise CatalogUnavailable("A product could not be looked up; try again shortly.") from error
        return [product for product in answers if product is not None]

    async def _ask(self, product_id: UUID) -> Product | None:
        response = await self._client.get(
            f"{self._url}/api/v1/products/{product_id}",
            headers={"X-Request-ID": correlation_id.get(), "traceparent": traceparent.get() or trace_of(None)},
            timeout=PATIENCE,
        )
        if response.status_code == HTTPStatus.NOT_FOUND and _Problem.model_validate_json(response.content).code == GONE:
            return None
        response.raise_for_status()
        answer = _Answer.model_validate_json(response.content)
        return Product(answer.id, answer.name, answer.price, answer.currency, answer.is_active, answer.version)
