"""Dependencies of the endpoints. The composition root has put them on the app."""

from typing import Annotated

from fastapi import Depends, Request

from order_service.webhooks.ports import UnitOfWorkFactory, WebhookReads
from order_service.webhooks.service import WebhookRegistry


async def _uow(request: Request) -> UnitOfWorkFactory:
    uow: UnitOfWorkFactory = request.app.state.uow
    return uow


async def _reads(request: Request) -> WebhookReads:
    reads: WebhookReads = request.app.state.webhook_reads
    return reads


async def _registry(request: Request) -> WebhookRegistry:
    registry: WebhookRegistry = request.app.state.webhook_registry
    return registry


UowDep = Annotated[UnitOfWorkFactory, Depends(_uow)]
WebhookReadsDep = Annotated[WebhookReads, Depends(_reads)]
WebhookRegistryDep = Annotated[WebhookRegistry, Depends(_registry)]
