"""The order API as it is, but for tokens: it believes whoever says which customer it is."""

from fastapi import Request

from libs.http.security import current_user
from libs.process.logs import configure_logs
from libs.tokens.principal import Principal
from order_service.core.settings import Settings
from order_service.main import create_app
from tests.bench import data


async def believed(request: Request) -> Principal:
    number = int(request.headers["Customer"])
    return Principal(data.user_id(number), data.username(number), "user", 0)


configure_logs("order-api", "INFO", None)
app = create_app(Settings())
app.dependency_overrides[current_user] = believed
