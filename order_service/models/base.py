"""The tables of this service's database."""

from libs.database.metadata import new_metadata
from libs.http.idempotency_table import idempotency_keys_table
from libs.messaging.deliveries import deliveries_table
from libs.messaging.interventions import interventions_table
from libs.messaging.outbox import outbox_tables
from libs.messaging.rebuilds import rebuilds_table

metadata = new_metadata()
outbox_tables(metadata)
deliveries_table(metadata)
interventions_table(metadata)
rebuilds_table(metadata)
idempotency_keys_table(metadata)
