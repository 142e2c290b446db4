from tests.integration.support.clients import Account, ClientFactory, Json, ServiceClients
from tests.integration.support.names import unique
from tests.integration.support.problems import ok

PASSWORD = "correct horse battery"


def user_payload(password: str = PASSWORD) -> Json:
    """A registration nobody has made before."""
    name = unique("u")
    return {"email": f"{name}@example.com", "username": name, "password": password}


async def log_in(caller: ServiceClients, login: str, password: str = PASSWORD) -> Json:
    tokens: Json = ok(await caller.auth.post("/auth/login", json={"login": login, "password": password}))
    return tokens


async def register(caller: ServiceClients, registration: Json | None = None) -> Json:
    user: Json = ok(await caller.auth.post("/auth/register", json=registration or user_payload()), 201)
    return user


async def register_and_log_in(switchboard: ClientFactory, registration: Json | None = None) -> Account:
    """Registers and logs in a new person."""
    nobody = switchboard.caller()
    who = registration or user_payload()
    user = await register(nobody, who)
    tokens = await log_in(nobody, who["email"], who["password"])
    return Account(user, who["password"], tokens, switchboard.caller(tokens["access_token"]))
