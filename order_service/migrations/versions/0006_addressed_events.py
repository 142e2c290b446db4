"""Events that go to one queue alone: the same news again for who needs it."""

from libs.messaging.migrations import address_outbox, unaddress_outbox

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    address_outbox()


def downgrade() -> None:
    unaddress_outbox()
