"""The one transaction of a use case."""

from libs.contracts import orders as contracts
from libs.database.database import Transaction
from libs.outbox.unit_of_work import SqlUnitOfWork
from order_service.domain.events import DomainEvent
from order_service.notifications.repository import SqlEmails
from order_service.repositories.carts import SqlCarts
from order_service.repositories.event_mapping import contract_of
from order_service.repositories.orders import SqlOrders
from order_service.repositories.payments import SqlPayments, SqlProcessedCallbacks
from order_service.repositories.replicas import SqlUserReplicaStore
from order_service.webhooks.delivery_repository import SqlDeliveries
from order_service.webhooks.repository import SqlWebhooks


class OrderUnitOfWork(SqlUnitOfWork[DomainEvent]):
    orders: SqlOrders
    carts: SqlCarts
    payments: SqlPayments
    seen_messages: SqlProcessedCallbacks
    users: SqlUserReplicaStore
    emails: SqlEmails
    webhooks: SqlWebhooks
    deliveries: SqlDeliveries

    def open_repositories(self, transaction: Transaction) -> None:
        self.payments = SqlPayments(transaction)
        self.orders = SqlOrders(transaction, self.payments)
        self.carts = SqlCarts(transaction)
        self.seen_messages = SqlProcessedCallbacks(transaction)
        self.users = SqlUserReplicaStore(transaction)
        self.emails = SqlEmails(transaction)
        self.webhooks = SqlWebhooks(transaction)
        self.deliveries = SqlDeliveries(transaction)

    def contract(self, fact: DomainEvent) -> contracts.OrderEvent:
        return contract_of(fact)
