"""Everything that the catalog refuses, by name."""

from libs.errors import DomainError, ErrorKind


class CategoryNotFound(DomainError):
    """There is no such category."""

    kind = ErrorKind.NOT_FOUND
    code = "category_not_found"


class CategoryNameTaken(DomainError):
    """Another category under the same parent has this name."""

    kind = ErrorKind.CONFLICT
    code = "category_name_taken"


class CategoryCycle(DomainError):
    """A category cannot stand below itself."""

    kind = ErrorKind.CONFLICT
    code = "category_cycle"


class CategoryNotEmpty(DomainError):
    """The category still has children or products."""

    kind = ErrorKind.CONFLICT
    code = "category_not_empty"


class SlugTaken(DomainError):
    """The slug is taken."""

    kind = ErrorKind.CONFLICT
    code = "slug_taken"


class SkuTaken(DomainError):
    """Another product has this SKU."""

    kind = ErrorKind.CONFLICT
    code = "sku_taken"


class ProductNotFound(DomainError):
    """There is no such product."""

    kind = ErrorKind.NOT_FOUND
    code = "product_not_found"


class StockTooLow(DomainError):
    """There would be less on hand than is reserved, or less than nothing."""

    kind = ErrorKind.CONFLICT
    code = "stock_too_low"


class StockTooHigh(DomainError):
    """There would be more on hand than the catalog counts."""

    kind = ErrorKind.CONFLICT
    code = "stock_too_high"
