"""The tables, all of them on `metadata`."""

from order_service.models import orders, replicas
from order_service.models.base import metadata

__all__ = ["metadata", "orders", "replicas"]
