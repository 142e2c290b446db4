"""Processes that die beside a commit: before it everything of the transaction is gone, after it all of it is there."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Any


class Crash(BaseException):
    pass


@dataclass
class Mortality:
    """When the process dies next: at the how manieth commit from now, and on which side of it."""

    commits_left: int | None = None
    after: bool = False

    def arm(self, commit: int, *, after: bool) -> None:
        self.commits_left, self.after = commit, after

    def disarm(self) -> None:
        self.commits_left = None

    def strikes(self) -> bool:
        if self.commits_left is None:
            return False
        self.commits_left -= 1
        return self.commits_left < 0


class Mortal:
    """A unit of work whose process may die."""

    def __init__(self, new: Callable[[], AbstractAsyncContextManager[Any]], mortality: Mortality) -> None:
        self._new = new
        self._mortality = mortality

    def __call__(self) -> Any:
        return _Transaction(self._new(), self._mortality)


class _Transaction:
    def __init__(self, inner: AbstractAsyncContextManager[Any], mortality: Mortality) -> None:
        self._inner = inner
        self._mortality = mortality

    async def __aenter__(self) -> Any:
        return await self._inner.__aenter__()

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error_type is not None or not self._mortality.strikes():
            await self._inner.__aexit__(error_type, error, traceback)
            return
        crash = Crash()
        if self._mortality.after:
            await self._inner.__aexit__(None, None, None)
        else:
            await self._inner.__aexit__(Crash, crash, None)
        raise crash
