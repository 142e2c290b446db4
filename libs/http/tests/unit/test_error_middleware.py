import pytest
from starlette.types import Message, Receive, Scope, Send

from libs.http.error_middleware import ErrorMiddleware


async def test_a_response_that_broke_off_is_not_taken_for_whole() -> None:
    async def breaks_off(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("half way")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    with pytest.raises(RuntimeError, match="half way"):
        await ErrorMiddleware(breaks_off)(scope, receive, send)
    assert len(sent) == 1
