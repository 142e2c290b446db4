"""Reading the category lists, flat and nested."""

from collections.abc import Iterator

from tests.integration.support.clients import Json, ServiceClients
from tests.integration.support.problems import ok


async def flat(caller: ServiceClients, **params: str) -> list[Json]:
    found: list[Json] = ok(await caller.catalog.get("/categories", params=params))["items"]
    return found


async def nested(caller: ServiceClients, **params: str) -> list[Json]:
    body = ok(await caller.catalog.get("/categories", params={"view": "tree", **params}))
    found: list[Json] = body["items"]
    return found


async def read_category(caller: ServiceClients, ref: str) -> Json:
    found: Json = ok(await caller.catalog.get(f"/category/{ref}"))
    return found


def flatten(trees: list[Json], parent: str | None = None) -> Iterator[tuple[str, str | None]]:
    """(id, parent's id) of a nested list, depth first."""
    waiting = [(tree, parent) for tree in reversed(trees)]
    while waiting:
        node, above = waiting.pop()
        yield node["id"], above
        waiting += [(child, node["id"]) for child in reversed(node["children"])]


def assert_depth_first(categories: list[Json]) -> None:
    """Each stands below its parent, one level deeper, and its whole subtree before its next sibling."""
    path: list[str] = []
    top = categories[0]["level"]
    for category in categories:
        depth = category["level"] - top
        assert 0 <= depth <= len(path), category
        del path[depth:]
        if depth:
            assert category["parent_id"] == path[-1], category
        path.append(category["id"])
