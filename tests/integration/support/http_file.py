"""A collection of requests in the syntax of VS Code's REST Client, as far as docs/reference/requests.http uses it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from random import randint
from typing import Self
from uuid import uuid4

import httpx

from tests.integration.support.clients import Json

PLACEHOLDER = re.compile(r"{{\s*(.+?)\s*}}")


@dataclass(frozen=True)
class HttpRequest:
    title: str
    name: str | None
    expected: int
    until: tuple[str, str] | None
    """Send it until the response has this value at this path."""
    method: str
    url: str
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class HttpFile:
    variables: dict[str, str]
    requests: list[HttpRequest]

    @classmethod
    def read(cls, path: Path) -> Self:
        head, *sections = re.split(r"^### ?", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        variables = dict(re.findall(r"^@(\w+) = (.+)$", head, re.MULTILINE))
        return cls(variables, [_request(section) for section in sections])


def _request(section: str) -> HttpRequest:
    head, _, body = section.partition("\n\n")
    title, *lines = head.splitlines()
    notes = dict(_note(line) for line in lines if line.startswith("#"))
    request, *headers = [line for line in lines if not line.startswith("#")]
    method, url = request.split(" ", 1)
    path, _, value = notes.get("Until", "").partition(" = ")
    return HttpRequest(
        title=title,
        name=notes.get("@name"),
        expected=int(notes["Expect"]),
        until=(path, value) if path else None,
        method=method,
        url=url,
        headers=dict(header.split(": ", 1) for header in headers),
        body=body.strip(),
    )


def _note(line: str) -> tuple[str, str]:
    key, value = line.removeprefix("# ").split(" ", 1)
    return key.removesuffix(":"), value


class Sender:
    """Sends requests one after the other; each may use what those before it were answered."""

    def __init__(self, client: httpx.AsyncClient, variables: dict[str, str]) -> None:
        self._client = client
        self._variables = variables
        self._responses: dict[str, httpx.Response] = {}

    async def send(self, request: HttpRequest) -> httpx.Response:
        response = await self._client.request(
            request.method,
            self._fill_in(request.url),
            headers={name: self._fill_in(value) for name, value in request.headers.items()},
            content=self._fill_in(request.body).encode(),
        )
        if request.name:
            self._responses[request.name] = response
        return response

    def _fill_in(self, text: str) -> str:
        return PLACEHOLDER.sub(lambda found: self._value(found[1]), text)

    def _value(self, expression: str) -> str:
        match expression.split(" "):
            case ["$guid"]:
                return str(uuid4())
            case ["$randomInt", least, bound]:
                return str(randint(int(least), int(bound) - 1))  # noqa: S311 # no secret
            case ["$processEnv", name]:
                return os.environ[name]
        if expression in self._variables:
            return self._fill_in(self._variables[expression])
        name, _, part = expression.partition(".response.")
        response = self._responses[name]
        if part.startswith("headers."):
            return response.headers[part.removeprefix("headers.")]
        return value_at(response.json(), part.removeprefix("body."))


def value_at(body: Json, path: str) -> str:
    """`$.name.name` of a JSON body."""
    root, *names = path.split(".")
    assert root == "$", path
    seen: object = body
    for name in names:
        assert isinstance(seen, dict), f"{path}: {body}"
        seen = seen[name]
    return str(seen)
