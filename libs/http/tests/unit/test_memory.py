"""What is kept is never older than what was told."""

from uuid import UUID, uuid4

import pytest
from starlette.responses import Response
from starlette.routing import Route

from libs.http.memory import LONGEST, Memory

ROUTE = Route("/lamps/{lamp}", lambda _: None)
LAMP = uuid4()


def answer(body: bytes = b"a lamp") -> Response:
    return Response(body, headers={"ETag": '"1"'})


@pytest.fixture
def memory() -> Memory:
    memory = Memory(size=3)
    memory.trust()
    return memory


def keep(memory: Memory, path: str, about: UUID = LAMP, body: bytes = b"a lamp") -> None:
    with memory.reading() as reading:
        reading.shows(about)
        memory.keep(path, reading, ROUTE, answer(body))


def test_it_is_found_until_it_is_forgotten_under_all_its_paths(memory: Memory) -> None:
    other = uuid4()
    keep(memory, "/id")
    keep(memory, "/slug")
    keep(memory, "/other", other)
    found = memory.find("/id")
    assert found is not None
    assert (found.body, found.tag) == (b"a lamp", '"1"')
    memory.forget(LAMP)
    assert [memory.find(path) for path in ("/id", "/slug")] == [None, None]
    assert memory.find("/other") is not None


def test_a_path_may_come_to_show_another_thing(memory: Memory) -> None:
    other = uuid4()
    keep(memory, "/slug")
    keep(memory, "/slug", other)
    memory.forget(LAMP)
    assert memory.find("/slug") is not None
    memory.forget(other)
    assert memory.find("/slug") is None
    assert not memory._paths  # noqa: SLF001 - what leaks is seen nowhere else.


def test_all_can_be_forgotten_and_what_is_on_its_way_is_not_kept(memory: Memory) -> None:
    keep(memory, "/id")
    with memory.reading() as reading:
        reading.shows(LAMP)
        memory.forget_all()
        memory.keep("/id", reading, ROUTE, answer())
    assert memory.find("/id") is None
    keep(memory, "/id")
    assert memory.find("/id") is not None


def test_a_reader_that_a_writer_overtakes_keeps_nothing(memory: Memory) -> None:
    with memory.reading() as reading:
        reading.shows(LAMP)
        memory.forget(LAMP)
        memory.keep("/id", reading, ROUTE, answer())
    assert memory.find("/id") is None


def test_what_was_told_of_another_thing_does_not_matter(memory: Memory) -> None:
    with memory.reading() as reading:
        memory.forget(uuid4())
        reading.shows(LAMP)
        memory.keep("/id", reading, ROUTE, answer())
    assert memory.find("/id") is not None


def test_nothing_is_kept_while_nobody_tells(memory: Memory) -> None:
    keep(memory, "/id")
    memory.distrust()
    assert memory.find("/id") is None
    keep(memory, "/id")
    assert memory.find("/id") is None
    with memory.reading() as begun_before:
        begun_before.shows(LAMP)
        memory.trust()
        memory.keep("/id", begun_before, ROUTE, answer())
    assert memory.find("/id") is None
    keep(memory, "/id")
    assert memory.find("/id") is not None


def test_a_reading_over_a_gap_in_what_was_told_is_not_kept(memory: Memory) -> None:
    with memory.reading() as reading:
        reading.shows(LAMP)
        memory.distrust()
        memory.trust()
        memory.keep("/id", reading, ROUTE, answer())
    assert memory.find("/id") is None


def test_it_is_as_large_as_it_was_made_and_drops_what_nobody_asked_for_longest(memory: Memory) -> None:
    for number in range(3):
        keep(memory, f"/{number}", uuid4())
    assert memory.find("/0") is not None
    for number in range(3, 5):
        keep(memory, f"/{number}", uuid4())
    assert len(memory) == 3
    assert [number for number in range(5) if memory.find(f"/{number}")] == [0, 3, 4]


def test_what_is_very_long_or_not_for_everybody_is_not_kept(memory: Memory) -> None:
    keep(memory, "/long", body=b"x" * (LONGEST + 1))
    with memory.reading() as reading:
        memory.keep("/private", reading, ROUTE, answer())
    assert len(memory) == 0


def test_it_holds_on_to_nothing_that_it_forgot(memory: Memory) -> None:
    for number in range(100):
        keep(memory, f"/{number}", uuid4())
    memory.forget(LAMP)
    assert len(memory._paths) == len(memory._answers) == 3  # noqa: SLF001 - what leaks is seen nowhere else.
    assert not memory._readings  # noqa: SLF001 - the same.
