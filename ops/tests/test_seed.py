"""The demo on a shop that other people have begun to fill."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from ops.seed import seeder
from ops.seed.catalog import Category, Product
from ops.seed.client import Shop

THEIRS = {"id": "their-category", "name": "Home & kitchen", "slug": "home-kitchen", "parent_id": None}
KNIFE = Product("KNIVES-001", "Knife", "Sharp.", Decimal("24.99"), "home", {}, 3)


class Catalog:
    """Where somebody has made one of the demo's categories already, under another slug."""

    def __init__(self) -> None:
        self.products: list[dict[str, Any]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        match request.method, request.url.path.removeprefix("/api/v1"):
            case "POST", "/auth/login":
                return httpx.Response(200, json={"access_token": "token"})
            case "GET", "/category/home":
                return httpx.Response(404)
            case "POST", "/category":
                return httpx.Response(409, json={"code": "category_name_taken"})
            case "GET", "/categories":
                elsewhere = {**THEIRS, "id": "another", "parent_id": THEIRS["id"]}
                return httpx.Response(200, json={"items": [elsewhere, THEIRS]})
            case "POST", "/product":
                self.products.append(json.loads(request.content))
                return httpx.Response(201, json={})
            case "GET", "/products":
                return httpx.Response(200, json={"items": []})
        raise AssertionError(request.url)


async def test_a_category_that_is_there_under_another_slug_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seeder, "categories", lambda: [Category("home", "Home & kitchen", None)])
    monkeypatch.setattr(seeder, "products", lambda: [KNIFE])
    monkeypatch.setattr(seeder, "CUSTOMERS", 0)
    catalog = Catalog()
    async with httpx.AsyncClient(transport=httpx.MockTransport(catalog.answer)) as client:
        shop = Shop(client, auth="http://auth", catalog="http://catalog", order="http://order")
        await seeder.seed(shop, "admin", "secret", lambda _: None)
    assert [product["category_id"] for product in catalog.products] == [THEIRS["id"]]
