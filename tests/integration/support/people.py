from tests.integration.support.callers import Account, Caller, Json, Switchboard
from tests.integration.support.names import unique
from tests.integration.support.problems import ok

PASSWORD = "correct horse battery"


def someone(password: str = PASSWORD) -> Json:
    """A registration nobody has made before."""
    name = unique("u")
    return {"email": f"{name}@example.com", "username": name, "password": password}


async def log_in(caller: Caller, login: str, password: str = PASSWORD) -> Json:
    tokens: Json = ok(await caller.auth.post("/auth/login", json={"login": login, "password": password}))
    return tokens


async def register(caller: Caller, registration: Json | None = None) -> Json:
    user: Json = ok(await caller.auth.post("/auth/register", json=registration or someone()), 201)
    return user


async def join(switchboard: Switchboard, registration: Json | None = None) -> Account:
    """Registers and logs in a new person."""
    nobody = switchboard.caller()
    who = registration or someone()
    user = await register(nobody, who)
    tokens = await log_in(nobody, who["email"], who["password"])
    return Account(user, who["password"], tokens, switchboard.caller(tokens["access_token"]))
