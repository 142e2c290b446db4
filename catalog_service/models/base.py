"""The tables of catalog_service, and the columns that several of them have."""

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, text

from libs.database.metadata import new_metadata

metadata = new_metadata()


def version() -> tuple[Column[int], CheckConstraint]:
    return (
        Column("version", BigInteger, nullable=False, server_default=text("1")),
        CheckConstraint("version >= 1", "version"),
    )


def moments() -> tuple[Column[object], Column[object]]:
    return (
        Column("created_at", DateTime(timezone=True), nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
    )
