"""Logs as a person who greps them sees them."""

import asyncio
import contextvars
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from libs.observability.context import correlation_id, event_id, traceparent, user_id
from libs.observability.logs import Log, configure_logs
from libs.testing.databases import ROOT


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Gives the test run its logging back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configured = structlog.get_config()
    root.handlers.clear()  # basicConfig(force=True) closes what it finds; pytest still needs its handlers.
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_everything_goes_to_one_file_and_errors_to_another_as_well(tmp_path: Path) -> None:
    configure_logs("api", "INFO", tmp_path)
    structlog.stdlib.get_logger("shop").info("order_placed", order="o-1")
    logging.getLogger("a.library").error("it broke: %s", "x")
    logging.getLogger("a.library").debug("nobody asked")

    assert [line["event"] for line in lines(tmp_path / "api.log")] == ["order_placed", "it broke: x"]
    assert [line["event"] for line in lines(tmp_path / "api.errors.log")] == ["it broke: x"]


def test_a_line_carries_its_request_and_its_time(tmp_path: Path) -> None:
    configure_logs("api", "INFO", tmp_path)
    token = correlation_id.set("req-1")
    try:
        logging.getLogger("a.library").warning("slow")
    finally:
        correlation_id.reset(token)

    (line,) = lines(tmp_path / "api.log")
    assert line["request_id"] == "req-1"
    assert line["level"] == "warning"
    assert str(line["timestamp"]).endswith("Z")


def test_a_line_tells_what_it_belongs_to(tmp_path: Path) -> None:
    configure_logs("worker", "INFO", tmp_path)

    def handle() -> None:
        traceparent.set("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
        user_id.set("user-1")
        event_id.set("event-1")
        structlog.stdlib.get_logger("events").info("handled")

    contextvars.copy_context().run(handle)
    (line,) = lines(tmp_path / "worker.log")
    assert line["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (line["user_id"], line["event_id"]) == ("user-1", "event-1")


def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    configure_logs("worker", "INFO", tmp_path)
    contextvars.Context().run(logging.getLogger("a.library").info, "started")
    (line,) = lines(tmp_path / "worker.log")
    assert line.keys() == {"event", "logger", "level", "request_id", "timestamp"}


def test_an_exception_is_part_of_its_line(tmp_path: Path) -> None:
    configure_logs("api", "INFO", tmp_path)
    try:
        int("no number")
    except ValueError:
        structlog.stdlib.get_logger("shop").exception("handler_failed")

    (line,) = lines(tmp_path / "api.errors.log")
    assert "ValueError: invalid literal" in str(line["exception"])


@pytest.mark.parametrize(
    ("said", "logged"),
    [
        ("550 <ada.lovelace+x@mail.example.com> is unknown", "550 <(address)> is unknown"),
        ("/api/v1/users/ada@example.com", "/api/v1/users/(address)"),
        ("order-0190b1c2-aaaa-7bbb-8ccc-dddddddddddd.2@example.com", None),
        ("taken\nDETAIL:  Key (username)=(ada) already exists.\nHINT:  none", "taken\nHINT:  none"),
        (repr("taken\nDETAIL:  Key (username)=(ada) already exists."), "'taken"),
        ("taken\nDETAIL:  (a\nb, ada)\n[SQL: INSERT]", "taken\n[SQL: INSERT]"),
        ("invalid input for query argument $2: 'ada' (expected str)", "invalid input for query argument $2"),
        ("/verify/eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmVk/x", "/verify/(secret)/x"),
        ("{'authorization': 'Bearer abc.def'}", "{'authorization': 'Bearer (secret)"),
        ("no route to amqp://shop:hunter2@broker:5672/", "no route to amqp://(secret)@broker:5672/"),
        ("no route to amqp://shop:hunter2@127.0.0.1:5672/", "no route to amqp://(secret)@127.0.0.1:5672/"),
        ("signed with whsec_b25lIHNlY3JldA, charged tok_ok", "signed with (secret), charged (secret)"),
    ],
)
def test_nobody_is_named_and_nothing_opened(tmp_path: Path, said: str, logged: str | None) -> None:
    """Neither an address, nor what PostgreSQL tells of the row that an error is about, nor a token or a login."""
    configure_logs("api", "INFO", tmp_path)
    structlog.stdlib.get_logger("shop").info("said", error=said)
    logging.getLogger("a.library").error("%s", said)
    first, second = lines(tmp_path / "api.log")
    assert (first["error"], second["event"]) == (logged or said, logged or said)


async def test_lines_of_one_turn_are_written_together_and_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logs("api", "INFO", tmp_path)
    writes: list[logging.LogRecord] = []
    monkeypatch.setattr(logging.StreamHandler, "emit", lambda _, record: writes.append(record))
    for number in range(3):
        Log("http").info("request", number=number)
    assert writes == []
    await asyncio.sleep(0)
    to_stdout, to_file = writes
    assert [json.loads(line)["number"] for line in to_file.getMessage().splitlines()] == [0, 1, 2]
    assert to_stdout.getMessage() == to_file.getMessage()


async def test_trouble_is_written_at_once_after_what_led_to_it(tmp_path: Path) -> None:
    configure_logs("api", "INFO", tmp_path)
    Log("http").info("request")
    structlog.stdlib.get_logger("shop").error("it broke")
    assert [line["event"] for line in lines(tmp_path / "api.log")] == ["request", "it broke"]
    assert [line["event"] for line in lines(tmp_path / "api.errors.log")] == ["it broke"]


async def test_lines_of_threads_are_not_lost(tmp_path: Path) -> None:
    configure_logs("api", "INFO", tmp_path)
    await asyncio.to_thread(logging.getLogger("a.library").info, "from a thread")
    assert [line["event"] for line in lines(tmp_path / "api.log")] == ["from a thread"]


def test_a_line_that_nobody_asked_for_is_not_made(tmp_path: Path) -> None:
    configure_logs("api", "WARNING", tmp_path)
    Log("http").info("request")
    assert lines(tmp_path / "api.log") == []


def test_whatever_is_told_becomes_a_line(tmp_path: Path) -> None:
    configure_logs("api", "INFO", tmp_path)
    Log("http").info("request", path="\ud800", number=1 << 80, thing=object)
    (line,) = lines(tmp_path / "api.log")
    assert (line["path"], line["number"], line["thing"]) == ("\ud800", 1 << 80, "<class 'object'>")


ENDING = """
import logging
import uvicorn
from libs.observability.logs import configure_logs

async def app(scope, receive, send):
    await receive()
    configure_logs("api", "INFO", None)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    logging.getLogger("a.library").info("closed")
    await send({"type": "lifespan.shutdown.complete"})

uvicorn.run(app, port=0)
"""


async def test_who_is_told_to_end_says_its_last_words() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ENDING), cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        async for line in process.stdout:
            if b"Uvicorn running" in line:
                break
        process.terminate()
        said = [json.loads(line)["event"] for line in (await process.stdout.read()).splitlines()]
        await process.wait()
    assert said[-3:-1] == ["closed", "Application shutdown complete."]
    assert said[-1].startswith("Finished server process")
