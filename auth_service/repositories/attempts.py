"""Attempts at passwords in transactions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, text

from auth_service.domain.throttle import Tally
from auth_service.models import attempts
from libs.database.database import Transaction

# Any number does that no other lock of this database takes first; addresses whose hashes meet merely take turns.
LOCK = 7_311
TAKE_TURNS = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:address))")

_for_account = attempts.c.account == bindparam("account")
TALLY = select(
    func.count().filter(_for_account).label("for_account"),
    func.min(attempts.c.made_at).filter(_for_account).label("oldest_for_account"),
    func.count().label("from_address"),
    func.min(attempts.c.made_at).label("oldest_from_address"),
).where(attempts.c.address == bindparam("address"), attempts.c.made_at > bindparam("since"))
ADD = insert(attempts)
REMOVE = delete(attempts).where(attempts.c.id == bindparam("attempt"))


class SqlAttempts:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def take_turns(self, address: str) -> None:
        await self._transaction.execute(TAKE_TURNS, {"lock": LOCK, "address": address})

    async def tally(self, account: bytes, address: str, since: datetime) -> Tally:
        found = await self._transaction.fetch_only(TALLY, {"account": account, "address": address, "since": since})
        return Tally(**found)

    async def add(self, attempt_id: UUID, account: bytes, address: str, now: datetime) -> None:
        await self._transaction.execute(ADD, {"id": attempt_id, "account": account, "address": address, "made_at": now})

    async def remove(self, attempt_id: UUID) -> None:
        await self._transaction.execute(REMOVE, {"attempt": attempt_id})
