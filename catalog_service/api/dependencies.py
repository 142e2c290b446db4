"""What endpoints are handed. The composition root has put it on the app.

All of it is async, because FastAPI takes anything else to a thread of its own.
"""

from typing import Annotated

from fastapi import Depends, Request

from catalog_service.domain.ports import UnitOfWorkFactory
from catalog_service.domain.queries import CategoryQueries, ProductQueries, StockQueries
from catalog_service.domain.stock import Admin
from libs.http.security import CurrentAdmin, bearer, current_admin, current_user
from libs.tokens.principal import Principal


async def _uow(request: Request) -> UnitOfWorkFactory:
    uow: UnitOfWorkFactory = request.app.state.uow
    return uow


async def _categories(request: Request) -> CategoryQueries:
    reads: CategoryQueries = request.app.state.categories
    return reads


async def _products(request: Request) -> ProductQueries:
    reads: ProductQueries = request.app.state.products
    return reads


async def _stock(request: Request) -> StockQueries:
    reads: StockQueries = request.app.state.stock
    return reads


async def _currency(request: Request) -> str:
    currency: str = request.app.state.currency
    return currency


async def _admin(principal: CurrentAdmin) -> Admin:
    return Admin(principal.user_id, principal.username)


class OptionalUser:
    """Somebody in front of the shop window. Who it is is only found out if it matters."""

    def __init__(self, request: Request, token: str | None) -> None:
        self._request = request
        self._token = token

    async def expect_admin(self) -> Principal:
        return await current_admin(await current_user(self._request, self._token))

    async def is_admin(self) -> bool:
        return bool(self._token) and (await current_user(self._request, self._token)).is_admin


async def _optional_user(request: Request, token: Annotated[str | None, Depends(bearer)]) -> OptionalUser:
    return OptionalUser(request, token)


UowDep = Annotated[UnitOfWorkFactory, Depends(_uow)]
CategoryQueriesDep = Annotated[CategoryQueries, Depends(_categories)]
ProductQueriesDep = Annotated[ProductQueries, Depends(_products)]
StockQueriesDep = Annotated[StockQueries, Depends(_stock)]
CurrencyDep = Annotated[str, Depends(_currency)]
AdminDep = Annotated[Admin, Depends(_admin)]
OptionalUserDep = Annotated[OptionalUser, Depends(_optional_user)]
