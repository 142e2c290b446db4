"""The tables of orders. Those of webhooks, on the same `metadata`, stand with them."""

from order_service.models import carts, notifications, orders, payments, replicas
from order_service.models.base import metadata

__all__ = ["carts", "metadata", "notifications", "orders", "payments", "replicas"]
