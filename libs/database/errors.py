"""Telling "the database is away or busy" from "the statement was wrong": the first is nobody's fault and passes."""

from typing import Final

import asyncpg

# Whatever is raised where a statement runs on asyncpg itself.
STATEMENT_ERRORS: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

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


def is_transient(error: BaseException) -> bool:
    """True if the same statement may well succeed a little later."""
    return isinstance(error, _PASSING) and not is_data_error(error)


def is_lock_timeout(error: BaseException) -> bool:
    """True if a row was locked for longer than its statement was to wait."""
    return isinstance(error, asyncpg.LockNotAvailableError)


def is_data_error(error: BaseException) -> bool:
    """True if PostgreSQL could not store a value as given (class 22), such as a NUL byte or a number out of range."""
    # What asyncpg itself refuses to encode is an InterfaceError as well, and the one that is a ValueError.
    return isinstance(error, asyncpg.DataError) or (
        isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)
    )
