"""The tables of this service's database."""

from libs.database.metadata import new_metadata
from libs.messaging.deliveries import deliveries_table
from libs.messaging.outbox import outbox_tables

metadata = new_metadata()
outbox_tables(metadata)
deliveries_table(metadata)
