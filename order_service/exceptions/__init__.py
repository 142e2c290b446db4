"""What order_service says no to, by name."""

from libs.refusals import Kind, Refusal


class OrderNotFound(Refusal):
    """There is no such order, or it is someone else's."""

    kind = Kind.NOT_FOUND
    code = "order_not_found"


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
