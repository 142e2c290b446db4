import pytest
from starlette.requests import Request

from auth_service.api.dependencies import address


@pytest.mark.parametrize(
    ("client", "counted_for"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
        (None, "unknown"),
    ],
)
async def test_who_has_one_address_cannot_pass_for_many(client: str | None, counted_for: str) -> None:
    scope = {"type": "http", "client": None if client is None else (client, 4711)}
    assert await address(Request(scope)) == counted_for
