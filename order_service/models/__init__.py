"""The tables, all of them on `metadata`."""

from order_service.models import carts, notifications, orders, payments, replicas, webhooks
from order_service.models.base import metadata

__all__ = ["carts", "metadata", "notifications", "orders", "payments", "replicas", "webhooks"]
