"""docs/reference/requests.http: sent in order, every request gets the status that the file expects."""

import json
import re
from pathlib import Path

import httpx

from tests.integration.support.http_file import HttpFile, HttpRequest, Sender, value_at
from tests.integration.support.stack import Stack
from tests.integration.support.wait import until

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference"
COLLECTION = HttpFile.read(REFERENCE / "requests.http")
NOT_COVERED = {
    # signed by the payment provider
    "POST /payments/webhook",
    # need a receiver that the shop can reach
    "GET /webhook/{}/deliveries/{}",
    "POST /webhook/{}/deliveries/{}/resend",
}


async def test_every_request_gets_its_status(stack: Stack) -> None:  # noqa: ARG001 # the environment names one
    async with httpx.AsyncClient(timeout=30) as client:
        sender = Sender(client, COLLECTION.variables)
        for request in COLLECTION.requests:
            response = await _send(sender, request)
            assert response.status_code == request.expected, f"{request.title}: {response.text}"


async def _send(sender: Sender, request: HttpRequest) -> httpx.Response:
    if request.until is None:
        return await sender.send(request)
    path, value = request.until
    return await until(lambda: sender.send(request), lambda seen: value_at(seen.json(), path) == value)


def test_every_operation_is_in_the_collection() -> None:
    sent = {f"{each.method} {re.sub(r'{{[^}]*[$][^}]*}}', '{}', _path(each.url))}" for each in COLLECTION.requests}
    operations = {
        f"{method.upper()} {re.sub(r'{[^}]*}', '{}', path.removeprefix('/api/v1'))}"
        for file in (REFERENCE / "openapi").glob("*.json")
        for path, methods in json.loads(file.read_text())["paths"].items()
        for method in methods
    }
    assert operations - sent == NOT_COVERED


def _path(url: str) -> str:
    """`{{order}}/cart?limit=1` without the address and the query."""
    return re.sub(r"^{{.+?}}", "", url).partition("?")[0]
