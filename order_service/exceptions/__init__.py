"""What order_service says no to, by name."""

from libs.refusals import FieldError, Kind, Refusal, Unavailable


class OrderNotFound(Refusal):
    """There is no such order, or it is someone else's."""

    kind = Kind.NOT_FOUND
    code = "order_not_found"


class OrderExists(Refusal):
    """There is an order of this id already."""

    kind = Kind.CONFLICT
    code = "order_exists"


class OrderBusy(Unavailable):
    """Somebody has locked the order for longer than is waited for it."""

    code = "order_busy"


class ProductNotFound(Refusal):
    """There is no such product."""

    kind = Kind.NOT_FOUND
    code = "product_not_found"


class ProductUnavailable(Refusal):
    """The product is not on sale."""

    kind = Kind.CONFLICT
    code = "product_unavailable"


class CurrencyMismatch(Refusal):
    """One order cannot be in two currencies."""

    kind = Kind.CONFLICT
    code = "currency_mismatch"


class IllegalTransition(Refusal):
    """The order's status does not allow this."""

    kind = Kind.CONFLICT
    code = "illegal_transition"


class OrderInProgress(Refusal):
    """The order is paid and not yet delivered."""

    kind = Kind.CONFLICT
    code = "order_in_progress"


class CatalogUnavailable(Refusal):
    """The catalog does not answer at the moment."""

    kind = Kind.UNAVAILABLE
    code = "catalog_unavailable"


class CartEmpty(Refusal):
    """There is nothing in the cart."""

    kind = Kind.CONFLICT
    code = "cart_empty"


class CartFull(Refusal):
    """The cart cannot take more."""

    kind = Kind.CONFLICT
    code = "cart_full"


class CartLineFull(Refusal):
    """The cart cannot take more of the product."""

    kind = Kind.CONFLICT
    code = "cart_line_full"


class CartLineNotFound(Refusal):
    """The product is not in the cart."""

    kind = Kind.NOT_FOUND
    code = "cart_line_not_found"


class OrderNotPayable(Refusal):
    """The order's status does not allow a payment."""

    kind = Kind.CONFLICT
    code = "order_not_payable"


class PaymentInProgress(Refusal):
    """A payment of the order is under way."""

    kind = Kind.CONFLICT
    code = "payment_in_progress"


class PaymentDeclined(Refusal):
    """The payment was declined."""

    kind = Kind.PAYMENT
    code = "payment_declined"


class PaymentProviderUnavailable(Refusal):
    """The payment provider does not answer at the moment; nothing was charged."""

    kind = Kind.UNAVAILABLE
    code = "payment_provider_unavailable"


class InvalidSignature(Refusal):
    """The message is not signed by the payment provider."""

    kind = Kind.UNAUTHENTICATED
    code = "invalid_signature"


class InvalidLastEventId(Refusal):
    """`Last-Event-ID` is not the id of an event of this stream."""

    kind = Kind.INVALID
    code = "invalid_last_event_id"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, errors=[FieldError("last-event-id", reason)])


class TooManyStreams(Refusal):
    """You are following too many orders at once."""

    kind = Kind.TOO_MANY
    code = "too_many_streams"
