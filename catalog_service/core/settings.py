"""What the HTTP process is told by its environment, beside what all are told."""

from pydantic import Field

from libs.process.settings import RemoteKeysSettings


class Settings(RemoteKeysSettings):
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$", description="of the prices of new products")
    product_cache_size: int = Field(
        default=1000, ge=0, le=100_000, description="products that are answered from memory; 0: none"
    )
