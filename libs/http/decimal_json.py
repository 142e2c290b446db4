"""JSON numbers as the client wrote them. A float would make 19.99 of 19.990000000000000001, and round it in silence."""

import json
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from libs.http.fast.compiled_route import CompiledRoute, Handler

# No field of the shop needs more, and arithmetic on 1e999999999 would never end.
MAX_LENGTH = 40
MAX_EXPONENT = 40


def parse_decimal(numeral: str) -> Decimal:
    number = Decimal(numeral)
    if len(numeral) > MAX_LENGTH or abs(number.adjusted()) > MAX_EXPONENT:
        raise ValueError("a number is out of any range")
    return number


class DecimalJSONRequest(Request):
    async def json(self) -> Any:
        return json.loads(await self.body(), parse_float=parse_decimal)


class DecimalJSONRoute(CompiledRoute):
    """For routers whose bodies carry amounts: `APIRouter(route_class=DecimalJSONRoute)`."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handle_exactly(request: Request) -> Response:
            return await handle(DecimalJSONRequest(request.scope, request.receive))

        return handle_exactly
