"""The AsyncAPI document is current, valid and complete, and a worker shows it.

`asyncapi-3.0.0.schema.json` is the AsyncAPI Initiative's own schema (Apache License 2.0), unchanged.
"""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI

from libs import __version__
from libs.asyncapi_page import router
from libs.broker.topology import RETRY_DELAYS
from libs.contracts.asyncapi import document
from libs.contracts.events import EVENTS
from libs.contracts.topology import QUEUES, TRACE
from tests.reference.conftest import REFERENCE, IsCurrent

SCHEMA = Path(__file__).with_name("asyncapi-3.0.0.schema.json")
SAMPLES = REFERENCE.parents[1] / "tests" / "contracts" / "samples"


@pytest.fixture(scope="module")
def api() -> dict[str, Any]:
    return document(
        __version__, [delay.name for delay in RETRY_DELAYS], {event.type: sample(event.type) for event in EVENTS}
    )


def sample(event_type: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{event_type}.json").read_text())
    return found


def test_the_document_is_current(api: dict[str, Any], is_current: IsCurrent) -> None:
    is_current("asyncapi.json", json.dumps(api, indent=2, ensure_ascii=False) + "\n")


def test_the_document_is_valid(api: dict[str, Any]) -> None:
    jsonschema.validate(api, json.loads(SCHEMA.read_text()))


def test_each_event_and_queue_is_there(api: dict[str, Any]) -> None:
    types = {event.type for event in EVENTS}
    assert set(api["channels"]) == types | {queue.name for queue in QUEUES} | {TRACE}
    assert set(api["components"]["messages"]) == types
    assert set(api["channels"]["catalog.users"]["messages"]) == {"user.created", "user.updated", "user.deleted"}
    assert "order.shipped" not in api["channels"]["catalog.orders"]["messages"]


@pytest.mark.parametrize("event_type", [event.type for event in EVENTS])
def test_samples_fit_their_schemas(api: dict[str, Any], event_type: str) -> None:
    """What went over the wire once is what the document describes."""
    schema = {**api["components"]["messages"][event_type]["payload"], "components": api["components"]}
    jsonschema.validate(sample(event_type), schema)


async def test_a_person_and_a_program_can_read_it() -> None:
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://worker") as client:
        page = await client.get("/asyncapi")
        assert page.status_code == 200
        assert "order.placed" in page.text
        assert "src=" not in page.text, "it fetches nothing"
        assert (await client.get("/asyncapi.json")).json()["info"]["version"] == __version__
