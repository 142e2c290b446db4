"""Somebody who calls the shop: three HTTP clients that carry one person's token, or nobody's."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.integration.support.stack import Stack

Json = dict[str, Any]


@dataclass(frozen=True)
class ServiceClients:
    auth: httpx.AsyncClient
    catalog: httpx.AsyncClient
    order: httpx.AsyncClient

    def to(self, service: str) -> httpx.AsyncClient:
        client: httpx.AsyncClient = getattr(self, service)
        return client


@dataclass(frozen=True)
class Account:
    """A registered person, with all that person knows."""

    user: Json
    password: str
    tokens: Json
    call: ServiceClients

    @property
    def id(self) -> str:
        return str(self.user["id"])

    @property
    def access_token(self) -> str:
        return str(self.tokens["access_token"])

    @property
    def refresh_token(self) -> str:
        return str(self.tokens["refresh_token"])


class ClientFactory:
    """Makes callers. All of them share one connection pool, so a caller costs nothing."""

    def __init__(self, stack: Stack, transport: httpx.AsyncBaseTransport) -> None:
        self._stack = stack
        self._transport = transport

    def caller(self, token: str | None = None) -> ServiceClients:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        auth, catalog, order = (
            httpx.AsyncClient(
                base_url=f"{self._stack.url(service)}/api/v1",
                transport=self._transport,
                headers=headers,
                timeout=30,
            )
            for service in ("auth", "catalog", "order")
        )
        return ServiceClients(auth, catalog, order)

    def root(self, service: str) -> httpx.AsyncClient:
        """A client of what a service answers outside /api/v1: health, metrics, docs."""
        return httpx.AsyncClient(base_url=self._stack.url(service), transport=self._transport, timeout=30)
