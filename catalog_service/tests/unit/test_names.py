from uuid import UUID

import pytest

from catalog_service.domain.search_text import fold, to_tsquery, to_tsvector, tokenize
from catalog_service.domain.slugs import MAX_SLUG, distinct, is_slug, slug_of

ID = UUID("0199f3a4-7f8e-7c3b-9d8e-4a1f0c2b6d5e")


@pytest.mark.parametrize("name", ["Kettle", "!!!", "日本語", "😀", str(ID), "a" * 200, "É", "--", "A_b.c/d"])
def test_any_name_makes_a_slug(name: str) -> None:
    slug = slug_of(name, "product")
    assert is_slug(slug)
    assert is_slug(distinct(slug, ID))


@pytest.mark.parametrize("text", ["", "A", "a b", "-a", "a-", "a--b", "a/b", "ä", str(ID), "a" * (MAX_SLUG + 1), "a\n"])
def test_what_is_no_slug(text: str) -> None:
    assert not is_slug(text)


def test_words_are_compared_without_case_and_accents() -> None:
    assert tokenize("Ärger, GRÖSSE (xl_900)") == tokenize("arger große xl-900") == ["arger", "grosse", "xl", "900"]
    assert fold("É") == fold("e\u0301") == "e"


def test_a_search_is_nothing_but_quoted_words() -> None:
    assert to_tsquery("red 'shoe | (a & !b):*") == "'red' & 'shoe' & 'a' & 'b':*"
    assert to_tsquery("\x00 -- ''") == ""
    assert max(len(word) for word in tokenize("ﷺ" * 200)) <= 100


def test_a_name_is_indexed_above_its_description() -> None:
    assert to_tsvector("Kettle 7e12ab", "Boils 1.5 l") == "'kettle':1A '7e12ab':2A 'boils':3C '1':4C '5':5C 'l':6C"
    assert to_tsvector("!", "") == ""
