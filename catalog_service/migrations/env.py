from catalog_service.models import metadata
from libs.database.migrations import migrate

migrate(metadata)
