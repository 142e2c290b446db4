"""Every endpoint of the contract, with a body that it would take from the right person."""

from dataclasses import dataclass
from typing import Any, Literal

import httpx

from tests.integration.support.clients import ServiceClients
from tests.integration.support.names import unknown_id

Who = Literal["anyone", "user", "admin"]


@dataclass(frozen=True)
class Endpoint:
    service: str
    method: str
    path: str
    who: Who
    body: dict[str, Any] | None = None
    form: dict[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.service} {self.method} {self.path}"

    async def call(self, caller: ServiceClients, *, suffix: str = "", **request: Any) -> httpx.Response:
        """Calls it about something that does not exist, so that nothing can come of it."""
        path = self.path.replace("{id}", unknown_id()).rstrip("/") + suffix
        if not request and self.body is not None:
            request = {"json": self.body}
        if not request and self.form is not None:
            request = {"data": self.form}
        return await caller.to(self.service).request(self.method, path, **request)

    @property
    def writes(self) -> bool:
        return self.body is not None


ENDPOINTS = (
    Endpoint("auth", "POST", "/auth/register", "anyone", {"email": "not an address", "username": "", "password": ""}),
    Endpoint("auth", "POST", "/auth/login", "anyone", {"login": "nobody"}),
    Endpoint("auth", "POST", "/auth/token", "anyone", form={"username": ""}),
    Endpoint("auth", "POST", "/auth/refresh", "anyone", {"refresh_token": "unknown"}),
    Endpoint("auth", "POST", "/auth/logout", "anyone", {"refresh_token": "unknown"}),
    Endpoint("auth", "POST", "/auth/verify", "anyone", {"token": "unknown"}),
    Endpoint("auth", "GET", "/users/me", "user"),
    Endpoint("auth", "PUT", "/users/me", "user", {"username": "a"}),
    Endpoint("auth", "DELETE", "/users/me", "user"),
    Endpoint("auth", "GET", "/users/", "admin"),
    Endpoint("auth", "GET", "/users/{id}", "admin"),
    Endpoint("auth", "PATCH", "/users/{id}", "admin", {"is_active": True}),
    Endpoint("auth", "DELETE", "/users/{id}", "admin"),
    Endpoint("catalog", "POST", "/category", "admin", {"name": "n", "parent_id": unknown_id()}),
    Endpoint("catalog", "GET", "/categories", "anyone"),
    Endpoint("catalog", "GET", "/category/{id}", "anyone"),
    Endpoint("catalog", "PUT", "/category/{id}", "admin", {"name": "n"}),
    Endpoint("catalog", "DELETE", "/category/{id}", "admin"),
    Endpoint("catalog", "POST", "/product", "admin", {"name": "n", "price": "1.00", "category_id": unknown_id()}),
    Endpoint("catalog", "GET", "/products", "anyone"),
    Endpoint("catalog", "GET", "/products/{id}", "anyone"),
    Endpoint("catalog", "GET", "/products_with_category/{id}", "anyone"),
    Endpoint("catalog", "PUT", "/product/{id}", "admin", {"name": "n"}),
    Endpoint("catalog", "DELETE", "/product/{id}", "admin"),
    Endpoint("catalog", "POST", "/product/{id}/stock", "admin", {"delta": 1, "reason": "delivery"}),
    Endpoint("catalog", "GET", "/product/{id}/stock", "admin"),
    Endpoint("order", "GET", "/cart", "user"),
    Endpoint("order", "DELETE", "/cart", "user"),
    Endpoint("order", "POST", "/cart/items", "user", {"product_id": unknown_id()}),
    Endpoint("order", "PATCH", "/cart/items/{id}", "user", {"quantity": 2}),
    Endpoint("order", "DELETE", "/cart/items/{id}", "user"),
    Endpoint("order", "POST", "/order", "user", {"items": [{"product_id": unknown_id(), "quantity": 1}]}),
    Endpoint("order", "GET", "/order/{id}", "user"),
    Endpoint("order", "GET", "/orders", "user"),
    Endpoint("order", "GET", "/orders/user/{id}", "user"),
    Endpoint("order", "PUT", "/update_order/{id}", "user", {"comment": "c"}),
    Endpoint("order", "POST", "/order/{id}/payment", "user", {"token": "tok_ok"}),
    Endpoint("order", "POST", "/order/{id}/cancel", "user"),
    Endpoint("order", "DELETE", "/delete_order/{id}", "user"),
    Endpoint("order", "GET", "/order/{id}/history", "user"),
    Endpoint("order", "GET", "/order/{id}/events", "user"),
    Endpoint("order", "POST", "/webhook", "admin", {"url": "ftp://example.com", "types": ["order.paid"]}),
    Endpoint("order", "GET", "/webhooks", "admin"),
    Endpoint("order", "GET", "/webhook/{id}", "admin"),
    Endpoint("order", "PUT", "/webhook/{id}", "admin", {"description": "d"}),
    Endpoint("order", "DELETE", "/webhook/{id}", "admin"),
    Endpoint("order", "POST", "/webhook/{id}/secret", "admin"),
    Endpoint("order", "POST", "/webhook/{id}/ping", "admin"),
    Endpoint("order", "GET", "/webhook/{id}/deliveries", "admin"),
    Endpoint("order", "GET", "/webhook/{id}/deliveries/{id}", "admin"),
    Endpoint("order", "POST", "/webhook/{id}/deliveries/{id}/resend", "admin"),
)
PROTECTED = tuple(endpoint for endpoint in ENDPOINTS if endpoint.who != "anyone")
ADMIN_ONLY = tuple(endpoint for endpoint in ENDPOINTS if endpoint.who == "admin")
WRITES = tuple(endpoint for endpoint in ENDPOINTS if endpoint.writes)
