"""Settings that every process of the shop has. A service adds its own; no secret has a default."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ProcessSettings(BaseSettings):
    """Read from the environment once, when a process starts, and frozen from then on."""

    # A setting that is wrong is named in the log, and what was given stays out of it: it may be a password.
    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    database_url: str = Field(description="postgresql://user:password@host:port/database")
    database_pool_size: int = Field(default=10, ge=1, le=100, description="connections of a pool")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_dir: Path | None = Field(default=None, description="where rotating log files go; none: stdout alone")


class ApiSettings(ProcessSettings):
    """What every HTTP process has beside."""

    cors_origins: list[str] = []
    jwt_issuer: str = "shop-auth"
    jwt_audience: str = "shop"


class RemoteKeysSettings(ApiSettings):
    """What an HTTP process has that verifies tokens with auth_service's published keys."""

    jwks_url: str = Field(description="where auth_service publishes its public keys")


class WorkerSettings(ProcessSettings):
    """What every worker has beside."""

    amqp_url: str = Field(description="amqp://user:password@host:port/vhost")
    rabbitmq_ui_url: str = Field(
        default="", description="RabbitMQ's management, for the same user; none: lost bindings go unnoticed"
    )
