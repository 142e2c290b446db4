from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from auth_service.core.keys import write_new_key
from auth_service.core.settings import Settings
from auth_service.main import create_app
from auth_service.tests.integration.house import ADMIN_EMAIL, ADMIN_PASSWORD, House, answer
from libs.database.database import Database
from libs.testing.databases import empty
from libs.testing.engines import new_engine
from libs.testing.fixtures import DatabaseFor
from libs.testing.wait import until


@pytest.fixture(scope="session")
async def database_url(database_for: DatabaseFor) -> str:
    return await database_for("auth_service")


@pytest.fixture(scope="session")
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    key = tmp_path_factory.mktemp("keys") / "key.pem"
    write_new_key(key)
    return make_settings(database_url, key)


def make_settings(database_url: str, key: Path) -> Settings:
    return Settings.model_validate(
        {
            "database_url": database_url,
            "jwt_private_key_file": key,
            "admin_email": ADMIN_EMAIL,
            "admin_password": ADMIN_PASSWORD,
            "bcrypt_cost": 4,
        }
    )


@pytest.fixture(scope="session")
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The tests' own way into the database."""
    engine = new_engine(database_url, pool_size=2)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="session")
async def timers(database_url: str) -> AsyncIterator[Database]:
    """A worker's."""
    timers = Database(database_url, pool_size=3)
    yield timers
    await timers.aclose()


@pytest.fixture
async def house(settings: Settings, engine: AsyncEngine) -> AsyncIterator[House]:
    """A service with an empty database and its first admin."""
    await empty(settings.database_url)
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        house = House(app, engine)
        await until(lambda: is_ready(house))
        yield house


async def is_ready(house: House) -> bool:
    async with house.caller() as caller:
        answer(await caller.get("http://auth/health/ready"))
    return True
