"""Which news of an order its customer was told of."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Table, Text, Uuid

from order_service.models.base import metadata
from order_service.models.orders import orders

notifications = Table(
    "notifications",
    metadata,
    Column("order_id", Uuid, ForeignKey(orders.c.id), primary_key=True),
    Column("order_version", BigInteger, primary_key=True),
    Column("type", Text, nullable=False),
    Column("sent_at", DateTime(timezone=True), nullable=False),
)
