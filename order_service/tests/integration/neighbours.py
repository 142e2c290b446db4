"""What order_service asks of its neighbours over HTTP, on a real server: tokens' keys of auth, products of catalog."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from fastapi.responses import JSONResponse
from jose import jwk, jwt

from libs.testing.wait import until
from order_service.domain.actor import Actor
from order_service.domain.products import Product

KID = "test"


@dataclass
class Neighbours:
    """`products` is what catalog has, `asked` how often it was asked for each."""

    url: str = ""
    products: dict[UUID, Product] = field(default_factory=dict)
    asked: dict[UUID, int] = field(default_factory=dict)
    catalog_is_away: bool = False
    _pem: str = field(
        default_factory=lambda: (
            ec.generate_private_key(ec.SECP256R1())
            .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            .decode()
        )
    )

    def token(self, actor: Actor, seconds: int = 900) -> str:
        now = int(time.time())
        claims = {
            "sub": str(actor.user_id),
            "username": actor.username,
            "role": "admin" if actor.is_admin else "user",
            "iat": now,
            "exp": now + seconds,
            "iss": "shop-auth",
            "aud": "shop",
        }
        return jwt.encode(claims, self._pem, algorithm="ES256", headers={"kid": KID})

    @property
    def jwks(self) -> Mapping[str, Any]:
        return {"keys": [{**jwk.construct(self._pem, "ES256").public_key().to_dict(), "kid": KID}]}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        app = FastAPI()

        @app.get("/.well-known/jwks.json")
        async def keys() -> JSONResponse:
            return JSONResponse(self.jwks)

        @app.get("/api/v1/products/{product_id}")
        async def product(product_id: UUID) -> JSONResponse:
            self.asked[product_id] = self.asked.get(product_id, 0) + 1
            if self.catalog_is_away:
                return JSONResponse({"code": "service_unavailable"}, 503)
            found = self.products.get(product_id)
            if found is None:
                return JSONResponse({"code": "product_not_found"}, 404)
            return JSONResponse(_shown(found))

        with socket.create_server(("127.0.0.1", 0)) as listening:
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="none"))
            task = asyncio.create_task(server.serve(sockets=[listening]))
            await until(lambda: server.started)
            yield
            server.should_exit = True
            await task


def _shown(product: Product) -> dict[str, Any]:
    return {
        "id": str(product.id),
        "name": product.name,
        "price": str(product.price),
        "currency": product.currency,
        "is_active": product.is_active,
        "version": product.version,
    }
