import pytest

from tests.integration.support.clients import Json, ServiceClients
from tests.integration.support.factories import make_category, make_product
from tests.integration.support.names import unique, word
from tests.integration.support.pages import ids, page, walk
from tests.integration.support.problems import assert_problem


@pytest.fixture(scope="module")
async def shelf(admin: ServiceClients) -> dict[str, Json]:
    """Four products in a category of their own; nothing else is in it."""
    category = await make_category(admin)
    inner = await make_category(admin, await make_category(admin, category))

    async def put(name: str, price: str, stock: int, where: Json, **attributes: str) -> Json:
        return await make_product(
            admin, name=f"{name} {unique()}", price=price, stock=stock, category_id=where["id"], attributes=attributes
        )

    return {
        "category": category,
        "inner": inner,
        "apple": await put("Apple", "3.00", 5, category, colour="red", size="s"),
        "banana": await put("Banana", "1.00", 0, inner, colour="yellow", size="s"),
        "cherry": await put("Cherry", "2.00", 9, inner, colour="red", size="xl"),
        "date": await put("Date", "2.00", 0, category, colour="it's 50% \\ off", size="m"),
    }


async def names(nobody: ServiceClients, shelf: dict[str, Json], **params: str) -> list[str]:
    known = {thing["id"]: name for name, thing in shelf.items()}
    found = await walk(nobody.catalog, "/products", category_id=shelf["category"]["id"], **params)
    return [known[product["id"]] for product in found]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (None, ["date", "cherry", "banana", "apple"]),
        ("newest", ["date", "cherry", "banana", "apple"]),
        ("name", ["apple", "banana", "cherry", "date"]),
    ],
)
@pytest.mark.parametrize("limit", ["1", "2", "3", "100"])
async def test_sorting(
    nobody: ServiceClients, shelf: dict[str, Json], sort: str | None, expected: list[str], limit: str
) -> None:
    params = {"limit": limit, **({"sort": sort} if sort else {})}
    assert await names(nobody, shelf, **params) == expected


@pytest.mark.parametrize("limit", ["1", "2", "100"])
async def test_sorting_by_price_has_a_stable_order_of_equals(
    nobody: ServiceClients, shelf: dict[str, Json], limit: str
) -> None:
    rising = await names(nobody, shelf, sort="price", limit=limit)
    assert (rising[0], set(rising[1:3]), rising[3]) == ("banana", {"cherry", "date"}, "apple")
    falling = await names(nobody, shelf, sort="-price", limit=limit)
    assert (falling[0], set(falling[1:3]), falling[3]) == ("apple", {"cherry", "date"}, "banana")
    assert rising == await names(nobody, shelf, sort="price")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"min_price": "2"}, ["apple", "cherry", "date"]),
        ({"max_price": "2.00"}, ["banana", "cherry", "date"]),
        ({"min_price": "1.01", "max_price": "2.99"}, ["cherry", "date"]),
        ({"min_price": "3", "max_price": "1"}, []),
        ({"in_stock": "true"}, ["apple", "cherry"]),
        ({"in_stock": "false"}, ["banana", "date"]),
        ({"attr.colour": "red"}, ["apple", "cherry"]),
        ({"attr.colour": "red", "attr.size": "xl"}, ["cherry"]),
        ({"attr.colour": "it's 50% \\ off"}, ["date"]),
        ({"attr.colour": "RED"}, []),
        ({"attr.nothing": "red"}, []),
        ({"attr.colour": "red", "in_stock": "true", "max_price": "2", "sort": "price"}, ["cherry"]),
        ({"q": "banana"}, ["banana"]),
        ({"q": "banana", "in_stock": "true"}, []),
    ],
    ids=str,
)
async def test_filters(
    nobody: ServiceClients, shelf: dict[str, Json], filters: dict[str, str], expected: list[str]
) -> None:
    found = await names(nobody, shelf, **filters)
    assert sorted(found) == expected
    counted = await page(
        nobody.catalog, "/products", category_id=shelf["category"]["id"], with_total="true", limit=1, **filters
    )
    assert counted["total"] == len(expected)


async def test_a_subtree_is_listed_with_everything_below(nobody: ServiceClients, shelf: dict[str, Json]) -> None:
    inner = await walk(nobody.catalog, "/products", category_id=shelf["inner"]["id"])
    assert ids(inner) == ids([shelf["cherry"], shelf["banana"]])


async def test_products_with_their_category(nobody: ServiceClients, shelf: dict[str, Json]) -> None:
    found = await walk(nobody.catalog, f"/products_with_category/{shelf['category']['id']}", limit=3)
    assert sorted(ids(found)) == sorted(ids([shelf[name] for name in ("apple", "banana", "cherry", "date")]))
    for product in found:
        inside = product["id"] in ids([shelf["banana"], shelf["cherry"]])
        category = shelf["inner" if inside else "category"]
        assert product["category"] == {key: category[key] for key in ("id", "name", "slug", "level")}
        assert product["category"]["level"] == (2 if inside else 0)


async def test_best_match_first(admin: ServiceClients, nobody: ServiceClients) -> None:
    term, second = word(), word()
    described = await make_product(admin, description=f"This is not about it, but it mentions {term}.")
    named = await make_product(admin, name=f"{term} {second}")
    keyed = await make_product(admin, sku=f"{second}-{unique()}", description=f"{term}")
    found = await walk(nobody.catalog, "/products", q=term.upper())
    assert ids(found)[0] == named["id"]
    assert set(ids(found)) == set(ids([described, named, keyed]))
    both = await walk(nobody.catalog, "/products", q=f"{second} {term}")
    assert ids(both)[0] == named["id"]
    assert described["id"] not in ids(both)
    assert ids(await walk(nobody.catalog, "/products", q=keyed["sku"])) == [keyed["id"]]
    assert await walk(nobody.catalog, "/products", q=word()) == []
    assert ids(await walk(nobody.catalog, "/products", q=term, limit=1)) == ids(found)


async def test_a_search_sees_a_change_at_once(admin: ServiceClients, nobody: ServiceClients) -> None:
    before, after = word(), word()
    product = await make_product(admin, name=before)
    await admin.catalog.put(f"/product/{product['id']}", json={"name": after})
    assert await walk(nobody.catalog, "/products", q=before) == []
    assert ids(await walk(nobody.catalog, "/products", q=after)) == [product["id"]]


@pytest.mark.parametrize(
    ("name", "value"), [("sort", "cheapest"), ("in_stock", "perhaps"), ("category_id", "no-uuid"), ("with_total", "x")]
)
async def test_a_filter_that_means_nothing_is_422(nobody: ServiceClients, name: str, value: str) -> None:
    assert_problem(await nobody.catalog.get("/products", params={name: value}), 422)
