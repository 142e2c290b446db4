"""The invented provider's book: whoever asks it however often and at once, a payment is charged once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from libs.database.database import Database
from libs.process.ids import new_id
from libs.testing.engines import new_engine
from order_service.domain.payment import Captured, Declined, Payment, Refunded
from order_service.domain.provider import OutcomeUnknownError
from order_service.exceptions import PaymentProviderUnavailable
from order_service.gateways.mock_provider import MockProvider
from order_service.models.payments import mock_provider_charges as charges

OK = "tok_ok"


@pytest.fixture(scope="module")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """With connections for many at once."""
    engine = new_engine(database_url, pool_size=10)
    yield engine
    await engine.dispose()


@pytest.fixture
def provider(transactions: Database) -> MockProvider:
    return MockProvider(transactions)


def a_payment(token: str = OK) -> Payment:
    now = datetime.now(UTC)
    return Payment(new_id(), new_id(), "card", token, Decimal("39.98"), "EUR", now, now, now)


async def rows(engine: AsyncEngine, payment: Payment) -> int:
    async with engine.connect() as connection:
        count = select(func.count()).where(charges.c.payment_id == payment.id)
        return int(await connection.scalar(count) or 0)


@pytest.mark.parametrize(("token", "kind"), [("tok_ok", Captured), ("tok_declined", Declined)])
async def test_equal_charges_at_once(engine: AsyncEngine, transactions: Database, token: str, kind: type) -> None:
    """By as many processes, each with a provider of its own."""
    for _ in range(10):
        payment = a_payment(token)
        outcomes = await asyncio.gather(*(MockProvider(transactions).charge(payment) for _ in range(10)))
        assert len(set(outcomes)) == 1
        assert isinstance(outcomes[0], kind)
        assert await rows(engine, payment) == 1


async def test_one_of_equal_charges_gets_no_answer(engine: AsyncEngine, provider: MockProvider) -> None:
    payment = a_payment("tok_unknown")
    outcomes = await asyncio.gather(*(provider.charge(payment) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(outcome, OutcomeUnknownError) for outcome in outcomes) == 1
    [captured] = {outcome for outcome in outcomes if isinstance(outcome, Captured)}
    assert await provider.look_up(payment) == captured
    assert await rows(engine, payment) == 1


async def test_what_is_declined_stays_declined(provider: MockProvider) -> None:
    payment = a_payment("tok_declined")
    declined = await provider.charge(payment)
    payment.token = OK
    assert await provider.charge(payment) == declined == await provider.look_up(payment)


async def test_a_provider_that_is_away_charges_nothing(engine: AsyncEngine, provider: MockProvider) -> None:
    payment = a_payment("tok_error")
    with pytest.raises(PaymentProviderUnavailable):
        await provider.charge(payment)
    assert await provider.look_up(payment) is None
    assert await rows(engine, payment) == 0


async def test_refunds_at_once_are_one(provider: MockProvider) -> None:
    payment = a_payment()
    captured = await provider.charge(payment)
    assert isinstance(captured, Captured)
    await asyncio.gather(*(provider.refund(payment) for _ in range(10)))
    assert await provider.look_up(payment) == Refunded(captured.reference)


async def test_only_what_was_captured_is_given_back(provider: MockProvider) -> None:
    """Or the shop would believe in a refund that never happened, and the charge that comes later would stay."""
    payment = a_payment()
    with pytest.raises(OutcomeUnknownError):
        await provider.refund(payment)
    assert isinstance(await provider.charge(payment), Captured)
    assert isinstance(await provider.look_up(payment), Captured)

    declined = a_payment("tok_declined")
    await provider.charge(declined)
    with pytest.raises(OutcomeUnknownError):
        await provider.refund(declined)
