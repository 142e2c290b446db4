"""What happens around a handler: the lock, waiting for the database, retries, the acknowledgement."""

import asyncio
import hashlib
import itertools
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from typing import Any, Final

from aio_pika.abc import AbstractIncomingMessage

from libs.backoff import Backoff
from libs.broker.cloudevents import DecodeError
from libs.broker.connection import BROKER_ERRORS
from libs.broker.spans import consumer_span
from libs.consumers.batching import Batch
from libs.consumers.database_backoff import DatabaseBackoff, is_certain_outage
from libs.consumers.message import bind_batch_context, bind_context, is_redelivered, trace_header
from libs.consumers.metrics import record_handled
from libs.consumers.quarantine import CrashCounter
from libs.consumers.retry import RetryPublisher
from libs.consumers.run_handler import Call, run_handler
from libs.consumers.shared_lock import SharedExclusiveLock
from libs.database.errors import is_lock_timeout, is_transient
from libs.observability.context import trace_of
from libs.process.failpoints import failpoint

MAX_CRASHES: Final = 3
# Seconds for each death that is noted. Whoever kills a process again and again does so when it has just begun, and
# would make a culprit of the message that comes first each time.
QUARANTINE_STEP: Final = 2.0
# How often an error is tried again at once that looks like an outage while the database answers.
MAX_IMMEDIATE_RETRIES: Final = 5
MOVE_BACKOFF: Final = Backoff(first=0.1, longest=5.0)

logger = logging.getLogger(__name__)


class PoisonMessageError(Exception):
    """Stands for the error that a message left no process alive to tell of."""


class MessageHandler:
    """One for a process. See "When handling fails" in docs/architecture/events.md."""

    def __init__(self, retry: RetryPublisher, crashes: CrashCounter, outage: DatabaseBackoff) -> None:
        self._retry = retry
        self._crashes = crashes
        self._outage = outage
        self._gate = SharedExclusiveLock()
        self._stopping = False
        self._waiting: set[asyncio.Task[Any]] = set()

    def stop(self) -> None:
        """Lets go of messages that wait for something; they stay in their queues. Running handlers finish."""
        self._stopping = True
        for task in self._waiting:
            task.cancel()

    async def handle(self, queue: str, message: AbstractIncomingMessage, call: Call) -> None:
        with consumer_span(queue, message) as trace:
            bind_context(message, trace_of(trace))
            await self._handle(queue, message, call)

    async def _handle(self, queue: str, message: AbstractIncomingMessage, call: Call) -> None:
        started = time.perf_counter()
        if is_redelivered(message):
            # It was delivered before and did not leave. If it ends this process too, it hits no other message.
            error = await self._handle_alone(queue, message, call)
        else:
            async with self._locked(self._gate.shared()):
                error = await self._result(call)
        outcome = await self._settle(queue, message, error)
        record_handled(queue, message, outcome, time.perf_counter() - started)

    async def handle_batch(self, queue: str, batch: Batch, call: Call) -> None:
        """All at once, or none. What cannot be handled so is left for `handle`."""
        # One task takes one batch after the other, and would name the last message of the former.
        with ExitStack() as spans:
            traces = [spans.enter_context(consumer_span(queue, taken.message)) for taken in batch.taken]
            bind_batch_context(batch.trace_contexts(traces))
            async with self._locked(self._gate.shared()):
                error = await self._result(call, gives_way=True)
            if error is not None:
                logger.info("A batch of %d of %s goes one by one: %r", len(batch.taken), queue, error)
                return
            batch.is_settled = True
            await self._acknowledge(batch)
        now = time.perf_counter()
        for taken in batch.taken:
            bind_context(taken.message, trace_header(taken.message))
            taken.read.bind_context()
            record_handled(queue, taken.message, "done", now - taken.at)

    async def _handle_alone(self, queue: str, message: AbstractIncomingMessage, call: Call) -> Exception | None:
        """The handler's result, alone, and after a while if it was the end of a process while it was alone before."""
        event_id = message.message_id or hashlib.sha256(message.body).hexdigest()
        crashes = 0

        async def look() -> None:
            nonlocal crashes
            crashes = await self._crashes.count(queue, event_id)

        if (error := await self._result(look)) is not None:
            return error
        if crashes:
            with self._interruptible():
                await asyncio.sleep(QUARANTINE_STEP * crashes)
        async with self._locked(self._gate.exclusive()):
            return await self._handle_counted(queue, event_id, call)

    async def _handle_counted(self, queue: str, event_id: str, call: Call) -> Exception | None:
        """The handler's result, with a note in the database for as long as it runs."""
        crashes = 0

        async def begin() -> None:
            nonlocal crashes
            crashes = await self._crashes.start(queue, event_id)

        if (error := await self._result(begin)) is not None:
            return error
        try:
            if crashes >= MAX_CRASHES:
                return PoisonMessageError(f"{crashes} deliveries ended with their process")
            return await self._result(call)
        finally:
            # Reached also where a lost connection or a shutdown cancels the handler: that is no crash.
            try:
                await self._crashes.finish(queue, event_id)
            except Exception:
                logger.exception("The note of a delivery stays and counts as one crash")

    async def _result(self, call: Call, *, gives_way: bool = False) -> Exception | None:
        """None, or what the handler raised that is not the database's fault.

        Who `gives_way` does not try again to get what somebody has locked.
        """
        tries = 0
        while (error := await run_handler(call)) is not None:
            if gives_way and is_lock_timeout(error):
                return error
            if not is_certain_outage(error) and (not is_transient(error) or tries >= MAX_IMMEDIATE_RETRIES):
                return error
            tries += 1
            with self._interruptible():
                if await self._outage.wait_until_up(tries):
                    tries = 0
        return None

    async def _settle(self, queue: str, message: AbstractIncomingMessage, error: Exception | None) -> str:
        outcome = "done" if error is None else await self._move(queue, message, error)
        await self._acknowledge(message)
        return outcome

    async def _acknowledge(self, handled: AbstractIncomingMessage | Batch) -> None:
        failpoint("handler.done")
        try:
            await handled.ack()
        except BROKER_ERRORS:
            # The connection was lost meanwhile. The message comes again and finds its version applied.
            logger.info("A handled message could not be acknowledged and will come again")

    async def _move(self, queue: str, message: AbstractIncomingMessage, error: Exception) -> str:
        """Puts a confirmed copy where the message belongs now, however long that takes."""
        park = isinstance(error, DecodeError | PoisonMessageError)
        for tries in itertools.count():
            try:
                target = await (self._retry.park if park else self._retry.schedule_retry)(queue, message, error)
            except Exception as problem:
                # Whatever keeps the copy from being made, the original stays until there is one.
                if tries == 0:
                    expected = isinstance(problem, BROKER_ERRORS)
                    logger.warning("A failed message waits for the broker (%r)", problem, exc_info=not expected)
                with self._interruptible():
                    await asyncio.sleep(MOVE_BACKOFF.delay(tries + 1))
            else:
                parked = target.endswith(".parked")
                logger.log(
                    logging.ERROR if parked else logging.WARNING,
                    "Message %s of %s failed and is in %s",
                    message.message_id,
                    queue,
                    target,
                    exc_info=error,
                )
                return "parked" if parked else "retried"
        raise AssertionError("counting has no end")

    @asynccontextmanager
    async def _locked(self, gate: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            with self._interruptible():
                await stack.enter_async_context(gate)
            yield

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Marks a wait that `stop` may end."""
        task = asyncio.current_task()
        if self._stopping or task is None:
            raise asyncio.CancelledError
        self._waiting.add(task)
        try:
            yield
        finally:
            self._waiting.discard(task)
