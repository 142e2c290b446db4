"""What the HTTP process is told by its environment. The worker needs no more than every worker does."""

from pydantic import Field

from libs.process.settings import RemoteKeysSettings


class Settings(RemoteKeysSettings):
    catalog_url: str = Field(description="where catalog_service is, without a path")
