"""The transaction of auth_service."""

from typing import TypeVar

from auth_service.domain.events import Fact, UserChanged, UserDeleted, UserRegistered
from auth_service.domain.ports import LoginAttempts, RefreshTokens, Users
from auth_service.domain.user import User
from auth_service.repositories.login_attempts import SqlLoginAttempts
from auth_service.repositories.refresh_tokens import SqlRefreshTokens
from auth_service.repositories.users import SqlUsers
from libs.contracts import auth as contracts
from libs.database.database import Transaction
from libs.outbox.unit_of_work import SqlUnitOfWork

State = TypeVar("State", contracts.UserCreated, contracts.UserUpdated)


class AuthUnitOfWork(SqlUnitOfWork[Fact]):
    users: Users
    refresh_tokens: RefreshTokens
    attempts: LoginAttempts

    def open_repositories(self, transaction: Transaction) -> None:
        self.users = SqlUsers(transaction)
        self.refresh_tokens = SqlRefreshTokens(transaction)
        self.attempts = SqlLoginAttempts(transaction)

    def contract(self, fact: Fact) -> contracts.UserEvent:
        match fact:
            case UserRegistered(user):
                return _state(contracts.UserCreated, user)
            case UserChanged(user):
                return _state(contracts.UserUpdated, user)
            case UserDeleted(user_id, version):
                return contracts.UserDeleted(id=user_id, version=version)


def _state(event: type[State], user: User) -> State:
    return event(
        id=user.id,
        email=user.email,
        username=user.username,
        role=user.role,
        is_active=user.is_active,
        version=user.version,
        created_at=user.created_at,
        updated_at=user.updated_at,
    )
