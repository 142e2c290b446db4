"""One database URL in the environment, written for the two that read it."""

PLAIN = "postgresql://"
SQLALCHEMY = "postgresql+asyncpg://"


def for_asyncpg(url: str) -> str:
    return PLAIN + url.removeprefix(SQLALCHEMY).removeprefix(PLAIN)


def for_sqlalchemy(url: str) -> str:
    return SQLALCHEMY + url.removeprefix(SQLALCHEMY).removeprefix(PLAIN)
