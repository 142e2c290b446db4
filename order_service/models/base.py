"""The tables of this service's database."""

from libs.consumers.operator_actions import operator_actions_table
from libs.consumers.quarantine import message_crashes_table
from libs.consumers.replica_rebuilds import replica_rebuilds_table
from libs.database.metadata import new_metadata
from libs.idempotency.table import idempotency_keys_table
from libs.outbox.store import outbox_tables

metadata = new_metadata()
outbox_tables(metadata)
message_crashes_table(metadata)
operator_actions_table(metadata)
replica_rebuilds_table(metadata)
idempotency_keys_table(metadata)
