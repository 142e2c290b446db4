"""Texts as people compare them: whatever their case and accents.

Done here and not by the database, whose idea of letters depends on the locale that it was set up with.
"""

import re
import unicodedata

# Longer ones are no words, and PostgreSQL refuses to look for lexemes of more than 2,046 bytes.
MAX_WORD = 100
# Folding makes up to eighteen letters of one, and neither an index nor a cursor holds 200 of those.
MAX_SORTED = 200
SEPARATORS = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def sort_name(name: str) -> str:
    return fold(name)[:MAX_SORTED]


def tokenize(text: str) -> list[str]:
    return [word[:MAX_WORD] for word in SEPARATORS.split(fold(text)) if word]


def to_tsquery(query: str) -> str:
    """A tsquery: all of the words, of which the last may be the beginning of one, as somebody is still typing it."""
    quoted = [f"'{word}'" for word in tokenize(query)]
    return " & ".join(quoted) + (":*" if quoted else "")


def to_tsvector(named: str, described: str) -> str:
    """A tsvector: what a product is called weighs more (A) than how it is described (C).

    Written here, as PostgreSQL's own parser takes a word like 7e12ab for a number and a rest, which no search finds.
    """
    weighed = [*((word, "A") for word in tokenize(named)), *((word, "C") for word in tokenize(described))]
    return " ".join(f"'{word}':{place}{weight}" for place, (word, weight) in enumerate(weighed, start=1))
