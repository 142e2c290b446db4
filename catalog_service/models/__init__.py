"""Every table of catalog_service is on `metadata` once this package is imported."""

from catalog_service.models import categories, products, replicas, reservations, stock
from catalog_service.models.base import metadata
from libs.messaging.deliveries import deliveries_table
from libs.messaging.outbox import outbox_tables

outbox_tables(metadata)
deliveries_table(metadata)

__all__ = ["categories", "metadata", "products", "replicas", "reservations", "stock"]
