"""Stock."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from catalog_service.schemas.fields import Delta
from libs.http.fields import Body, Timestamp, TrimmedText

STOCK: dict[str, Any] = {"on_hand": 20, "reserved": 3, "available": 17, "version": 5}
ENTRY: dict[str, Any] = {
    "version": 5,
    "delta": 10,
    "reason": "delivery",
    "actor": "ada",
    "actor_id": "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e",
    "order_id": None,
    "at": "2026-01-31T09:30:00.000000Z",
}


def _not_zero(delta: int) -> int:
    if delta == 0:
        raise ValueError("must not be 0")
    return delta


class StockAdjustment(Body):
    model_config = ConfigDict(json_schema_extra={"example": {"delta": 10, "reason": "delivery"}})

    delta: Annotated[Delta, AfterValidator(_not_zero)] = Field(description="How many come or, below zero, go.")
    reason: Annotated[TrimmedText, Field(min_length=1, max_length=200)]


class StockResponse(BaseModel):
    model_config = ConfigDict(from_attributes=True, json_schema_extra={"example": STOCK})

    on_hand: int
    reserved: int = Field(description="Of these, how many are promised to orders.")
    available: int = Field(description="How many can be ordered now.")
    version: int


class LedgerEntryResponse(BaseModel):
    model_config = ConfigDict(json_schema_extra={"example": ENTRY})

    version: int = Field(description="The stock's version that this made.")
    delta: int
    reason: str = Field(description="What an admin said, or `sold` or `returned` for an order.")
    actor: str | None = Field(description="The admin's name at that time.")
    actor_id: UUID | None
    order_id: UUID | None
    at: Timestamp


class StockWithLedger(StockResponse):
    """The sum of all entries is what is on hand."""

    model_config = ConfigDict(json_schema_extra={"example": {**STOCK, "ledger": [ENTRY], "next_cursor": None}})

    ledger: list[LedgerEntryResponse] = Field(description="One page of it, newest first.")
    next_cursor: str | None
