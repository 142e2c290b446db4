"""A payment provider whose answers may not come."""

from collections.abc import Awaitable
from typing import TypeVar

from order_service.domain.payment import Captured, Declined, Outcome, Payment
from order_service.domain.provider import OutcomeUnknownError, PaymentProvider
from order_service.exceptions import PaymentProviderUnavailable

T = TypeVar("T")


class FaultyProvider:
    """`next_answer`: "yes", "away", or "lost" before or after the provider did what it was asked; then "yes" again."""

    def __init__(self, inner: PaymentProvider) -> None:
        self._inner = inner
        self.next_answer = "yes"

    async def charge(self, payment: Payment) -> Captured | Declined:
        return await self._through(self._inner.charge(payment))

    async def look_up(self, payment: Payment) -> Outcome | None:
        return await self._through(self._inner.look_up(payment))

    async def refund(self, payment: Payment) -> None:
        await self._through(self._inner.refund(payment))

    async def _through(self, call: Awaitable[T]) -> T:
        answer, self.next_answer = self.next_answer, "yes"
        if answer in ("away", "lost before"):
            call.close()  # type: ignore[attr-defined] # It is a coroutine.
            if answer == "away":
                raise PaymentProviderUnavailable("away")
            raise OutcomeUnknownError(answer)
        result = await call
        if answer == "lost after":
            raise OutcomeUnknownError(answer)
        return result
