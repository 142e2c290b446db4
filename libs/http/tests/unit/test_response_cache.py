"""What is kept is never older than what was told."""

from uuid import UUID, uuid4

import pytest
from starlette.responses import Response
from starlette.routing import Route

from libs.http.fast import response_cache
from libs.http.fast.response_cache import MAX_BODY, ResponseCache

ROUTE = Route("/lamps/{lamp}", lambda _: None)
LAMP = uuid4()


def answer(body: bytes = b"a lamp") -> Response:
    return Response(body, headers={"ETag": '"1"'})


@pytest.fixture
def memory() -> ResponseCache:
    memory = ResponseCache(size=3)
    memory.enable()
    return memory


def keep(memory: ResponseCache, path: str, about: UUID = LAMP, body: bytes = b"a lamp") -> None:
    with memory.reading() as reading:
        reading.shows(about)
        memory.put(path, reading, ROUTE, answer(body))


def test_it_is_found_until_it_is_forgotten_under_all_its_paths(memory: ResponseCache) -> None:
    other = uuid4()
    keep(memory, "/id")
    keep(memory, "/slug")
    keep(memory, "/other", other)
    found = memory.get("/id")
    assert found is not None
    assert (found.body, found.tag) == (b"a lamp", '"1"')
    memory.invalidate(LAMP)
    assert [memory.get(path) for path in ("/id", "/slug")] == [None, None]
    assert memory.get("/other") is not None


def test_a_path_may_come_to_show_another_thing(memory: ResponseCache) -> None:
    other = uuid4()
    keep(memory, "/slug")
    keep(memory, "/slug", other)
    memory.invalidate(LAMP)
    assert memory.get("/slug") is not None
    memory.invalidate(other)
    assert memory.get("/slug") is None
    assert not memory._paths  # noqa: SLF001 - what leaks is seen nowhere else.


def test_all_can_be_forgotten_and_what_is_on_its_way_is_not_kept(memory: ResponseCache) -> None:
    keep(memory, "/id")
    with memory.reading() as reading:
        reading.shows(LAMP)
        memory.clear()
        memory.put("/id", reading, ROUTE, answer())
    assert memory.get("/id") is None
    keep(memory, "/id")
    assert memory.get("/id") is not None


def test_a_reader_that_a_writer_overtakes_keeps_nothing(memory: ResponseCache) -> None:
    with memory.reading() as reading:
        reading.shows(LAMP)
        memory.invalidate(LAMP)
        memory.put("/id", reading, ROUTE, answer())
    assert memory.get("/id") is None


def test_what_was_told_of_another_thing_does_not_matter(memory: ResponseCache) -> None:
    with memory.reading() as reading:
        memory.invalidate(uuid4())
        reading.shows(LAMP)
        memory.put("/id", reading, ROUTE, answer())
    assert memory.get("/id") is not None


def test_nothing_is_kept_while_nobody_tells(memory: ResponseCache) -> None:
    keep(memory, "/id")
    memory.disable()
    assert memory.get("/id") is None
    keep(memory, "/id")
    assert memory.get("/id") is None
    with memory.reading() as begun_before:
        begun_before.shows(LAMP)
        memory.enable()
        memory.put("/id", begun_before, ROUTE, answer())
    assert memory.get("/id") is None
    keep(memory, "/id")
    assert memory.get("/id") is not None


def test_a_reading_over_a_gap_in_what_was_told_is_not_kept(memory: ResponseCache) -> None:
    with memory.reading() as reading:
        reading.shows(LAMP)
        memory.disable()
        memory.enable()
        memory.put("/id", reading, ROUTE, answer())
    assert memory.get("/id") is None


def test_it_is_as_large_as_it_was_made_and_drops_what_nobody_asked_for_longest(memory: ResponseCache) -> None:
    for number in range(3):
        keep(memory, f"/{number}", uuid4())
    assert memory.get("/0") is not None
    for number in range(3, 5):
        keep(memory, f"/{number}", uuid4())
    assert len(memory) == 3
    assert [number for number in range(5) if memory.get(f"/{number}")] == [0, 3, 4]


def test_what_is_very_long_or_not_for_everybody_is_not_kept(memory: ResponseCache) -> None:
    keep(memory, "/long", body=b"x" * (MAX_BODY + 1))
    with memory.reading() as reading:
        memory.put("/private", reading, ROUTE, answer())
    assert len(memory) == 0


def test_it_holds_on_to_nothing_that_it_forgot(memory: ResponseCache) -> None:
    for number in range(100):
        keep(memory, f"/{number}", uuid4())
    memory.invalidate(LAMP)
    assert len(memory._paths) == len(memory._answers) == 3  # noqa: SLF001 - what leaks is seen nowhere else.
    assert not memory._readings  # noqa: SLF001 - the same.


def test_it_ages_from_when_its_reading_began(memory: ResponseCache, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(response_cache, "monotonic", lambda: now)
    with memory.reading() as reading:
        reading.shows(LAMP)
        now += 0.6
        memory.put("/id", reading, ROUTE, answer())
    now += 0.3
    assert memory.get("/id") is not None
    now += 0.3
    assert memory.get("/id") is None
    assert len(memory) == 0
