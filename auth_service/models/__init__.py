"""The tables of auth_service."""

from auth_service.models.base import metadata
from auth_service.models.login_attempts import login_attempts
from auth_service.models.refresh_tokens import refresh_families, refresh_tokens
from auth_service.models.users import deleted_users, users
from libs.outbox.snapshots import snapshot_requests_table
from libs.outbox.store import outbox_tables

outbox_tables(metadata)
snapshot_requests_table(metadata)

__all__ = ["deleted_users", "login_attempts", "metadata", "refresh_families", "refresh_tokens", "users"]
