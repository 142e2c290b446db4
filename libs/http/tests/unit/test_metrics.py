"""As many series as there are endpoints, whatever clients send."""

import os
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY

from libs.http import metrics
from libs.process.ids import new_id


async def test_an_endpoint_is_one_series_whatever_is_asked_of_it(client: httpx.AsyncClient) -> None:
    before = _count("GET", "/books/{book_id}", 200)
    for _ in range(3):
        await client.get(f"/books/{new_id()}")
    assert _count("GET", "/books/{book_id}", 200) == before + 3


async def test_what_nobody_serves_is_one_series(client: httpx.AsyncClient) -> None:
    before, others = (
        _count("GET", "unmatched", 404),
        _count("other", "unmatched", 405) + _count("other", "unmatched", 404),
    )
    await client.get("/nothing-a")
    await client.get("/nothing-b")
    await client.request("BREW", "/nothing-c")
    assert _count("GET", "unmatched", 404) == before + 2
    assert _count("other", "unmatched", 405) + _count("other", "unmatched", 404) == others + 1


async def test_a_defect_is_counted_as_one(client: httpx.AsyncClient) -> None:
    before = _count("GET", "/books/failing/{how}", 500)
    await client.get("/books/failing/defect")
    assert _count("GET", "/books/failing/{how}", 500) == before + 1


async def test_two_processes_may_forget_a_dead_one_at_once(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dead = tmp_path / "gauge_livesum_4194999.db"
    dead.touch()

    def remove_later_than_another(pid: int, folder: str) -> None:
        for file in Path(folder).glob(f"gauge_live*_{pid}.db"):
            file.unlink()
            os.remove(file)  # noqa: PTH107 - as the library does.

    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setattr(metrics, "mark_process_dead", remove_later_than_another)
    assert (await client.get("http://shelf/metrics")).status_code == 200
    assert not dead.exists()


def _count(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_requests_total", labels) or 0.0
