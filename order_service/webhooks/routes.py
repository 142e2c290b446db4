"""Webhooks: registered, read, changed, deleted. For admins."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from libs.database.keyset import read_cursor, write_cursor
from libs.errors import InvalidCursor
from libs.http.app import API
from libs.http.etag import ExpectedVersions, SetETag
from libs.http.fast.compiled_route import CompiledRoute
from libs.http.openapi import error_responses
from libs.http.pagination import Page, Pagination, build_page
from libs.http.security import CurrentAdmin
from order_service.webhooks import service
from order_service.webhooks.dependencies import UowDep, WebhookReadsDep, WebhookRegistryDep
from order_service.webhooks.exceptions import TooManyWebhooks, WebhookNotFound, WebhookUrlRefused
from order_service.webhooks.schemas import (
    WebhookCreate,
    WebhookResponse,
    WebhookUpdate,
    WebhookWithSecretResponse,
    to_response,
    to_response_with_secret,
)

router = APIRouter(tags=["webhooks"], route_class=CompiledRoute)


@router.post(
    "/webhook",
    summary="Create a webhook endpoint",
    description="Deliveries are signed as in Standard Webhooks. Only this response has the secret.",
    status_code=201,
    response_model=WebhookWithSecretResponse,
    responses=error_responses(WebhookUrlRefused, TooManyWebhooks),
)
async def create_webhook(
    body: WebhookCreate, _: CurrentAdmin, registry: WebhookRegistryDep, response: Response, etag: SetETag
) -> dict[str, Any]:
    webhook = await registry.create(body.url, body.types, body.description, body.is_active)
    response.headers["Location"] = f"{API}/webhook/{webhook.id}"
    response.headers["Cache-Control"] = "no-store"
    etag(webhook.version)
    return to_response_with_secret(webhook)


@router.get(
    "/webhooks",
    summary="List webhook endpoints, newest first",
    response_model=Page[WebhookResponse],
    responses=error_responses(InvalidCursor),
)
async def list_webhooks(_: CurrentAdmin, reads: WebhookReadsDep, page: Pagination) -> dict[str, Any]:
    after = None if page.cursor is None else read_cursor(page.cursor, "webhooks", [UUID])[0]
    rows = await reads.page(page.limit + 1, after)
    total = await reads.count() if page.with_total else None
    return build_page(rows, page.limit, lambda row: write_cursor("webhooks", [row["id"]]), total)


@router.get(
    "/webhook/{webhook_id}",
    summary="Read a webhook endpoint",
    response_model=WebhookResponse,
    responses=error_responses(WebhookNotFound),
)
async def get_webhook(webhook_id: UUID, _: CurrentAdmin, reads: WebhookReadsDep, etag: SetETag) -> dict[str, Any]:
    row = await reads.one(webhook_id)
    failing = row["failing_since"]
    etag(row["version"], None if failing is None else int(failing.timestamp()))
    return row


@router.put(
    "/webhook/{webhook_id}",
    summary="Change a webhook endpoint",
    description="Enabling it again, or a new URL, gives one that the shop has disabled a new chance.",
    response_model=WebhookResponse,
    responses=error_responses(WebhookNotFound, WebhookUrlRefused),
)
async def update_webhook(
    webhook_id: UUID,
    body: WebhookUpdate,
    _: CurrentAdmin,
    registry: WebhookRegistryDep,
    expected: ExpectedVersions,
    etag: SetETag,
) -> dict[str, Any]:
    webhook = await registry.update(webhook_id, body.changes, expected)
    etag(webhook.version)
    return to_response(webhook)


@router.delete(
    "/webhook/{webhook_id}",
    summary="Delete a webhook endpoint",
    description="Pending deliveries are dropped.",
    status_code=204,
    responses=error_responses(WebhookNotFound),
)
async def delete_webhook(webhook_id: UUID, _: CurrentAdmin, uow: UowDep, expected: ExpectedVersions) -> None:
    await service.delete(uow, webhook_id, expected)


@router.post(
    "/webhook/{webhook_id}/secret",
    summary="Rotate a webhook secret",
    description="The previous one signs beside it for 24 hours. Only this response has the new one.",
    response_model=WebhookWithSecretResponse,
    responses=error_responses(WebhookNotFound),
)
async def rotate_secret(
    webhook_id: UUID, _: CurrentAdmin, uow: UowDep, expected: ExpectedVersions, response: Response, etag: SetETag
) -> dict[str, Any]:
    webhook = await service.rotate_secret(uow, webhook_id, expected)
    response.headers["Cache-Control"] = "no-store"
    etag(webhook.version)
    return to_response_with_secret(webhook)
