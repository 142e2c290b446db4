from auth_service.models import metadata
from libs.testing.histories import differences


async def test_the_history_ends_at_the_models(database_url: str) -> None:
    assert await differences(database_url, metadata) == []
