"""Deliveries of webhooks. For admins."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import StringConstraints

from libs.database.keyset import read_cursor, write_cursor
from libs.errors import InvalidCursor
from libs.http.app import API
from libs.http.etag import SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.fields import STORABLE
from libs.http.openapi import error_responses
from libs.http.pagination import Page, Pagination, build_page
from libs.http.security import CurrentAdmin
from order_service.webhooks import service
from order_service.webhooks.delivery import DeliveryFilter, DeliveryStatus
from order_service.webhooks.delivery_schemas import DeliveryDetailResponse, DeliveryResponse, to_response
from order_service.webhooks.dependencies import UowDep, WebhookReadsDep
from order_service.webhooks.exceptions import DeliveryNotFound, WebhookInactive, WebhookNotFound

router = APIRouter(tags=["webhooks"], route_class=CompiledRoute)

EventType = Annotated[str | None, StringConstraints(pattern=STORABLE, max_length=100), Query(examples=["order.paid"])]


@router.get(
    "/webhook/{webhook_id}/deliveries",
    summary="List the deliveries of a webhook, newest first",
    description="They are kept for 30 days.",
    response_model=Page[DeliveryResponse],
    responses=error_responses(WebhookNotFound, InvalidCursor),
)
async def list_deliveries(
    webhook_id: UUID,
    _: CurrentAdmin,
    reads: WebhookReadsDep,
    page: Pagination,
    status: Annotated[DeliveryStatus | None, Query()] = None,
    type: EventType = None,  # noqa: A002 - the name of the parameter in the URL.
) -> dict[str, Any]:
    wanted = DeliveryFilter(webhook_id, status, type)
    after = None if page.cursor is None else read_cursor(page.cursor, "deliveries", [UUID])[0]
    rows = await reads.deliveries(wanted, page.limit + 1, after)
    total = await reads.count_deliveries(wanted) if page.with_total else None
    return build_page(rows, page.limit, lambda row: write_cursor("deliveries", [row["id"]]), total)


@router.get(
    "/webhook/{webhook_id}/deliveries/{delivery_id}",
    summary="Read a delivery with its event and its attempts",
    response_model=DeliveryDetailResponse,
    responses=error_responses(WebhookNotFound, DeliveryNotFound),
)
async def get_delivery(
    webhook_id: UUID, delivery_id: UUID, _: CurrentAdmin, reads: WebhookReadsDep, etag: SetETag
) -> dict[str, Any]:
    row = await reads.delivery(webhook_id, delivery_id)
    etag(row["version"])
    return to_response(row)


@router.post(
    "/webhook/{webhook_id}/deliveries/{delivery_id}/resend",
    summary="Resend a delivery",
    description="At once, whatever its status, and with all further attempts if that fails.",
    status_code=202,
    response_model=DeliveryDetailResponse,
    responses=error_responses(WebhookNotFound, DeliveryNotFound, WebhookInactive),
)
async def resend_delivery(
    webhook_id: UUID, delivery_id: UUID, _: CurrentAdmin, uow: UowDep, reads: WebhookReadsDep, etag: SetETag
) -> dict[str, Any]:
    await service.resend(uow, webhook_id, delivery_id)
    row = await reads.delivery(webhook_id, delivery_id)
    etag(row["version"])
    return to_response(row)


@router.post(
    "/webhook/{webhook_id}/ping",
    summary="Ping a webhook endpoint",
    description="Sends an event of the type `webhook.ping`, whichever types the webhook asks for.",
    status_code=202,
    response_model=DeliveryDetailResponse,
    responses=error_responses(WebhookNotFound, WebhookInactive),
)
async def ping_webhook(
    webhook_id: UUID, _: CurrentAdmin, uow: UowDep, reads: WebhookReadsDep, response: Response, etag: SetETag
) -> dict[str, Any]:
    delivery_id = await service.ping(uow, webhook_id)
    row = await reads.delivery(webhook_id, delivery_id)
    response.headers["Location"] = f"{API}/webhook/{webhook_id}/deliveries/{delivery_id}"
    etag(row["version"])
    return to_response(row)
