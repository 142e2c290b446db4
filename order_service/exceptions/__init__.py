"""What order_service says no to, by name."""

from libs.errors import DomainError, ErrorKind, FieldError, Unavailable


class OrderNotFound(DomainError):
    """There is no such order, or it is someone else's."""

    kind = ErrorKind.NOT_FOUND
    code = "order_not_found"


class OrderExists(DomainError):
    """There is an order of this id already."""

    kind = ErrorKind.CONFLICT
    code = "order_exists"


class OrderBusy(Unavailable):
    """Somebody has locked the order for longer than is waited for it."""

    code = "order_busy"


class ProductNotFound(DomainError):
    """There is no such product."""

    kind = ErrorKind.NOT_FOUND
    code = "product_not_found"


class ProductUnavailable(DomainError):
    """The product is not on sale."""

    kind = ErrorKind.CONFLICT
    code = "product_unavailable"


class CurrencyMismatch(DomainError):
    """One order cannot be in two currencies."""

    kind = ErrorKind.CONFLICT
    code = "currency_mismatch"


class IllegalTransition(DomainError):
    """The order's status does not allow this."""

    kind = ErrorKind.CONFLICT
    code = "illegal_transition"


class OrderInProgress(DomainError):
    """The order is paid and not yet delivered."""

    kind = ErrorKind.CONFLICT
    code = "order_in_progress"


class CatalogUnavailable(DomainError):
    """The catalog does not answer at the moment."""

    kind = ErrorKind.UNAVAILABLE
    code = "catalog_unavailable"


class CartEmpty(DomainError):
    """There is nothing in the cart."""

    kind = ErrorKind.CONFLICT
    code = "cart_empty"


class CartFull(DomainError):
    """The cart cannot take more."""

    kind = ErrorKind.CONFLICT
    code = "cart_full"


class CartLineFull(DomainError):
    """The cart cannot take more of the product."""

    kind = ErrorKind.CONFLICT
    code = "cart_line_full"


class CartLineNotFound(DomainError):
    """The product is not in the cart."""

    kind = ErrorKind.NOT_FOUND
    code = "cart_line_not_found"


class OrderNotPayable(DomainError):
    """The order's status does not allow a payment."""

    kind = ErrorKind.CONFLICT
    code = "order_not_payable"


class PaymentInProgress(DomainError):
    """A payment of the order is under way."""

    kind = ErrorKind.CONFLICT
    code = "payment_in_progress"


class PaymentDeclined(DomainError):
    """The payment was declined."""

    kind = ErrorKind.PAYMENT
    code = "payment_declined"


class PaymentProviderUnavailable(DomainError):
    """The payment provider does not answer at the moment; nothing was charged."""

    kind = ErrorKind.UNAVAILABLE
    code = "payment_provider_unavailable"


class InvalidSignature(DomainError):
    """The message is not signed by the payment provider."""

    kind = ErrorKind.UNAUTHENTICATED
    code = "invalid_signature"


class InvalidLastEventId(DomainError):
    """`Last-Event-ID` is not the id of an event of this stream."""

    kind = ErrorKind.INVALID
    code = "invalid_last_event_id"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors=[FieldError("last-event-id", reason)])


class TooManyStreams(DomainError):
    """You are following too many orders at once."""

    kind = ErrorKind.TOO_MANY
    code = "too_many_streams"
