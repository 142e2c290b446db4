"""Telling "the database is away or busy" from "the statement was wrong": the first is nobody's fault and passes."""

import asyncpg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

# Class 08 connection, 53 resources, 57P0x shutdown, 55P03 lock, 40xxx serialisation and deadlock.
_PASSING = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,
    asyncpg.InterfaceError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # A migration has changed what a prepared statement returns.
    asyncpg.InvalidCachedStatementError,
    # A statement on a connection that was told that the server goes down, and is not closed yet.
    asyncpg.InternalClientError,
    OSError,  # includes TimeoutError and ConnectionError
)


def is_outage(error: BaseException) -> bool:
    """True if the same statement may well succeed a little later."""
    if isinstance(error, PoolTimeoutError):
        return True
    if is_unusable_value(error):
        return False
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None else None
        return error.connection_invalidated or isinstance(
            cause if cause is not None else error, (*_PASSING, OperationalError, InterfaceError)
        )
    return isinstance(error, _PASSING)


def is_somebodys_lock(error: BaseException) -> bool:
    """True if a row was locked for longer than its statement was to wait."""
    return isinstance(error, asyncpg.LockNotAvailableError)


def is_unusable_value(error: BaseException) -> bool:
    """True if PostgreSQL could not store a value as given (class 22), such as a NUL byte or a number out of range."""
    cause = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig is not None else error
    # What asyncpg itself refuses to encode is an InterfaceError as well, and the one that is a ValueError.
    return isinstance(cause, asyncpg.DataError) or (
        isinstance(cause, asyncpg.InterfaceError) and isinstance(cause, ValueError)
    )
