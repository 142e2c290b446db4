"""Everything that the catalog refuses, by name."""

from libs.refusals import Kind, Refusal


class CategoryNotFound(Refusal):
    """There is no such category."""

    kind = Kind.NOT_FOUND
    code = "category_not_found"


class CategoryNameTaken(Refusal):
    """Another category under the same parent has this name."""

    kind = Kind.CONFLICT
    code = "category_name_taken"


class CategoryCycle(Refusal):
    """A category cannot stand below itself."""

    kind = Kind.CONFLICT
    code = "category_cycle"


class CategoryNotEmpty(Refusal):
    """The category still has children or products."""

    kind = Kind.CONFLICT
    code = "category_not_empty"


class SlugTaken(Refusal):
    """The slug is taken."""

    kind = Kind.CONFLICT
    code = "slug_taken"


class SkuTaken(Refusal):
    """Another product has this SKU."""

    kind = Kind.CONFLICT
    code = "sku_taken"


class ProductNotFound(Refusal):
    """There is no such product."""

    kind = Kind.NOT_FOUND
    code = "product_not_found"


class StockTooLow(Refusal):
    """There would be less on hand than is reserved, or less than nothing."""

    kind = Kind.CONFLICT
    code = "stock_too_low"


class StockTooHigh(Refusal):
    """There would be more on hand than the catalog counts."""

    kind = Kind.CONFLICT
    code = "stock_too_high"
