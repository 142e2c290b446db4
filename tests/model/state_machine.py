"""Any life of orders, with messages late, doubled and in any order, and processes that die at their commits.

Steps run one after another; what is chosen at random is which, with what, and where a process dies on the way. Two at
once on real databases are the business of the race tests.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from catalog_service.domain.reservation import OrderSnapshot as OrderInCatalog
from catalog_service.domain.stock import Admin
from catalog_service.services.reserve_stock import reserve_stock_for_orders
from libs.errors import DomainError
from libs.process.ids import new_id
from order_service.domain.actor import Actor
from order_service.domain.order import Details
from order_service.domain.status import Status
from order_service.domain.stock_result import Shortage, StockResult
from order_service.services import manage_order
from order_service.services.apply_stock_results import apply_stock_results
from order_service.services.order_timers import expire_unpaid, republish_pending
from order_service.services.pay_order import PayOrder
from order_service.services.place_order import PlaceOrder
from order_service.services.product_pricing import ProductPricing
from order_service.services.reconcile_payments import PaymentReconciler
from order_service.tests.things import HOLD, PlacementIn
from tests.model import invariants
from tests.model import messages as model
from tests.model.crashes import Crash, Mortal, Mortality
from tests.model.factories import PRODUCTS, STOCK, ProductReplica
from tests.model.faults import FaultyProvider
from tests.model.messages import Message, OrderMessage
from tests.model.system import OrderSeen, System

CUSTOMER = Actor(new_id(), "ada", is_admin=False)
ADMIN = Actor(new_id(), "root", is_admin=True)

items = st.dictionaries(st.sampled_from(PRODUCTS), st.integers(1, 4), min_size=1, max_size=2)
which = st.integers(0, 1_000)
# Mostly things go well, or few orders would get anywhere.
deaths = st.one_of(st.none(), st.none(), st.none(), st.tuples(st.integers(0, 2), st.booleans()))
rarely = st.sampled_from([False, False, False, True])
stages = st.integers(1, 4)
MAX_ORDERS = 3
tokens = st.sampled_from(["tok_ok", "tok_ok", "tok_declined"])
answers = st.sampled_from(["yes", "yes", "yes", "away", "lost before", "lost after"])


class Model(RuleBasedStateMachine):
    """Subclasses say in `open_world` what the shop is made of."""

    loop: asyncio.AbstractEventLoop
    reached: set[str]
    """Of all lives together: the statuses of their orders, and of their payments."""

    def open_world(self) -> System:
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.world = self.open_world()
        self.mortality = Mortality()
        self.orders: Any = Mortal(self.world.orders, self.mortality)
        self.catalog: Any = Mortal(self.world.catalog, self.mortality)
        self.pricing = ProductPricing(ProductReplica(), ProductReplica(), ProductReplica())
        self.placing = PlaceOrder(self.orders, self.pricing, PlacementIn(self.orders))
        self.provider = FaultyProvider(self.world.provider)
        self.paying = PayOrder(self.orders, self.provider)
        self.settling = PaymentReconciler(self.orders, self.provider)
        self.under_way: list[Message] = []
        self.order_ids: list[UUID] = []
        self.adjusted = dict.fromkeys(PRODUCTS, 0)
        self.seen: Mapping[UUID, OrderSeen] = {}

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    def attempt(self, work: Awaitable[object], death: tuple[int, bool] | None = None) -> bool:
        """Whether it was done; it may be refused, and the process may die of it."""
        if death is not None:
            self.mortality.arm(death[0], after=death[1])
        try:
            self.run(work)
        except (DomainError, Crash):
            return False
        finally:
            self.mortality.disarm()
            self.under_way += self.run(self.world.told())
        return True

    def order(self, at: int) -> UUID:
        return self.order_ids[at % len(self.order_ids)]

    @initialize(starts=st.lists(st.tuples(items, stages, tokens, answers, rarely), max_size=2))
    def open(self, starts: list[tuple[dict[UUID, int], int, str, str, bool]]) -> None:
        """Some orders have a life behind them. By chance alone hardly any gets to where a refund can go wrong."""
        self.run(self.world.put_on_shelf(STOCK))
        for at, (wanted, steps, token, answer, regretted) in enumerate(starts):
            self.order_with(wanted)
            self.progress(at, steps, token, answer)
            if regretted:
                self.cancel(at, CUSTOMER, None)

    @precondition(lambda self: len(self.order_ids) < MAX_ORDERS)
    @rule(wanted=items, death=deaths)
    def place(self, wanted: dict[UUID, int], death: tuple[int, bool] | None) -> None:
        self.order_with(wanted, death)

    @precondition(lambda self: self.order_ids)
    @rule(at=which, wanted=st.none() | items, comment=st.sampled_from("ab"), death=deaths)
    def amend(self, at: int, wanted: dict[UUID, int] | None, comment: str, death: tuple[int, bool] | None) -> None:
        details: Details = {} if wanted else {"comment": comment}
        work = manage_order.update(
            self.orders,
            self.pricing,
            CUSTOMER,
            self.order(at),
            items=wanted,
            details=details,
            status=None,
            expected=None,
        )
        self.attempt(work, death)

    @precondition(lambda self: self.order_ids)
    @rule(at=which, token=tokens, answer=answers, death=deaths)
    def pay(self, at: int, token: str, answer: str, death: tuple[int, bool] | None) -> None:
        self.provider.next_answer = answer
        self.attempt(self.paying.pay(CUSTOMER, self.order(at), new_id(), "card", token), death)

    @precondition(lambda self: self.order_ids)
    @rule(at=which, by=st.sampled_from([CUSTOMER, ADMIN]), death=deaths)
    def cancel(self, at: int, by: Actor, death: tuple[int, bool] | None) -> None:
        self.attempt(manage_order.cancel(self.orders, by, self.order(at)), death)

    @precondition(lambda self: self.order_ids)
    @rule(at=which, death=deaths)
    def delete(self, at: int, death: tuple[int, bool] | None) -> None:
        self.attempt(manage_order.delete(self.orders, ADMIN, self.order(at), None), death)

    @precondition(lambda self: self.order_ids)
    @rule(at=which, status=st.sampled_from([Status.SHIPPED, Status.DELIVERED]), death=deaths)
    def advance(self, at: int, status: Status, death: tuple[int, bool] | None) -> None:
        self.attempt(self.moved_on(self.order(at), status), death)

    @precondition(lambda self: self.order_ids)
    @rule(at=which, steps=stages, token=tokens, answer=answers)
    def progress(self, at: int, steps: int, token: str, answer: str) -> None:
        self.provider.next_answer = answer
        self.go_well(at, steps, token)
        self.provider.next_answer = "yes"

    @rule(product=st.sampled_from(PRODUCTS), delta=st.integers(-3, 3).filter(bool))
    def adjust(self, product: UUID, delta: int) -> None:
        async def by_hand() -> None:
            async with self.catalog() as work:
                stock = await work.stocks.for_change(product)
                await work.stocks.add_ledger_entry(
                    stock.adjust(delta, "counted", Admin(ADMIN.user_id, "root"), invariants.now())
                )
                await work.stocks.save(stock)

        if self.attempt(by_hand()):
            self.adjusted[product] += delta

    @precondition(lambda self: self.under_way)
    @rule(at=st.lists(which, min_size=1, max_size=5), again=rarely, death=deaths)
    def deliver(self, at: list[int], again: bool, death: tuple[int, bool] | None) -> None:
        """Those of one queue together. Whose consumer dies comes again, whether its effect was committed or not."""
        taken = [self.under_way.pop(each % len(self.under_way)) for each in at if self.under_way]
        batch = [message for message in taken if type(message) is type(taken[0])]
        self.under_way += [message for message in taken if message not in batch]
        if not self.attempt(self.handle(*batch), death) or again:
            self.under_way += batch

    @precondition(lambda self: self.under_way)
    @rule(number=st.integers(1, 8))
    def flow(self, number: int) -> None:
        """Messages arrive as they usually do, and so do those that they cause."""
        self.pass_on(number)

    @precondition(lambda self: self.order_ids)
    @rule(timer=st.sampled_from(["expiry", "republishing", "settlement"]), long=rarely, answer=answers, death=deaths)
    def tick(self, timer: str, long: bool, answer: str, death: tuple[int, bool] | None) -> None:
        if long:
            self.run(self.world.make_payments_old())
        self.run(self.world.make_time_pass())
        self.provider.next_answer = answer
        self.attempt(self.timer(timer), death)

    def order_with(self, wanted: dict[UUID, int], death: tuple[int, bool] | None = None) -> None:
        self.attempt(self.placing.place(CUSTOMER, wanted, {}), death)
        self.order_ids = sorted(self.run(self.world.all_orders()))

    def go_well(self, at: int, steps: int, token: str = "tok_ok") -> None:  # noqa: S107 - not a secret.
        """So many steps of what most orders go through, as long as they are paid for."""
        order_id = self.order(at)
        for _ in range(steps):
            status = self.run(self.world.all_orders())[order_id].status
            if status == Status.PENDING:
                self.pass_on(len(self.under_way) + 1)
            elif status == Status.AWAITING_PAYMENT:
                self.attempt(self.paying.pay(CUSTOMER, order_id, new_id(), "card", token))
            elif status == Status.PAID:
                self.attempt(self.moved_on(order_id, Status.SHIPPED))
            elif status == Status.SHIPPED:
                self.attempt(self.moved_on(order_id, Status.DELIVERED))

    def pass_on(self, number: int) -> None:
        for _ in range(number):
            if self.under_way:
                assert self.attempt(self.handle(self.under_way.pop(0)))

    def moved_on(self, order_id: UUID, status: Status) -> Awaitable[object]:
        return manage_order.update(
            self.orders, self.pricing, ADMIN, order_id, items=None, details={}, status=status, expected=None
        )

    async def handle(self, *messages: Message) -> None:
        news = [message for message in messages if isinstance(message, OrderMessage)]
        if news:
            await reserve_stock_for_orders(self.catalog, *map(_order, news))
        told = [message for message in messages if not isinstance(message, OrderMessage)]
        if told:
            await apply_stock_results(self.orders, HOLD, *map(_answer, told))

    async def timer(self, name: str) -> None:
        timers: dict[str, Callable[[], Awaitable[None]]] = {
            "expiry": lambda: expire_unpaid(self.orders),
            "republishing": lambda: republish_pending(self.orders, HOLD),
            "settlement": self.settling.reconcile_due,
        }
        await timers[name]()

    @invariant()
    def the_books_are_right(self) -> None:
        self.seen = self.run(invariants.assert_invariants(self.world, self.adjusted, self.seen))

    def teardown(self) -> None:
        """Left alone, the shop comes to rest; and there everything agrees."""
        self.provider.next_answer = "yes"
        for _ in range(20):
            while self.under_way:
                message = self.under_way.pop(0)
                assert self.attempt(self.handle(message))
            self.run(self.world.make_time_pass())
            self.attempt(self.timer("settlement"))
            self.attempt(self.timer("republishing"))
            if not self.under_way and self.run(invariants.is_at_rest(self.world)):
                break
        self.the_books_are_right()
        self.run(invariants.assert_agreement(self.world))
        self.reached.update(status for order in self.seen.values() for _, _, status in order.steps)
        self.reached.update(f"payment {status}" for status in self.run(self.world.payments()))


def _order(news: OrderMessage) -> OrderInCatalog:
    return OrderInCatalog(news.order_id, news.version, news.status, dict(news.lines))


def _answer(told: model.StockResultMessage) -> StockResult:
    shortages = tuple(Shortage(each.product_id, each.wanted, each.available) for each in told.shortages)
    return StockResult(told.order_id, told.version, shortages)
