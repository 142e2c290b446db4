"""Attempts at passwords in transactions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, delete, func, insert, select, text

from auth_service.domain.login_limits import FailureCount
from auth_service.models import login_attempts
from libs.database.database import Transaction

# Any number does that no other lock of this database takes first; addresses whose hashes meet merely take turns.
LOCK = 7_311
LOCK_ADDRESS = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:address))")

_for_account = login_attempts.c.account == bindparam("account")
COUNT_FAILURES = select(
    func.count().filter(_for_account).label("for_account"),
    func.min(login_attempts.c.made_at).filter(_for_account).label("oldest_for_account"),
    func.count().label("from_address"),
    func.min(login_attempts.c.made_at).label("oldest_from_address"),
).where(login_attempts.c.address == bindparam("address"), login_attempts.c.made_at > bindparam("since"))
ADD = insert(login_attempts)
REMOVE = delete(login_attempts).where(login_attempts.c.id == bindparam("attempt"))


class SqlLoginAttempts:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def lock_address(self, address: str) -> None:
        await self._transaction.execute(LOCK_ADDRESS, {"lock": LOCK, "address": address})

    async def count_failures(self, account: bytes, address: str, since: datetime) -> FailureCount:
        found = await self._transaction.fetch_only(
            COUNT_FAILURES, {"account": account, "address": address, "since": since}
        )
        return FailureCount(**found)

    async def add(self, attempt_id: UUID, account: bytes, address: str, now: datetime) -> None:
        await self._transaction.execute(ADD, {"id": attempt_id, "account": account, "address": address, "made_at": now})

    async def remove(self, attempt_id: UUID) -> None:
        await self._transaction.execute(REMOVE, {"attempt": attempt_id})
