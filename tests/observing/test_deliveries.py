"""How many messages an order costs: each is written to disk on every broker of a cluster, and handled."""

import secrets
from contextlib import aclosing

import pytest

from libs.broker.connection import BrokerAddress
from libs.broker.management import Management
from libs.contracts.topology import EXCHANGES, ORDER_WEBHOOKS, QUEUES
from libs.testing.environment import required
from libs.testing.wait import until
from tests.observing.receiver import Receiver
from tests.observing.shop import PATIENCE, Person, Shop, answer

pytestmark = pytest.mark.xdist_group("observing")

DELIVERIES = ["handle catalog.orders", "handle catalog.orders", "handle order.stock"]


async def test_a_paid_order_costs_three_deliveries(shop: Shop, receiver: Receiver) -> None:
    """Placed, the stock's answer, paid: each message that is delivered to a queue of the shop has a span."""
    ada, admin = await shop.person(), await shop.admin()
    await without_webhooks(shop, admin)
    product = await shop.product(admin)
    # When all of the second has been handled, nothing of the first is still on its way.
    traces = [secrets.token_hex(16) for _ in range(2)]
    for trace in traces:
        caused = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"}
        order = await shop.buy(ada, product, **caused)
        shipped = {"status": "shipped"}
        answer(await admin.client.put(f"{shop.url('order')}/update_order/{order['id']}", json=shipped, headers=caused))
    first, second = traces
    await until(lambda: len(handled(receiver, second)) >= len(DELIVERIES), timeout=PATIENCE, every=0.2)
    assert handled(receiver, first) == DELIVERIES


def handled(receiver: Receiver, trace: str) -> list[str]:
    names = {f"handle {queue.name}" for queue in QUEUES}
    return sorted(span.name for span in receiver.of(trace) if span.name in names)


async def without_webhooks(shop: Shop, admin: Person) -> None:
    """Other tests have left some. Returns when nothing is delivered to their queue."""
    url = shop.url("order")
    for webhook in answer(await admin.client.get(f"{url}/webhooks", params={"limit": 100}))["items"]:
        assert (await admin.client.delete(f"{url}/webhook/{webhook['id']}")).status_code == 204
    async with aclosing(Management(BrokerAddress(shop.amqp_url, required("RABBITMQ_UI_URL")))) as management:

        async def is_unbound() -> bool:
            bound = frozenset().union(*[await management.bindings(exchange) for exchange in EXCHANGES])
            return not [each for each in bound if each.queue == ORDER_WEBHOOKS.name]

        await until(is_unbound, timeout=PATIENCE, every=0.2)
