"""The whole shop as processes, and a customer who goes through it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import aio_pika
import asyncpg
import httpx

from auth_service.core.keys import write_new_key
from libs.mail.tests.mail_server import MailServer
from libs.process.ids import new_id
from libs.testing.wait import until
from tests.faults.processes import Process

Json = dict[str, Any]

SERVICES: Final = ("auth", "catalog", "order")
ADMIN_EMAIL: Final = "root@example.com"
ADMIN_PASSWORD: Final = "the first of all passwords"
# Seconds. Six processes of Python start at once, on a machine that may do much else.
PATIENCE: Final = 120


@dataclass
class Person:
    email: str
    password: str
    client: httpx.AsyncClient
    """With their token, once they have logged in."""
    id: str = ""
    token: str = ""
    refresh_token: str = ""
    username: str = ""


@dataclass(frozen=True)
class Shop:
    processes: Mapping[str, Process]
    """By names such as `order-api` and `order-worker`."""
    logs: Path
    databases: Mapping[str, str]
    amqp_url: str
    broker: aio_pika.abc.AbstractChannel
    mail: MailServer
    payment_webhook_secret: str
    _stack: AsyncExitStack

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, databases: Mapping[str, str], amqp_url: str, environment: Mapping[str, str]
    ) -> AsyncIterator[Self]:
        logs = folder / "logs"
        logs.mkdir()
        write_new_key(folder / "key.pem")
        mail = MailServer()
        secret = "what the provider signs with"
        async with AsyncExitStack() as stack:
            await mail.start()
            stack.push_async_callback(mail.stop)
            processes = {
                f"{service}-{part}": Process(f"{service}_service.{module}", {}, logs)
                for service in SERVICES
                for part, module in (("api", "main"), ("worker", "worker"))
            }
            for name, process in processes.items():
                service = name.partition("-")[0]
                process.environment = {
                    **environment,
                    "DATABASE_URL": databases[service],
                    "AMQP_URL": amqp_url,
                    "JWT_PRIVATE_KEY_FILE": str(folder / "key.pem"),
                    "ADMIN_EMAIL": ADMIN_EMAIL,
                    "ADMIN_PASSWORD": ADMIN_PASSWORD,
                    "BCRYPT_COST": "4",
                    "JWKS_URL": f"{processes['auth-api'].url}/.well-known/jwks.json",
                    "CATALOG_URL": processes["catalog-api"].url,
                    "PAYMENT_WEBHOOK_SECRET": secret,
                    # Receivers of the tests are on this machine.
                    "WEBHOOKS_ALLOW_HTTP": "true",
                    "WEBHOOKS_ALLOW_PRIVATE": "true",
                    "SMTP_HOST": "127.0.0.1",
                    "SMTP_PORT": str(mail.port),
                    "SMTP_TLS": "none",
                    "MAIL_FROM": "shop@example.com",
                }
                stack.push_async_callback(process.stop)
            await asyncio.gather(*(process.start() for process in processes.values()))
            connection = await stack.enter_async_context(await aio_pika.connect(amqp_url))
            yield cls(processes, logs, databases, amqp_url, await connection.channel(), mail, secret, stack)

    @property
    def ports(self) -> dict[tuple[str, str], int]:
        """By service and part."""
        return {(name.split("-")[0], name.split("-")[1]): process.port for name, process in self.processes.items()}

    def url(self, service: str) -> str:
        return f"{self.processes[f'{service}-api'].url}/api/v1"

    async def person(self) -> Person:
        """Registered and logged in."""
        name = f"p{new_id().hex[12:]}"
        person = Person(f"{name}@example.com", f"a secret of {new_id()}", await self._client(), username=f"{name}-x")
        body = {"email": person.email, "username": person.username, "password": person.password}
        person.id = answer(await person.client.post(f"{self.url('auth')}/auth/register", json=body), 201)["id"]
        return await self.log_in(person)

    async def admin(self) -> Person:
        return await self.log_in(Person(ADMIN_EMAIL, ADMIN_PASSWORD, await self._client()))

    async def log_in(self, person: Person, **headers: str) -> Person:
        body = {"login": person.email, "password": person.password}
        tokens = answer(await person.client.post(f"{self.url('auth')}/auth/login", json=body, headers=headers))
        person.token, person.refresh_token = tokens["access_token"], tokens["refresh_token"]
        person.client.headers["Authorization"] = f"Bearer {person.token}"
        return person

    async def product(self, admin: Person, stock: int = 10) -> str:
        """Known to order_service as well, which would ask catalog for its price otherwise."""
        body = {"name": f"Lamp {new_id()}", "price": "19.99", "stock": stock}
        product: str = answer(await admin.client.post(f"{self.url('catalog')}/product", json=body), 201)["id"]
        orders = await asyncpg.connect(self.databases["order"])
        try:
            await until(lambda: orders.fetchval("SELECT 1 FROM products WHERE id = $1", product), timeout=PATIENCE)
        finally:
            await orders.close()
        return product

    async def buy(self, person: Person, product: str, **headers: str) -> Json:
        """Placed, reserved, paid for, and told of by mail."""
        body = {"items": [{"product_id": product, "quantity": 2}], "delivery_address": "1 Quiet Lane"}
        order = answer(await person.client.post(f"{self.url('order')}/order", json=body, headers=headers), 201)
        await self.becomes(person, order, "awaiting_payment")
        payment = {"method": "card", "token": "tok_ok"}
        path = f"{self.url('order')}/order/{order['id']}/payment"
        answer(await person.client.post(path, json=payment, headers=headers), 201)
        paid = await self.becomes(person, order, "paid")
        await until(lambda: len(self.mail.to(person.email)) == len(("placed", "reserved", "paid")), timeout=PATIENCE)
        return paid

    async def becomes(self, person: Person, order: Json, status: str) -> Json:
        async def there() -> Json | None:
            seen: Json = answer(await person.client.get(f"{self.url('order')}/order/{order['id']}"))
            return seen if seen["status"] == status else None

        found: Json = await until(there, timeout=PATIENCE, every=0.1)
        return found

    async def _client(self) -> httpx.AsyncClient:
        return await self._stack.enter_async_context(httpx.AsyncClient(trust_env=False, timeout=60))


def answer(response: httpx.Response, status: int = 200) -> Json:
    assert response.status_code == status, response.text
    body: Json = response.json()
    return body
