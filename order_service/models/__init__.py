"""The tables of orders. Those of webhooks and e-mails, on the same `metadata`, stand with them."""

from order_service.models import carts, orders, payments, replicas
from order_service.models.base import metadata

__all__ = ["carts", "metadata", "orders", "payments", "replicas"]
