from libs.testing.histories import differences
from order_service.models import metadata
from order_service.webhooks import tables  # noqa: F401 - adds its tables to the metadata


async def test_the_history_ends_at_the_models(database_url: str) -> None:
    assert await differences(database_url, metadata) == []
