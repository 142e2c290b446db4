"""Every table of catalog_service is on `metadata` once this package is imported."""

from catalog_service.models import categories, products, replicas, reservations, stock
from catalog_service.models.base import metadata
from libs.consumers.operator_actions import operator_actions_table
from libs.consumers.quarantine import message_crashes_table
from libs.consumers.replica_rebuilds import replica_rebuilds_table
from libs.outbox.snapshots import snapshot_requests_table
from libs.outbox.store import outbox_tables

outbox_tables(metadata)
message_crashes_table(metadata)
operator_actions_table(metadata)
snapshot_requests_table(metadata)
replica_rebuilds_table(metadata)

__all__ = ["categories", "metadata", "products", "replicas", "reservations", "stock"]
