"""A shop begins with one admin, who can make others."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from auth_service.domain.ports import PasswordHasher, UnitOfWorkFactory
from auth_service.domain.user import User
from auth_service.exceptions import EmailTaken, UsernameTaken
from libs.process.ids import new_id


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    email: str
    password: str


async def ensure_admin(uow: UnitOfWorkFactory, passwords: PasswordHasher, command: FirstAdmin) -> None:
    """Makes the admin if the shop has none; any number of instances may do so at once.

    Where another user has the e-mail address, raises `EmailTaken` rather than giving that user the shop.
    """
    username = "admin"
    while not await _has_admin(uow):
        async with passwords.slot() as turn:
            password_hash = await turn.hash(command.password)
        user, fact = User.register(
            new_id(),
            email=command.email,
            username=username,
            password_hash=password_hash,
            now=datetime.now(UTC),
            role="admin",
        )
        try:
            async with uow() as work:
                await work.users.add(user)
                work.record(fact)
        except UsernameTaken:
            username = f"admin-{secrets.token_hex(4)}"
        except EmailTaken:
            # Another instance was faster, unless it is somebody else's.
            if not await _has_admin(uow):
                raise


async def _has_admin(uow: UnitOfWorkFactory) -> bool:
    async with uow() as work:
        return await work.users.has_active_admin()
