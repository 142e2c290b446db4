"""An answer from memory is the one that the database would give, and memory keeps no more than it may."""

from prometheus_client import REGISTRY

from catalog_service.tests.integration.memory.process import SIZE, Process, new_product


async def test_memory_answers_as_the_database_does(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    product = await new_product(one, description="Ä lamp")
    path = f"/products/{product['id']}"
    await one.warm(product["id"])
    past_memory = await one.anyone.get(path, headers={"Cache-Control": "no-cache", "X-Request-ID": "same"})
    remembered = await one.anyone.get(path, headers={"X-Request-ID": "same"})
    assert remembered.content == past_memory.content
    assert remembered.headers == past_memory.headers
    tag = remembered.headers["etag"]
    for known in (tag, f'"0", W/{tag}', "*"):
        unchanged = await one.anyone.get(path, headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.content, unchanged.headers["etag"]) == (304, b"", tag)
    for lines, status in (([tag, '"0"'], 304), (['"0"', tag], 304), (['"0"', '"1-0"'], 200)):
        conditions = [("If-None-Match", line) for line in lines]
        for more in ([], [("Cache-Control", "no-cache")]):
            assert (await one.anyone.get(path, headers=[*conditions, *more])).status_code == status
    assert (await one.anyone.get(path, headers={"If-None-Match": '"0"'})).status_code == 200
    assert (await one.anyone.get(f"{path}/")).content == remembered.content
    head = await one.anyone.head(path)
    assert (head.status_code, head.headers["allow"]) == (405, "GET")


async def test_requests_from_memory_are_measured_like_others(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    product = await new_product(one)
    labels = {"method": "GET", "route": "/products/{id_or_slug}", "status": "200"}
    await one.warm(product["id"])
    before = REGISTRY.get_sample_value("http_requests_total", labels)
    await one.see(product["id"])
    assert REGISTRY.get_sample_value("http_requests_total", labels) == (before or 0) + 1


async def test_memory_is_bounded(processes: tuple[Process, Process]) -> None:
    one, _ = processes
    for _ in range(SIZE + 3):
        await one.warm((await new_product(one))["id"])
    assert len(one.cache) == SIZE
