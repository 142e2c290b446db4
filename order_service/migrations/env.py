from libs.database.migrations import migrate
from order_service.models import metadata

migrate(metadata)
