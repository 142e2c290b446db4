"""The tables of auth_service."""

from auth_service.models.attempts import attempts
from auth_service.models.base import metadata
from auth_service.models.refresh_tokens import refresh_families, refresh_tokens
from auth_service.models.users import deleted_users, users
from libs.messaging.announcing import announcements_table
from libs.messaging.outbox import outbox_tables

outbox_tables(metadata)
announcements_table(metadata)

__all__ = ["attempts", "deleted_users", "metadata", "refresh_families", "refresh_tokens", "users"]
