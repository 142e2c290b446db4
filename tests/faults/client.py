"""Somebody who uses the shop while its servers die: what no answer came to is asked again where that is safe."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import httpx

from libs.process.ids import new_id
from tests.faults.write_log import WriteLog

Json = dict[str, Any]

PAUSE: Final = 0.2
UNAVAILABLE: Final = 500
OVER: Final = frozenset({httpx.codes.CONFLICT, httpx.codes.TOO_MANY_REQUESTS})
RUNNING: Final = frozenset({"request_in_progress", "payment_in_progress"})


class StoppedError(Exception):
    """The load ends, and this client does not wait for its answer any longer."""


@dataclass
class Client:
    http: httpx.AsyncClient
    ledger: WriteLog
    is_over: Callable[[], bool]
    auth: str
    login: str = ""
    password: str = ""
    acknowledged: int = 0
    _token: str = ""

    async def once(self, method: str, url: str, body: Json | None = None, **headers: str) -> httpx.Response | None:
        """None: nobody knows whether it was done."""
        while True:
            if self._token:
                headers["Authorization"] = f"Bearer {self._token}"
            try:
                answer = await self.http.request(method, url, json=body, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(PAUSE)
                return None
            if answer.status_code == httpx.codes.UNAUTHORIZED and self.login:
                # The token has become too old; nothing was done.
                await self.log_in()
                continue
            if answer.status_code >= UNAVAILABLE:
                assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, f"{method} {url}: {answer.text}"
                await asyncio.sleep(PAUSE)
                return None
            if answer.is_success and method != "GET":
                self.ledger.acknowledged += 1
                self.acknowledged += 1
            return answer

    async def until_answered(self, method: str, url: str, body: Json | None = None, **headers: str) -> httpx.Response:
        """With a key, so that it is done once however often it is sent."""
        headers.setdefault("Idempotency-Key", str(new_id()))
        while True:
            answer = await self.once(method, url, body, **headers)
            if answer is not None and not _is_running(answer):
                return answer
            if self.is_over():
                raise StoppedError
            await asyncio.sleep(PAUSE)

    async def log_in(self) -> None:
        self._token = ""
        while True:
            try:
                answer = await self.http.post(
                    f"{self.auth}/auth/login", json={"login": self.login, "password": self.password}
                )
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                self._token = answer.json()["access_token"]
                return
            if self.is_over():
                raise StoppedError
            await asyncio.sleep(PAUSE)


def _is_running(answer: httpx.Response) -> bool:
    """Something that was sent before is still being carried out: this request, or a payment that nobody ended."""
    return answer.status_code in OVER and answer.json()["code"] in RUNNING
