"""Every table of catalog_service is on `metadata` once this package is imported."""

from catalog_service.models import categories, products, replicas, reservations, stock
from catalog_service.models.base import metadata
from libs.messaging.announcing import announcements_table
from libs.messaging.deliveries import deliveries_table
from libs.messaging.interventions import interventions_table
from libs.messaging.outbox import outbox_tables
from libs.messaging.rebuilds import rebuilds_table

outbox_tables(metadata)
deliveries_table(metadata)
interventions_table(metadata)
announcements_table(metadata)
rebuilds_table(metadata)

__all__ = ["categories", "metadata", "products", "replicas", "reservations", "stock"]
