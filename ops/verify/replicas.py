"""Which replica follows which owner, and how a row of either is written down so that both can be compared."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from libs.contracts.topology import CATALOG_USERS, ORDER_PRODUCTS, ORDER_USERS


class Kind(StrEnum):
    """How a row of a replica can differ from its owner's."""

    MISSING = "missing"
    BEHIND = "behind"
    AHEAD = "ahead"
    DAMAGED = "damaged"
    UNKNOWN = "unknown to the owner"


# Nothing newer ever comes of these by itself: the version guard takes them for up to date.
STUCK: Final = frozenset({Kind.AHEAD, Kind.DAMAGED, Kind.UNKNOWN})
GONE: Final = "deleted"


@dataclass(frozen=True, slots=True)
class Replica:
    """`owner_sql` and `replica_sql` are queries for (id, version, state): equal states are equal texts."""

    name: str
    """Of the queue that feeds it."""
    owner: str
    owner_sql: str
    follower: str
    table: str
    replica_sql: str
    unrecoverable: frozenset[Kind] = STUCK
    """The differences that no event on its way can mend."""


def _owner_sql(fields: str, living: str, deleted: str) -> str:
    return f"SELECT id, version, jsonb_build_array({fields})::text AS state FROM {living} UNION ALL {deleted}"  # noqa: S608


def _replica_sql(fields: str, table: str, *, emptied: str) -> str:
    """What is left in a tombstone is told apart from a tombstone that has nothing but its version."""
    return f"""
        SELECT id, version, CASE WHEN deleted_at IS NULL THEN jsonb_build_array({fields})::text
                                 WHEN num_nonnulls({emptied}) = 0 THEN '{GONE}'
                                 ELSE 'deleted, but not emptied' END AS state
        FROM {table}
    """  # noqa: S608 - made of constants


_DELETED_USERS = f"SELECT id, version, '{GONE}' FROM deleted_users"  # noqa: S608
_SEEN_BY_CATALOG = "username, role, is_active"
_SEEN_BY_ORDER = "username, email, role, is_active"
_PRODUCT = "name, price, currency, is_active"

REPLICAS: Final = (
    Replica(
        CATALOG_USERS.name,
        owner="auth",
        owner_sql=_owner_sql(_SEEN_BY_CATALOG, "users", _DELETED_USERS),
        follower="catalog",
        table="users",
        replica_sql=_replica_sql(_SEEN_BY_CATALOG, "users", emptied="username, role"),
    ),
    Replica(
        ORDER_USERS.name,
        owner="auth",
        owner_sql=_owner_sql(_SEEN_BY_ORDER, "users", _DELETED_USERS),
        follower="order",
        table="users",
        replica_sql=_replica_sql(_SEEN_BY_ORDER, "users", emptied=_SEEN_BY_ORDER),
    ),
    Replica(
        ORDER_PRODUCTS.name,
        owner="catalog",
        owner_sql=_owner_sql(
            _PRODUCT,
            "products WHERE deleted_at IS NULL",
            f"SELECT id, version, '{GONE}' FROM products WHERE deleted_at IS NOT NULL",  # noqa: S608
        ),
        follower="order",
        table="products",
        replica_sql=_replica_sql(_PRODUCT, "products", emptied=_PRODUCT),
    ),
)
