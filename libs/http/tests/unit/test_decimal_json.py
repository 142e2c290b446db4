"""Amounts in bodies are taken as they were written, or refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from libs.http.app import new_api
from libs.http.decimal_json import DecimalJSONRoute
from libs.http.fields import Amount, Body

router = APIRouter(route_class=DecimalJSONRoute)


class Priced(Body):
    price: Amount
    pieces: int = 1


@router.post("/priced")
async def priced(body: Priced) -> dict[str, str]:
    return {"price": str(body.price), "pieces": str(body.pieces)}


@pytest.fixture(name="shop")
async def _shop() -> AsyncIterator[httpx.AsyncClient]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = new_api("t", "t", routers=[router], checks={}, lifespan=lifespan, cors_origins=[])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop") as client:
        yield client


async def answer(shop: httpx.AsyncClient, body: str) -> httpx.Response:
    return await shop.post("/api/v1/priced", content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("price", ["19.99", '"19.99"', "0", "0.5", "9999999.99", "1e3"])
async def test_an_amount_is_taken_as_written(shop: httpx.AsyncClient, price: str) -> None:
    response = await answer(shop, f'{{"price": {price}}}')
    assert response.status_code == 200
    assert float(response.json()["price"]) == float(price.strip('"'))


@pytest.mark.parametrize(
    "price",
    ["1e-400", "19.990000000000000001", "0.001", "1e999999999", "1e-999999999", "1e400", "NaN", "-Infinity", "-0.01"],
)
async def test_what_would_have_to_be_rounded_is_refused(shop: httpx.AsyncClient, price: str) -> None:
    response = await answer(shop, f'{{"price": {price}}}')
    assert response.status_code == 422
    assert response.json()["code"] == "validation_error"


@pytest.mark.parametrize("pieces", ["1.5", "1e39", "1e-39"])
async def test_a_fraction_is_no_count(shop: httpx.AsyncClient, pieces: str) -> None:
    response = await answer(shop, f'{{"price": 1, "pieces": {pieces}}}')
    # 1e39 is a whole number, if a large one; bounds are the fields' own business.
    assert response.status_code == (200 if pieces == "1e39" else 422)
