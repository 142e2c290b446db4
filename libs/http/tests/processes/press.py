"""One request in a process of its own, which dies where SHOP_FAILPOINTS says."""

import asyncio
import sys
from uuid import UUID

from libs.database.query import Reader
from libs.http.tests.integration.prints import SqlPress
from libs.http.tests.press import Customer, make_app
from libs.idempotency.store import SqlIdempotencyKeys
from libs.testing.engines import new_engine


async def main(database_url: str, user_id: str, key: str) -> None:
    engine = new_engine(database_url, pool_size=2)
    app = make_app(SqlIdempotencyKeys(Reader(database_url, pool_size=2)), SqlPress(engine))
    await Customer(app, UUID(user_id)).print(key)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
