import httpx
import pytest

BOOK = "/books/0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e"


async def test_what_is_read_names_its_version(client: httpx.AsyncClient) -> None:
    response = await client.get(BOOK)
    assert (response.status_code, response.headers["etag"]) == (200, '"3"')


@pytest.mark.parametrize("known", ['"3"', 'W/"3"', '"1", "3"', "*"])
async def test_what_is_known_is_not_sent_again(client: httpx.AsyncClient, known: str) -> None:
    response = await client.get(BOOK, headers={"If-None-Match": known})
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == '"3"'
    assert response.headers["x-request-id"]


@pytest.mark.parametrize("known", [('"1"', '"3"'), ('"3"', '"1"'), ('"1"', '"2", W/"3"'), ("", "*")])
async def test_what_is_known_may_be_told_in_several_lines(client: httpx.AsyncClient, known: tuple[str, str]) -> None:
    response = await client.get(BOOK, headers=[("If-None-Match", line) for line in known])
    assert (response.status_code, response.content) == (304, b"")


@pytest.mark.parametrize("known", ['"2"', "3", '"x"', ""])
async def test_what_is_not_known_is_sent(client: httpx.AsyncClient, known: str) -> None:
    assert (await client.get(BOOK, headers={"If-None-Match": known})).status_code == 200


async def test_what_changes_beside_it_is_sent_again(client: httpx.AsyncClient) -> None:
    copies = f"{BOOK}/copies"
    tag = (await client.get(copies, params={"copies": "7"})).headers["etag"]
    assert tag == '"3-7"'
    for known, status in (("7", 304), ("8", 200), ("f00d", 200)):
        response = await client.get(copies, params={"copies": known}, headers={"If-None-Match": tag})
        assert response.status_code == status


@pytest.mark.parametrize("condition", [None, "*", '"3"', '"1", "3"', '"3-7"', '"2-9", "3-f00d"'])
async def test_a_change_of_what_was_seen_is_made(client: httpx.AsyncClient, condition: str | None) -> None:
    response = await client.put(BOOK, headers={} if condition is None else {"If-Match": condition})
    assert (response.status_code, response.headers["etag"]) == (200, '"4"')


@pytest.mark.parametrize("conditions", [('"1"', '"3"'), ('"3"', '"1"')])
async def test_a_condition_may_be_told_in_several_lines(client: httpx.AsyncClient, conditions: tuple[str, str]) -> None:
    response = await client.put(BOOK, headers=[("If-Match", line) for line in conditions])
    assert response.status_code == 200


@pytest.mark.parametrize(
    "condition", ['"2"', '"2-3"', '"3-"', '"3-x"', 'W/"3"', "3", "", '"' + "9" * 500 + '"', '"٣"', '"three"']
)
async def test_a_change_of_anything_else_is_412(client: httpx.AsyncClient, condition: str) -> None:
    response = await client.put(BOOK, headers=[(b"If-Match", condition.encode())])
    assert (response.status_code, response.json()["code"]) == (412, "version_conflict")
