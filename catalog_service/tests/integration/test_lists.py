import random

import httpx
import pytest

from catalog_service.tests.integration.catalog import Catalog, Json, code, ids, unique


@pytest.fixture(scope="module")
async def shelf(catalog: Catalog) -> dict[str, Json]:
    """Thirty products, five in each of six nested categories."""
    categories = [await catalog.category()]
    for _ in range(5):
        categories.append(await catalog.category(categories[-1]))
    drawn = random.Random(7)  # noqa: S311 - the same shelf each time.
    products = [
        await catalog.product(
            name=f"{drawn.choice(('apple', 'Äpfel', 'banana'))} {drawn.randrange(5)}",
            price=drawn.choice(("1.00", "2.00", "3.00")),
            category_id=categories[number % 6]["id"],
            stock=drawn.choice((0, 4)),
            attributes={"colour": drawn.choice(("red", "green", "blue")), "size": drawn.choice(("s", "m"))},
        )
        for number in range(30)
    ]
    return {"top": categories[0], "third": categories[2], **{product["id"]: product for product in products}}


async def test_the_longest_names_are_walked_like_any(catalog: Catalog, window: Catalog) -> None:
    category = await catalog.category()
    drawn = random.Random(7)  # noqa: S311 - the same names each time.
    names = [letter * 200 for letter in ("a", "я", "😀", "\x01", "\ufdfa")]
    # Squared words: folded, each is a word of several letters, and no two names compress alike.
    names += ["".join(chr(drawn.randrange(0x3300, 0x3358)) for _ in range(200)) for _ in range(3)]
    products = [await catalog.product(name=name, category_id=category["id"]) for name in names]
    for limit in (1, 3, 100):
        seen = await window.walk("/products", category_id=category["id"], sort="name", limit=limit)
        assert sorted(ids(seen)) == sorted(ids(products))


@pytest.mark.parametrize("sort", ["newest", "price", "-price", "name", None])
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"in_stock": "true"},
        {"q": "app"},
        {"attr.colour": ["red", "blue"], "attr.size": "m"},
        {"min_price": "2", "max_price": "2.00", "in_stock": "false"},
        {"q": "apfel", "attr.size": "s", "min_price": 1},
    ],
    ids=str,
)
async def test_a_walk_meets_each_product_once(
    window: Catalog, shelf: dict[str, Json], sort: str | None, filters: Json
) -> None:
    wanted = {"category_id": shelf["top"]["id"], **filters, **({"sort": sort} if sort else {})}
    whole = await window.get("/products", **wanted, limit=100, with_total=True)
    assert whole["total"] == len(whole["items"])
    for limit in (1, 4, 7):
        assert await window.walk("/products", **wanted, limit=limit) == whole["items"]
    everything = [product for key, product in shelf.items() if key not in ("top", "third")]
    assert sorted(ids(whole["items"])) == sorted(product["id"] for product in everything if _fits(product, filters))


def _fits(product: Json, filters: Json) -> bool:
    price = float(product["price"])
    word = filters.get("q", "")
    return (
        ("in_stock" not in filters or product["in_stock"] == (filters["in_stock"] == "true"))
        and float(filters.get("min_price", 0)) <= price <= float(filters.get("max_price", 9))
        and (not word or product["name"].lower().replace("ä", "a").startswith(word))
        and product["attributes"]["colour"] in filters.get("attr.colour", product["attributes"]["colour"])
        and product["attributes"]["size"] == filters.get("attr.size", product["attributes"]["size"])
    )


async def test_a_walk_is_not_disturbed_by_what_comes_and_goes(catalog: Catalog, window: Catalog) -> None:
    category = await catalog.category()
    there = [await catalog.product(category_id=category["id"]) for _ in range(9)]
    for sort in ("newest", "price", "-price", "name"):
        first = await window.get("/products", category_id=category["id"], sort=sort, limit=4)
        passing = await catalog.product(category_id=category["id"], name="a new one")
        rest = await window.walk(
            "/products", category_id=category["id"], sort=sort, limit=2, cursor=first["next_cursor"]
        )
        await catalog.send("DELETE", f"/product/{passing['id']}", status=204)
        seen = [each for each in ids(first["items"]) + ids(rest) if each != passing["id"]]
        assert sorted(seen) == sorted(ids(there))


async def test_names_sort_whatever_their_case_and_accents(catalog: Catalog, window: Catalog) -> None:
    category = await catalog.category()
    for name in ("zebra", "Äpfel", "éclair", "Birne", "apfel"):
        await catalog.product(name=name, category_id=category["id"])
    found = await window.walk("/products", category_id=category["id"], sort="name", limit=2)
    assert [product["name"] for product in found][2:] == ["Birne", "éclair", "zebra"]


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("GRÖSSE", True),
        ("größe xl-900", True),
        ("grosse", True),
        ("xl", True),
        ("900", True),
        ("gro", True),
        ("gro xl", False),
        ("litre kettle", True),
        ("7e12ab 1e5", True),
        ("7e12", True),
        ("'; DROP TABLE products; --", False),
        ("!!!", False),
        ("a & b | c:* <-> (d", False),
        ("\x00", False),
        ("ﷺ" * 200, False),
    ],
)
async def test_words(catalog: Catalog, window: Catalog, q: str, found: bool) -> None:
    category = await catalog.category()
    product = await catalog.product(
        name="Kettle Größe", sku=unique("XL-900"), description="Boils a litre: 1e5.7e12ab", category_id=category["id"]
    )
    listed = await window.walk("/products", category_id=category["id"], q=q)
    assert ids(listed) == ([product["id"]] if found else [])


async def test_the_name_weighs_more_than_the_description(catalog: Catalog, window: Catalog) -> None:
    word = unique("w").replace(" ", "")
    described = await catalog.product(description=f"{word} {word} {word}")
    named = await catalog.product(name=word)
    assert ids(await window.walk("/products", q=word, limit=1)) == ids([named, described])
    assert ids(await window.walk("/products", q=word, sort="newest")) == ids([named, described])


@pytest.mark.parametrize("path", ["/products?category_id={}", "/products_with_category/{}", "/categories?root_id={}"])
async def test_an_unknown_category_is_not_found(window: Catalog, path: str) -> None:
    unknown = "0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e"
    assert code(await window.call("GET", path.format(unknown))) == (404, "category_not_found")


@pytest.mark.parametrize(
    "query",
    [
        "cursor=nonsense",
        "sort=price&cursor=eyJhIjoxfQ",
        "min_price=NaN",
        "max_price=-1",
        "min_price=1.001",
        "q=" + "x" * 201,
        "sort=best_match",
        "&".join(f"attr.a={number}" for number in range(101)),
        "attr.a=%00",
        "attr.%00=a",
    ],
    ids=lambda query: query[:20],
)
async def test_a_list_that_cannot_be_asked_for(window: Catalog, query: str) -> None:
    answer = await window.call("GET", f"/products?{query}")
    assert answer.status_code == 422, answer.text


async def test_cursors_are_for_the_order_they_were_made_in(
    window: Catalog, shelf: dict[str, Json], http: httpx.AsyncClient
) -> None:
    page = await window.get("/products", category_id=shelf["top"]["id"], sort="price", limit=1)
    answer = await http.get("/api/v1/products", params={"sort": "name", "cursor": page["next_cursor"]})
    assert code(answer) == (422, "invalid_cursor")


async def test_the_longest_description_is_searched_whole(catalog: Catalog, window: Catalog) -> None:
    """No letter is folded into more of them than this one, and PostgreSQL's vectors have a limit."""
    product = await catalog.product(description="ﷺ" * 19_980 + f" {(word := unique('w').replace(' ', ''))}")
    assert ids(await window.walk("/products", q=word)) == [product["id"]]
