from libs.database.migrations import migrate
from order_service.models import metadata
from order_service.notifications import tables as email_tables  # noqa: F401 - adds its tables to the metadata
from order_service.webhooks import tables  # noqa: F401 - adds its tables to the metadata

migrate(metadata)
