import httpx
import pytest


async def test_a_page_has_twenty_items_unless_asked_otherwise(client: httpx.AsyncClient) -> None:
    assert len((await client.get("/books")).json()["items"]) == 20
    page = (await client.get("/books", params={"limit": 3})).json()
    assert [item["title"] for item in page["items"]] == ["book 0", "book 1", "book 2"]
    assert page["next_cursor"] == "book 2"
    assert "total" not in page


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "9" * 400])
async def test_a_limit_is_1_to_100(client: httpx.AsyncClient, limit: str) -> None:
    response = await client.get("/books", params={"limit": limit})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "limit"
