import asyncio

import pytest

from tests.integration.support.clients import Json, ServiceClients
from tests.integration.support.factories import make_category, make_product
from tests.integration.support.pages import ids
from tests.integration.support.problems import assert_problem, ok
from tests.integration.support.trees import assert_depth_first, flat, flatten, nested, read_category


async def move(admin: ServiceClients, category: Json, below: Json | None) -> Json:
    body = {"parent_id": below["id"] if below else None}
    moved: Json = ok(await admin.catalog.put(f"/category/{category['id']}", json=body))
    return moved


@pytest.fixture
async def tree(admin: ServiceClients) -> dict[str, Json]:
    # Below the root are a and d, below a is b, below b is c.
    root = await make_category(admin)
    a = await make_category(admin, root)
    b = await make_category(admin, a)
    c = await make_category(admin, b)
    d = await make_category(admin, root)
    return {"root": root, "a": a, "b": b, "c": c, "d": d}


async def test_the_flat_list_is_depth_first(nobody: ServiceClients, tree: dict[str, Json]) -> None:
    everything = await flat(nobody)
    assert_depth_first(everything)
    place = {category["id"]: (number, category) for number, category in enumerate(everything)}
    assert len(place) == len(everything)
    levels = {name: place[category["id"]][1]["level"] for name, category in tree.items()}
    assert levels == {"root": 0, "a": 1, "b": 2, "c": 3, "d": 1}
    below = await flat(nobody, root_id=tree["root"]["id"])
    start = place[tree["root"]["id"]][0]
    assert ids(everything[start : start + 5]) == ids(below)
    assert set(ids(below)) == {category["id"] for category in tree.values()}


async def test_one_subtree(nobody: ServiceClients, tree: dict[str, Json]) -> None:
    below = await flat(nobody, root_id=tree["a"]["id"])
    assert ids(below) == ids([tree["a"], tree["b"], tree["c"]])
    assert [category["level"] for category in below] == [1, 2, 3]


async def test_the_tree_view_nests_the_same(nobody: ServiceClients, tree: dict[str, Json]) -> None:
    below = await flat(nobody, root_id=tree["root"]["id"])
    trees = await nested(nobody, root_id=tree["root"]["id"])
    assert list(flatten(trees)) == [
        (category["id"], category["parent_id"] if category["level"] else None) for category in below
    ]
    assert tree["root"]["id"] in ids(await nested(nobody))


async def test_depth_cuts_the_tree(nobody: ServiceClients, tree: dict[str, Json]) -> None:
    def names(trees: list[Json]) -> set[str]:
        known = {category["id"]: name for name, category in tree.items()}
        return {known[node] for node, _ in flatten(trees)}

    root_id = tree["root"]["id"]
    cuts = [names(await nested(nobody, root_id=root_id, depth=str(depth))) for depth in (1, 2)]
    whole = {"root", "a", "b", "c", "d"}
    # The contract leaves open whether the root itself counts.
    assert cuts in ([{"root"}, {"root", "a", "d"}], [{"root", "a", "d"}, {"root", "a", "b", "d"}])
    assert names(await nested(nobody, root_id=root_id, depth="9")) == whole
    for depth in ("-1", "x", "1.5"):
        params = {"view": "tree", "depth": depth}
        assert_problem(await nobody.catalog.get("/categories", params=params), 422)
    assert_problem(await nobody.catalog.get("/categories", params={"view": "circle"}), 422)


async def test_products_are_counted_with_what_is_below(
    admin: ServiceClients, nobody: ServiceClients, tree: dict[str, Json]
) -> None:
    async def counts() -> dict[str, int]:
        below = await flat(nobody, root_id=tree["root"]["id"])
        found = {category["id"]: category["product_count"] for category in below}
        return {name: found[category["id"]] for name, category in tree.items()}

    assert await counts() == {"root": 0, "a": 0, "b": 0, "c": 0, "d": 0}
    products = [await make_product(admin, category_id=tree[name]["id"]) for name in ("root", "b", "c", "c", "d")]
    assert await counts() == {"root": 5, "a": 3, "b": 3, "c": 2, "d": 1}
    await move(admin, tree["b"], tree["d"])
    assert await counts() == {"root": 5, "a": 0, "b": 3, "c": 2, "d": 4}
    assert (await admin.catalog.delete(f"/product/{products[2]['id']}")).status_code == 204
    assert await counts() == {"root": 4, "a": 0, "b": 2, "c": 1, "d": 3}
    ok(await admin.catalog.put(f"/product/{products[4]['id']}", json={"category_id": None}))
    assert await counts() == {"root": 3, "a": 0, "b": 2, "c": 1, "d": 2}


async def test_a_move_takes_the_whole_subtree(
    admin: ServiceClients, nobody: ServiceClients, tree: dict[str, Json]
) -> None:
    moved = await move(admin, tree["b"], None)
    assert (moved["level"], moved["parent_id"], moved["version"]) == (0, None, 2)
    assert (await read_category(nobody, tree["c"]["id"]))["level"] == 1
    assert ids(await flat(nobody, root_id=tree["root"]["id"])) != []
    await move(admin, tree["b"], tree["d"])
    deepest = await read_category(nobody, tree["c"]["id"])
    assert deepest["level"] == 3
    assert ids(deepest["ancestors"]) == ids([tree["root"], tree["d"], tree["b"]])
    below = await flat(nobody, root_id=tree["root"]["id"])
    assert_depth_first(below)
    assert len(below) == 5


@pytest.mark.parametrize("below", ["a", "b", "c"])
async def test_nothing_moves_below_itself(
    admin: ServiceClients, nobody: ServiceClients, tree: dict[str, Json], below: str
) -> None:
    body = {"parent_id": tree[below]["id"]}
    response = await admin.catalog.put(f"/category/{tree['a']['id']}", json=body)
    assert_problem(response, 409, "category_cycle")
    assert (await read_category(nobody, tree["a"]["id"]))["parent_id"] == tree["root"]["id"]


async def test_of_two_crossing_moves_one_wins(admin: ServiceClients, nobody: ServiceClients) -> None:
    async def cross() -> None:
        root = await make_category(admin)
        a, b = await make_category(admin, root), await make_category(admin, root)
        leaves = await make_category(admin, a), await make_category(admin, b)
        answers = await asyncio.gather(
            admin.catalog.put(f"/category/{a['id']}", json={"parent_id": leaves[1]["id"]}),
            admin.catalog.put(f"/category/{b['id']}", json={"parent_id": leaves[0]["id"]}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert_problem(next(answer for answer in answers if answer.is_error), 409, "category_cycle")
        below = await flat(nobody, root_id=root["id"])
        assert_depth_first(below)
        assert [category["level"] for category in below] == [0, 1, 2, 3, 4]

    await asyncio.gather(*(cross() for _ in range(5)))


async def test_moves_in_a_ring_never_close_it(admin: ServiceClients, nobody: ServiceClients) -> None:
    root = await make_category(admin)
    ring = [await make_category(admin, root) for _ in range(5)]
    answers = await asyncio.gather(
        *(
            admin.catalog.put(f"/category/{category['id']}", json={"parent_id": ring[number - 1]["id"]})
            for number, category in enumerate(ring)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [409]
    below = await flat(nobody, root_id=root["id"])
    assert_depth_first(below)
    assert len(below) == 6
