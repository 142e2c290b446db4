"""The one transaction of a use case."""

from sqlalchemy.ext.asyncio import AsyncConnection

from libs.contracts import orders as contracts
from libs.messaging.unit_of_work import SqlUnitOfWork
from order_service.domain.facts import Fact
from order_service.repositories.carts import SqlCarts
from order_service.repositories.contracts import contract_of
from order_service.repositories.deliveries import SqlDeliveries
from order_service.repositories.notifications import SqlNotifications
from order_service.repositories.orders import SqlOrders
from order_service.repositories.payments import SqlPayments, SqlSeenMessages
from order_service.repositories.replicas import SqlReplicaOfProducts, SqlReplicaOfUsers
from order_service.repositories.webhooks import SqlWebhooks


class OrderUnitOfWork(SqlUnitOfWork[Fact]):
    orders: SqlOrders
    carts: SqlCarts
    payments: SqlPayments
    seen_messages: SqlSeenMessages
    products: SqlReplicaOfProducts
    users: SqlReplicaOfUsers
    notifications: SqlNotifications
    webhooks: SqlWebhooks
    deliveries: SqlDeliveries

    def open_repositories(self, connection: AsyncConnection) -> None:
        self.payments = SqlPayments(connection)
        self.orders = SqlOrders(connection, self.payments)
        self.carts = SqlCarts(connection)
        self.seen_messages = SqlSeenMessages(connection)
        self.products = SqlReplicaOfProducts(connection)
        self.users = SqlReplicaOfUsers(connection)
        self.notifications = SqlNotifications(connection)
        self.webhooks = SqlWebhooks(connection)
        self.deliveries = SqlDeliveries(connection)

    def contract(self, fact: Fact) -> contracts.OrderEvent:
        return contract_of(fact)
